"""Configuration from the environment and from ``.env``. Names are v2.0's where v2.0 had one."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from balcao.domain.errors import InvalidConfiguration

_URL_SCHEMES = ("postgresql", "postgres")
_PROBLEMS = {
    "int_parsing": "precisa ser um número inteiro",
    "int_from_float": "precisa ser um número inteiro",
    "float_parsing": "precisa ser um número",
    "bool_parsing": "precisa ser true ou false",
    "greater_than": "precisa ser maior que {gt}",
    "greater_than_equal": "precisa ser no mínimo {ge}",
    "less_than_equal": "precisa ser no máximo {le}",
}


class Settings(BaseSettings):
    """Every setting with its default; docs/configuracao.md explains each. Instantiated by ``load_settings`` only."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    balcao_data_dir: Path = Path(".balcao")
    database_url: SecretStr | None = None
    database_admin_url: SecretStr | None = None
    database_ingest_url: SecretStr | None = None
    database_operator_url: SecretStr | None = None

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    openai_embedding_model: str = "text-embedding-3-small"
    openai_max_tokens: int = Field(default=1000, ge=1, le=100_000)
    openai_temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    openai_timeout_seconds: float = Field(default=60.0, gt=0, le=600)
    openai_context_tokens: int = Field(default=6000, ge=500, le=1_000_000)

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: str = "INFO"
    debug: bool = False

    chunk_size: int = Field(default=500, ge=50, le=8000)
    chunk_overlap: int = Field(default=50, ge=0)
    use_contextual_retrieval: bool = True
    default_search_results: int = Field(default=5, ge=1, le=100)
    similarity_threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    max_messages_per_session: int = Field(default=100, ge=1)
    max_daily_messages: int = Field(default=50, ge=1)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip(' "[]') for part in value.split(",") if part.strip(' "[]'))
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        level = value.upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ValueError("use DEBUG, INFO, WARNING, ERROR ou CRITICAL")
        return level

    @field_validator("database_url", "database_admin_url", "database_ingest_url", "database_operator_url")
    @classmethod
    def _postgresql_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in _URL_SCHEMES:
            raise ValueError("use um endereço postgresql://usuario:senha@servidor/banco")
        return value

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError("CHUNK_OVERLAP precisa ser menor que CHUNK_SIZE")
        return self


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        InvalidConfiguration: a value is not acceptable; the message names the setting, never its value.
    """
    try:
        return Settings()
    except UnicodeDecodeError as error:
        raise InvalidConfiguration("O arquivo .env não está em UTF-8; grave-o de novo nessa codificação.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']).upper() or 'configuração'}: {_problem(item)}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise InvalidConfiguration(
            f"Configuração inválida ({problems}). Corrija o ambiente ou o arquivo .env."
        ) from None


def _problem(item: ErrorDetails) -> str:
    """What is wrong with a value, in Portuguese where pydantic's own kind of error is known."""
    told = _PROBLEMS.get(item["type"])
    return told.format(**item.get("ctx", {})) if told else item["msg"].removeprefix("Value error, ")
