"""What people and programs prove themselves with: e-mails, passwords, secrets, and how often they may be tried."""

import hashlib
import ipaddress
import math
import re
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta

from balcao.domain.errors import InvalidInput, WeakPassword
from balcao.domain.text import require_storable

SHORTEST_PASSWORD = 12
"""Characters of a password (NIST SP 800-63B-4, section 3.1.1.2, asks for 15 alone, 8 with a second factor)."""
LONGEST_PASSWORD = 128
_LONGEST_TYPED = 1024
_SHORTEST_NAME = 4

LONGEST_EMAIL = 254
"""Characters of an address that mail can be sent to (RFC 5321, section 4.5.3.1.3, without its angle brackets)."""
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]+")

ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_WINDOW = 10
"""Failed passwords for an account, for a device and for an address in one ATTEMPT_WINDOW."""

API_KEY_MARK = "blc_"
API_KEY_PREFIX = 12
"""Characters of an API key that may be shown: the mark and 8 of its 43."""


def normal_email(text: str, *, param: str = "email") -> str:
    """The e-mail in the form that is kept and looked up: lower case, without surrounding space.

    Only ASCII passes, so that Python's and PostgreSQL's lower case agree, and no two accounts look alike.

    Raises:
        InvalidInput: it is no e-mail.
    """
    email = text.strip()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise InvalidInput("Este e-mail não é válido; confira se está como em nome@exemplo.gov.br.", param=param)
    return email.lower()


def normal_password(typed: str, *, param: str = "password") -> str:
    """The password with its accents composed (Unicode NFC), so that every keyboard produces the same.

    Raises:
        InvalidText: it holds NUL or a lone surrogate.
        InvalidInput: it is far longer than any password.
    """
    if len(typed) > _LONGEST_TYPED:
        raise InvalidInput(f"A senha passa de {LONGEST_PASSWORD} caracteres; confira.", param=param)
    require_storable(typed, param=param)
    return unicodedata.normalize("NFC", typed)


def check_password(typed: str, email: str, *, param: str = "password") -> str:
    """A password fit to be kept, in its normal form.

    Raises:
        WeakPassword: it is too short, too long, or holds the part of the e-mail before the @ (when that has 4
            characters or more).
        InvalidInput, InvalidText: it is no text for a password.
    """
    password = normal_password(typed, param=param)
    name = email.partition("@")[0].casefold()
    holds_name = len(name) >= _SHORTEST_NAME and name in password.casefold()
    if holds_name or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(param=param)
    return password


def new_secret(mark: str = "") -> str:
    """A secret that nobody guesses: 32 random bytes as 43 letters, digits, - and _, behind a mark."""
    return mark + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """SHA-256 of a secret, or of whom a count is about: what may be kept of it.

    A fast hash is enough for secrets of 256 random bits; passwords never come here.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def address_subject(address: str) -> bytes:
    """Digest of whom a network address stands for: an IPv6 subscriber holds a whole /64 (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return digest(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return digest(str(mapped or ipaddress.ip_network((parsed.packed, 64), strict=False)))
    return digest(str(parsed))


def attempt_window(now: datetime) -> datetime:
    """First instant of the window that an attempt counts in."""
    seconds = ATTEMPT_WINDOW.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


def seconds_to_next_window(now: datetime) -> int:
    """Whole seconds until attempts are counted afresh, at least 1."""
    left = attempt_window(now) + ATTEMPT_WINDOW - now
    return max(1, math.ceil(left.total_seconds()))
