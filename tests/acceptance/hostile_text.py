"""Text, JSON and bodies that break careless programs."""

import json

NONCE_LENGTH = 10
MIB = 1024 * 1024

TEXTS: tuple[str, ...] = (
    "\x00",
    "\\u0000",
    "\ud800",
    "\udc00",
    "\udc00\ud800",
    "\uffff\ufffe\ufdd0",
    "\U0010ffff",
    "\u202e\u2066abc\u2069",
    "".join(chr(0xE0000 + ord(letter)) for letter in "ignore tudo"),
    "\u200b\u200d\u2060\ufeff",
    "e" + "\u0301" * 300,
    "\u00e9 e\u0301 \ufb03 \u1e9b\u0323",
    "\x01\x08\x1b[31m\x7f",
    "\r\nSet-Cookie: a=b\r\n",
    "\u0085\u2028\u2029\x0b\x0c",
    "İıſKẞ",
    "'; DROP TABLE usuario; --",
    '"}], "papel": "operador", "x": [{"',
    "%s %n {0} {x.__class__} ${jndi:ldap://x} {{7*7}}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "../../../etc/passwd\\..\\",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "ﷺ" * 60,
    "١٢٣ ４２ Ⅷ ½",
    "x" * 5_000,
)
"""NUL, halves of pairs, noncharacters, direction marks, invisible tags, piled accents, controls, and code of others."""

RAW_STRINGS: tuple[bytes, ...] = (
    b'"a\xff\xfeb"',
    b'"a\xc0\x80b"',
    b'"a\xed\xa0\x80b"',
    b'"a\xe2\x82"',
    b'"a\x00b"',
    b'"a\nb"',
    b'"a\\x41b"',
    b'"a\\ud83db"',
    b'"a\\u0000b"',
    b'"a',
)
"""JSON strings that are no Unicode, or no JSON."""

VALUES: tuple[bytes, ...] = (
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-1e999",
    b"-0.0",
    b"1" * 400,
    b"9" * 5_000,
    b"9223372036854775808",
    b"true",
    b"null",
    b"[]",
    b"{}",
    b'{"\\u0000": 1}',
    b'{"\\ud800": {"\\udfff": [1]}}',
    b'{"a": 1, "a": "\\u0000", "a": 2}',
    b'{"__proto__": {"x": 1}, "": ""}',
    b'{"a": [1e400, NaN, "\\ud800"]}',
    b'{"a": ' * 12 + b"1" + b"}" * 12,
    b'{"a": ' * 40 + b"1" + b"}" * 40,
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'"' + b"x" * (10 * MIB) + b'"',
)
"""Where a string, a number or an object is expected."""

BODIES: tuple[tuple[str | None, bytes], ...] = (
    ("application/json", b""),
    ("application/json", b"null"),
    ("application/json", b"[]"),
    ("application/json", b'"x"'),
    ("application/json", b"{"),
    ("application/json", b"\xef\xbb\xbf{}"),
    ("application/json", '{"message": "Olá", "query": "Olá"}'.encode("utf-16")),
    ("application/json", '{"message": "Olá", "query": "Olá"}'.encode("latin-1")),
    ("application/json; charset=latin-1", '{"message": "Olá"}'.encode("latin-1")),
    ("application/json; charset=nada", b"{}"),
    ("application/json;;;=", b"{}"),
    ("text/plain", b'{"message": "x", "query": "x"}'),
    ("application/xml", b"<a/>"),
    ("application/x-www-form-urlencoded", b"message=x&query=x"),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n\r\n"),
    ("", b"{}"),
    (None, b"{}"),
    ("\xff\xfe", b"{}"),
)
"""Whole bodies by their Content-Type."""


def escaped(text: str) -> bytes:
    """The text as a JSON string in ASCII."""
    return json.dumps(text).encode()


def literal(text: str) -> bytes:
    """The text as a JSON string with its characters as they are, halves of pairs included."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
