"""Configuration: v2.0's names, and clear sentences that never repeat a value."""

from pathlib import Path

import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.settings import load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("API_PORT", "oitenta", "API_PORT: precisa ser um número inteiro"),
        ("API_PORT", "70000", "API_PORT: precisa ser no máximo 65535"),
        ("CHUNK_SIZE", "2", "CHUNK_SIZE: precisa ser no mínimo 50"),
        ("OPENAI_TEMPERATURE", "quente", "OPENAI_TEMPERATURE: precisa ser um número"),
        ("OPENAI_TIMEOUT_SECONDS", "0", "OPENAI_TIMEOUT_SECONDS: precisa ser maior que 0"),
        ("DEBUG", "talvez", "DEBUG: precisa ser true ou false"),
        ("LOG_LEVEL", "alto", "LOG_LEVEL: use DEBUG, INFO, WARNING, ERROR ou CRITICAL"),
        ("DATABASE_URL", "mysql://ana:segredo@servidor/banco", "DATABASE_URL: use um endereço postgresql://"),
        ("CHUNK_OVERLAP", "500", "CHUNK_OVERLAP precisa ser menor que CHUNK_SIZE"),
    ],
)
def test_a_wrong_value_is_named_in_portuguese_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfiguration) as caught:
        load_settings()
    assert sentence in caught.value.message
    assert "segredo" not in caught.value.message
    assert "Value error" not in caught.value.message


def test_v2s_names_are_read_from_the_environment_and_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("OPENAI_MODEL=gpt-de-teste\nCHUNK_SIZE=300\nREDIS_HOST=ignorado\n", encoding="utf-8")
    monkeypatch.setenv("CHUNK_SIZE", "400")
    monkeypatch.setenv("CORS_ORIGINS", '["https://a.exemplo", "https://b.exemplo"]')
    settings = load_settings()
    assert (settings.openai_model, settings.chunk_size) == ("gpt-de-teste", 400)
    assert settings.cors_origins == ("https://a.exemplo", "https://b.exemplo")
