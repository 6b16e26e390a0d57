"""Configuration from the environment and from ``.env``. Names are v2.0's where v2.0 had one."""

import base64
import re
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.addresses import OPENID_CONFIGURATION, is_secure_url
from balcao.infrastructure.external.smtp import SmtpSecurity

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
"""As browsers send it: in lower case, without a path; never ``null``, which any sandboxed page may claim to be."""
_STORAGE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?|file:///.+")
"""Bucket names as Amazon S3 allows them (User Guide, "General purpose bucket naming rules")."""
_EMAIL = re.compile(r"[!-~]+@[a-zA-Z0-9.-]+")
_KEY_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""A key as Standard Webhooks writes and bounds it."""
_URL_SCHEMES = ("postgresql", "postgres")
_PROBLEMS = {
    "int_parsing": "precisa ser um número inteiro",
    "int_from_float": "precisa ser um número inteiro",
    "float_parsing": "precisa ser um número",
    "bool_parsing": "precisa ser true ou false",
    "decimal_parsing": "precisa ser um número, com ponto nos decimais",
    "decimal_max_places": "precisa ter no máximo {decimal_places} casas decimais",
    "finite_number": "precisa ser um número",
    "greater_than": "precisa ser maior que {gt}",
    "greater_than_equal": "precisa ser no mínimo {ge}",
    "less_than_equal": "precisa ser no máximo {le}",
}


class Settings(BaseSettings):
    """Every setting with its default; docs/configuracao.md explains each. Instantiated by ``load_settings`` only."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    balcao_data_dir: Path = Path(".balcao")
    balcao_secret_key: SecretStr | None = Field(default=None, min_length=32)
    database_url: SecretStr | None = None
    database_admin_url: SecretStr | None = None
    database_ingest_url: SecretStr | None = None
    database_operator_url: SecretStr | None = None
    database_transaction_pooler: bool = False

    storage_url: str | None = None
    storage_endpoint: str | None = None
    storage_region: str | None = None
    storage_timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    storage_direct_access: bool = True
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    max_upload_bytes: int = Field(default=300 * 1024 * 1024, ge=1024, le=5 * 1024**3)
    upload_body_seconds: float = Field(default=3600.0, gt=0, le=24 * 3600)
    anonymous_originals_per_address: int = Field(default=2000, ge=1)

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    openai_embedding_model: str = "text-embedding-3-small"
    openai_max_tokens: int = Field(default=1000, ge=1, le=100_000)
    openai_temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    openai_timeout_seconds: float = Field(default=60.0, gt=0, le=600)
    openai_context_tokens: int = Field(default=6000, ge=500, le=1_000_000)

    oidc_discovery_url: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = Field(default="outro provedor", max_length=60)

    price_table_file: Path | None = None
    usd_brl_rate: Decimal = Field(default=Decimal("4.8999"), gt=0, le=1000, decimal_places=6)

    alert_email_to: Annotated[tuple[str, ...], NoDecode] = ()
    alert_webhook_url: str | None = None
    alert_webhook_secret: SecretStr | None = None
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: SmtpSecurity = SmtpSecurity.STARTTLS
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None

    audit_head_file: Path | None = None
    audit_head_email_to: Annotated[tuple[str, ...], NoDecode] = ()
    audit_head_webhook: bool = False

    public_url: str | None = None
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, le=1024**3)
    request_head_seconds: float = Field(default=10.0, gt=0, le=600)
    request_body_seconds: float = Field(default=20.0, gt=0, le=600)
    max_connections: int = Field(default=800, ge=1, le=100_000)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    log_level: str = "INFO"
    debug: bool = False

    chunk_size: int = Field(default=500, ge=50, le=8000)
    chunk_overlap: int = Field(default=50, ge=0)
    use_contextual_retrieval: bool = True
    default_search_results: int = Field(default=5, ge=1, le=100)
    rerank_by_model: bool = False
    similarity_threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    max_messages_per_session: int = Field(default=100, ge=1)
    max_daily_messages: int = Field(default=50, ge=1)
    anonymous_daily_per_address: int = Field(default=500, ge=1)

    @field_validator("cors_origins", "alert_email_to", "audit_head_email_to", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip(' "[]') for part in value.split(",") if part.strip(' "[]'))
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(origin != "*" and not _ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("use https://site.exemplo (sem barra no fim), separados por vírgula, ou *")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(
                ip_network(part.strip(' "[]'), strict=False) for part in value.split(",") if part.strip(' "[]')
            )
        except ValueError as error:
            raise ValueError("use endereços ou faixas separados por vírgula, como 10.0.0.0/8,127.0.0.1") from error

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        level = value.upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ValueError("use DEBUG, INFO, WARNING, ERROR ou CRITICAL")
        return level

    @field_validator("public_url")
    @classmethod
    def _own_address(cls, value: str | None) -> str | None:
        if value is not None and not (_ORIGIN.fullmatch(value) and is_secure_url(value)):
            raise ValueError("use https://balcao.exemplo.gov.br, sem barra no fim; http serve só para esta máquina")
        return value

    @field_validator("oidc_discovery_url")
    @classmethod
    def _discovery_address(cls, value: str | None) -> str | None:
        if value is not None and not (value.endswith(OPENID_CONFIGURATION) and is_secure_url(value)):
            raise ValueError(f"use https://provedor.exemplo{OPENID_CONFIGURATION}; http serve só para esta máquina")
        return value

    @field_validator("database_url", "database_admin_url", "database_ingest_url", "database_operator_url")
    @classmethod
    def _postgresql_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _scheme_of(value.get_secret_value()) not in _URL_SCHEMES:
            raise ValueError("use um endereço postgresql://usuario:senha@servidor/banco")
        return value

    @field_validator("storage_url")
    @classmethod
    def _storage_address(cls, value: str | None) -> str | None:
        if value is not None and not _STORAGE.fullmatch(value):
            raise ValueError("use s3://bucket/prefixo ou file:///pasta")
        return value

    @field_validator("storage_endpoint")
    @classmethod
    def _secure_endpoint(cls, value: str | None) -> str | None:
        if value is not None and not is_secure_url(value):
            raise ValueError("use https://...; http serve só para esta máquina")
        return value

    @model_validator(mode="after")
    def _storage_keys_are_whole(self) -> Self:
        if (self.aws_access_key_id is None) != (self.aws_secret_access_key is None):
            raise ValueError("informe AWS_ACCESS_KEY_ID e AWS_SECRET_ACCESS_KEY juntos")
        return self

    @field_validator("alert_email_to", "audit_head_email_to", "smtp_from")
    @classmethod
    def _are_emails(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        addresses = (value,) if isinstance(value, str) else value or ()
        if not all(_EMAIL.fullmatch(address) for address in addresses):
            raise ValueError("use endereços como avisos@prefeitura.exemplo")
        return value

    @field_validator("smtp_security", mode="before")
    @classmethod
    def _known_security(cls, value: object) -> object:
        if value not in tuple(SmtpSecurity):
            raise ValueError("use starttls, tls ou nenhuma")
        return value

    @field_validator("alert_webhook_url")
    @classmethod
    def _webhook_address(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith("https://") and is_secure_url(value)):
            raise ValueError("use um endereço https, sem usuário e senha nele")
        return value

    @field_validator("alert_webhook_secret")
    @classmethod
    def _webhook_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(signing_key(value)) not in _KEY_BYTES:
            raise ValueError('use "whsec_" seguido de 24 a 64 bytes em Base64')
        return value

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> Self:
        if (self.alert_webhook_url is None) != (self.alert_webhook_secret is None):
            raise ValueError("informe ALERT_WEBHOOK_URL e ALERT_WEBHOOK_SECRET juntos")
        return self

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if (self.smtp_host is None) != (self.smtp_from is None):
            raise ValueError("informe SMTP_HOST e SMTP_FROM juntos")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("informe SMTP_USER e SMTP_PASSWORD juntos")
        if self.smtp_user is not None and self.smtp_security is SmtpSecurity.NONE:
            raise ValueError("com SMTP_SECURITY=nenhuma a senha iria sem segredo: use starttls ou tls")
        return self

    @model_validator(mode="after")
    def _heads_can_be_sent(self) -> Self:
        if self.audit_head_email_to and self.smtp_host is None:
            raise ValueError("com AUDIT_HEAD_EMAIL_TO, informe também SMTP_HOST e SMTP_FROM")
        if self.audit_head_webhook and self.alert_webhook_url is None:
            raise ValueError("com AUDIT_HEAD_WEBHOOK, informe também ALERT_WEBHOOK_URL e ALERT_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        own = (self.oidc_discovery_url, self.oidc_client_id, self.oidc_client_secret)
        if any(own) and not all((*own, self.public_url)):
            raise ValueError("informe OIDC_DISCOVERY_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET e PUBLIC_URL juntos")
        return self

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError("CHUNK_OVERLAP precisa ser menor que CHUNK_SIZE")
        return self


def signing_key(secret: SecretStr) -> bytes:
    """The bytes of a webhook's key; none where it is not written as one."""
    written = secret.get_secret_value()
    try:
        return (
            base64.b64decode(written.removeprefix(_KEY_PREFIX), validate=True)
            if written.startswith(_KEY_PREFIX)
            else b""
        )
    except ValueError:
        return b""


def _scheme_of(url: str) -> str | None:
    """None when it is no address; the library's own words for that may quote the password."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return None


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
