"""Which settings of prices, e-mail and webhook are accepted."""

import base64
from decimal import Decimal
from pathlib import Path

import pytest

from balcao.domain.alerts import Channel
from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.external.smtp import SmtpSecurity
from balcao.infrastructure.settings import Settings, load_settings, signing_key
from balcao.interface.dependencies.consumption import alert_channels, mailer_of, webhook_of
from tests.fakes import FakeClock

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
COMPLETE = {
    "ALERT_EMAIL_TO": "ana@exemplo.org, bia@exemplo.org",
    "ALERT_WEBHOOK_URL": "https://avisos.exemplo.org/balcao",
    "ALERT_WEBHOOK_SECRET": SECRET,
    "SMTP_HOST": "correio.exemplo.org",
    "SMTP_FROM": "balcao@exemplo.org",
    "SMTP_USER": "balcao",
    "SMTP_PASSWORD": "senha-do-correio",
    "USD_BRL_RATE": "5.25",
}


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, values: dict[str, str]) -> Settings:
    monkeypatch.chdir(folder)
    for name in COMPLETE:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_a_complete_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch, tmp_path, COMPLETE)
    assert settings.alert_email_to == ("ana@exemplo.org", "bia@exemplo.org")
    assert (settings.smtp_port, settings.smtp_security) == (587, SmtpSecurity.STARTTLS)
    assert settings.usd_brl_rate == Decimal("5.25")
    assert settings.alert_webhook_secret is not None
    assert signing_key(settings.alert_webhook_secret) == b"k" * 32
    assert alert_channels(settings) == (Channel.EMAIL, Channel.WEBHOOK)
    assert mailer_of(settings) is not None
    assert webhook_of(settings, FakeClock()) is not None


def test_without_configuration_alerts_are_only_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch, tmp_path, {})
    assert alert_channels(settings) == ()
    assert mailer_of(settings) is None
    assert webhook_of(settings, FakeClock()) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_EMAIL_TO", "ana"),
        ("ALERT_EMAIL_TO", "ana@exemplo.org\nBcc: x@exemplo.org"),
        ("ALERT_WEBHOOK_URL", "http://avisos.exemplo.org/"),
        ("ALERT_WEBHOOK_URL", "http://127.0.0.1/"),
        ("ALERT_WEBHOOK_URL", "https://ana:senha@avisos.exemplo.org/"),
        ("ALERT_WEBHOOK_SECRET", "senha-qualquer"),
        ("ALERT_WEBHOOK_SECRET", "whsec_c2VuaGE="),
        ("ALERT_WEBHOOK_SECRET", "whsec_não é"),
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_FROM", "balcao"),
        ("USD_BRL_RATE", "0"),
        ("USD_BRL_RATE", "cinco"),
        ("USD_BRL_RATE", "NaN"),
        ("USD_BRL_RATE", "5.1234567"),
    ],
)
def test_an_impossible_value_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidConfiguration, match=name) as raised:
        load(monkeypatch, tmp_path, COMPLETE | {name: value})
    assert "senha-qualquer" not in raised.value.message
    assert "Input should" not in raised.value.message


@pytest.mark.parametrize(
    "missing", ["ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "SMTP_HOST", "SMTP_FROM", "SMTP_USER", "SMTP_PASSWORD"]
)
def test_half_a_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    values = {name: value for name, value in COMPLETE.items() if name != missing}
    with pytest.raises(InvalidConfiguration, match="juntos"):
        load(monkeypatch, tmp_path, values)


def test_no_password_goes_in_the_clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="starttls ou tls"):
        load(monkeypatch, tmp_path, COMPLETE | {"SMTP_SECURITY": "nenhuma"})
