"""Settings of identity: refused where they would not protect, and never repeated in the message."""

from ipaddress import ip_network

import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.settings import load_settings


def test_networks_and_secret_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.1.2.3/8, 127.0.0.1,2001:db8::/32")
    monkeypatch.setenv("BALCAO_SECRET_KEY", "k" * 32)
    settings = load_settings()
    assert settings.trusted_proxies == tuple(map(ip_network, ("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32")))
    assert settings.balcao_secret_key is not None
    assert "k" * 32 not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"), [("BALCAO_SECRET_KEY", "curto demais"), ("TRUSTED_PROXIES", "um proxy qualquer")]
)
def test_an_unusable_one_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfiguration, match=name) as refused:
        load_settings()
    assert value not in refused.value.message
