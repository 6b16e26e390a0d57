"""Passwords, e-mails and whom an attempt is counted for."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from balcao.domain.credentials import (
    ATTEMPT_WINDOW,
    address_subject,
    attempt_window,
    check_password,
    new_secret,
    normal_email,
    normal_password,
    seconds_to_next_window,
)
from balcao.domain.errors import InvalidInput, InvalidText, WeakPassword
from balcao.domain.usuario import check_nome

EMAIL = "maria.souza@exemplo.gov.br"


@pytest.mark.parametrize("password", ["doze letras!", "x" * 128, "çãéíõü ☕ 123", "contém souza, não o resto"])
def test_a_fit_password(password: str) -> None:
    assert check_password(password, EMAIL) == unicodedata.normalize("NFC", password)


@pytest.mark.parametrize(
    "password", ["onze letras", "x" * 129, "", "sou a MARIA.SOUZA de novo", unicodedata.normalize("NFD", "é" * 11)]
)
def test_an_unfit_password(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, EMAIL)


def test_a_short_name_before_the_at_forbids_nothing() -> None:
    assert check_password("todas as bananas", "ana@exemplo.org") == "todas as bananas"


def test_both_ways_of_typing_an_accent_are_one_password() -> None:
    composed = "ação rápida já"
    assert normal_password(unicodedata.normalize("NFD", composed)) == composed


@pytest.mark.parametrize(
    ("password", "error"), [("a\x00b" * 5, InvalidText), ("\ud800" * 12, InvalidText), ("x" * 1025, InvalidInput)]
)
def test_what_is_no_text_for_a_password(password: str, error: type[InvalidInput]) -> None:
    with pytest.raises(error):
        normal_password(password)


@pytest.mark.parametrize("email", [" Ana@Exemplo.ORG ", "ANA@exemplo.org"])
def test_an_email_is_kept_in_one_form(email: str) -> None:
    assert normal_email(email) == "ana@exemplo.org"


@pytest.mark.parametrize(
    "email",
    ["", "ana", "@exemplo.org", "ana@", "a@b@c", "a na@b.c", "ana@b.c\x00", "a\nb@c.d", "ana@exemplo.org\r\nBcc: x",
     "josé@exemplo.org", "\u212aarl@exemplo.org", "a@" + "b" * 253, "a" * 65 + "@b.c", "\ud800@b.c"],
)  # fmt: skip
def test_what_is_no_email(email: str) -> None:
    with pytest.raises(InvalidInput):
        normal_email(email)


@pytest.mark.parametrize("nome", ["", "  ", "a\nb", "a\x00b", "x" * 201, "a\u202eb"])
def test_what_is_no_name(nome: str) -> None:
    with pytest.raises(InvalidInput):
        check_nome(nome)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("testclient", "outro", False),
    ],
)
def test_an_address_stands_for_its_subscriber(one: str, other: str, same: bool) -> None:
    assert (address_subject(one) == address_subject(other)) is same


def test_windows_follow_one_another() -> None:
    now = datetime(2026, 3, 10, 15, 14, 59, 500_000, tzinfo=UTC)
    start = attempt_window(now)
    assert start == datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
    assert seconds_to_next_window(now) == 1
    assert seconds_to_next_window(start) == 900
    assert attempt_window(now + timedelta(seconds=1)) == start + ATTEMPT_WINDOW


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret("blc_") for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {47}
