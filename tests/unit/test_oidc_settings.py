"""Which settings of a login provider are accepted."""

from pathlib import Path

import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.settings import Settings, load_settings

DISCOVERY = "/.well-known/openid-configuration"
COMPLETE = {
    "OIDC_DISCOVERY_URL": "https://provedor.example/.well-known/openid-configuration",
    "OIDC_CLIENT_ID": "balcao",
    "OIDC_CLIENT_SECRET": "segredo",
    "PUBLIC_URL": "https://balcao.example",
}


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, values: dict[str, str]) -> Settings:
    monkeypatch.chdir(folder)
    for name in COMPLETE:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_DISCOVERY_URL", "http://provedor.example/.well-known/openid-configuration"),
        ("OIDC_DISCOVERY_URL", "http://127.0.0.1.provedor.example/.well-known/openid-configuration"),
        ("OIDC_DISCOVERY_URL", "https://provedor.example/"),
        ("OIDC_DISCOVERY_URL", "https://[::1/.well-known/openid-configuration"),
        ("PUBLIC_URL", "http://balcao.example"),
        ("PUBLIC_URL", "https://balcao.example/"),
        ("PUBLIC_URL", "balcao.example"),
    ],
)
def test_an_address_that_is_not_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    assert load(monkeypatch, tmp_path, COMPLETE).oidc_client_id == "balcao"
    with pytest.raises(InvalidConfiguration, match=name):
        load(monkeypatch, tmp_path, COMPLETE | {name: value})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"])
def test_an_address_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    discovery = f"{url}/realms/balcao{DISCOVERY}"
    settings = load(monkeypatch, tmp_path, COMPLETE | {"PUBLIC_URL": url, "OIDC_DISCOVERY_URL": discovery})
    assert (settings.public_url, settings.oidc_discovery_url) == (url, discovery)


@pytest.mark.parametrize("missing", COMPLETE)
def test_half_a_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    values = {name: value for name, value in COMPLETE.items() if name != missing}
    with pytest.raises(InvalidConfiguration, match="juntos") as raised:
        load(monkeypatch, tmp_path, values)
    assert "segredo" not in raised.value.message
