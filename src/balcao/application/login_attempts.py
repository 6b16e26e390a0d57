"""How many passwords may be tried, so that a stranger's guesses are few and lock nobody out.

Attempts from an unknown device share one budget for each account and one for each address. A device that logged in
holds a signed cookie and has a budget of its own, which a stranger cannot exhaust (OWASP, "Slow Down Online Guessing
Attacks with Device Cookies").
"""

from dataclasses import dataclass
from datetime import datetime

from balcao.application.ports import TokenSigner
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.credentials import (
    ATTEMPTS_PER_WINDOW,
    address_subject,
    attempt_window,
    digest,
    new_secret,
)

_DEVICE = "dispositivo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One login attempt: the counters it is counted in, by scope and subject."""

    window: datetime
    counters: tuple[tuple[str, bytes], ...]


class LoginAttempts:
    """Counts login attempts, and knows the devices that succeeded before."""

    def __init__(self, signer: TokenSigner) -> None:
        self._signer = signer

    def attempt(self, email: str, address: str, device_cookie: str | None, now: datetime) -> Attempt:
        """How an attempt to enter this account from here is counted."""
        device = self._device(email, device_cookie)
        counters = (
            (("login-dispositivo", digest(device)),)
            if device
            else (("login-endereco", address_subject(address)), ("login-conta", digest(email)))
        )
        return Attempt(window=attempt_window(now), counters=counters)

    async def take(self, work: UnitOfWork, attempt: Attempt) -> bool:
        """Count the attempt before its password is looked at; False when a budget is spent."""
        for scope, subject in attempt.counters:
            if not await work.counters.take(scope, subject, attempt.window, limit=ATTEMPTS_PER_WINDOW):
                return False
        return True

    async def give_back(self, work: UnitOfWork, attempt: Attempt) -> None:
        """Forget an attempt that succeeded: a whole city hall may log in from one address in the morning."""
        for scope, subject in attempt.counters:
            await work.counters.give_back(scope, subject, attempt.window)

    def device_cookie(self, email: str) -> str:
        """A cookie for the device that just logged in to this account."""
        return self._signer.cookie(_DEVICE, f"{digest(email).hex()}.{new_secret()}")

    def _device(self, email: str, cookie: str | None) -> str | None:
        value = self._signer.read_cookie(_DEVICE, cookie) if cookie else None
        account, _, device = (value or "").partition(".")
        return device if account == digest(email).hex() else None
