"""Bodies of requests and responses about people, prefeituras, keys and conversations."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from balcao.application.login_tokens import TokenPair
from balcao.application.use_cases.manage_api_keys import CreatedApiKey
from balcao.application.use_cases.manage_usuarios import Invited
from balcao.application.use_cases.read_profile import Profile
from balcao.domain.chat import ChatSession, Message, MessageRole
from balcao.domain.identity import ApiKey
from balcao.domain.prefeitura import DEFAULT_TOKEN_QUOTA, Prefeitura
from balcao.domain.usuario import Papel, Usuario
from balcao.interface.api.schemas import SourceView

_SLUG = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
SlugQuery = Annotated[
    str | None,
    Query(pattern=_SLUG, description="De qual prefeitura; sem ela, a de quem pede. Só um operador nomeia outra."),
]
_Password = Annotated[str, Field(max_length=1024)]
_Secret = Annotated[str, Field(max_length=512)]
_Name = Annotated[str, Field(max_length=200)]


class LoginBody(BaseModel):
    """A login."""

    email: Annotated[str, Field(max_length=320)]
    senha: _Password


class RefreshBody(BaseModel):
    """The refresh token of the last pair."""

    refresh_token: _Secret


class PasswordBody(BaseModel):
    """A new password, and what proves the right to set it: the current one, or an invitation."""

    senha_nova: _Password
    senha_atual: _Password | None = None
    convite: _Secret | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.senha_atual is None) == (self.convite is None):
            raise ValueError("envie senha_atual ou convite, um dos dois")
        return self


class TokensView(BaseModel):
    """What a client holds after a login; ``expires_in`` is in seconds and says of the access token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int
    refresh_token: str

    @classmethod
    def of(cls, tokens: TokenPair) -> "TokensView":
        """The pair in the names of OAuth 2.0 (RFC 6749, section 5.1)."""
        return cls(
            access_token=tokens.access_token,
            expires_in=tokens.expires_in_seconds,
            refresh_token=tokens.refresh_token,
        )


class UsuarioView(BaseModel):
    """A person; ``tem_senha`` is false until he accepts his invitation."""

    id: UUID
    nome: str
    email: str
    papel: Papel
    ativo: bool
    tem_senha: bool
    criado_em: datetime | None

    @classmethod
    def of(cls, usuario: Usuario) -> "UsuarioView":
        """The person without his password's hash."""
        return cls(
            id=usuario.id,
            nome=usuario.nome,
            email=usuario.email,
            papel=usuario.papel,
            ativo=usuario.ativo,
            tem_senha=usuario.senha_hash is not None,
            criado_em=usuario.criado_em,
        )


class InviteBody(BaseModel):
    """A new person."""

    nome: _Name
    email: Annotated[str, Field(max_length=320)]
    papel: Papel = Papel.SERVIDOR


class InvitedView(BaseModel):
    """The person, and the token of the invitation, which is shown once."""

    usuario: UsuarioView
    convite: str
    vence_em: datetime

    @classmethod
    def of(cls, invited: Invited) -> "InvitedView":
        """The invitation."""
        return cls(usuario=UsuarioView.of(invited.usuario), convite=invited.token, vence_em=invited.expires_at)


class EditUsuarioBody(BaseModel):
    """One change to a person: his role, or whether he gets in."""

    papel: Papel | None = None
    ativo: bool | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.papel is None) == (self.ativo is None):
            raise ValueError("envie papel ou ativo, um dos dois")
        return self


class PrefeituraView(BaseModel):
    """A prefeitura; quota and consumption are in tokens."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    nome: str
    slug: str
    uf: str | None
    ibge: str | None
    publica: bool
    quota_tokens: int
    tokens_consumidos: int
    dia_contrato: int
    ativo: bool

    @classmethod
    def of(cls, prefeitura: Prefeitura) -> "PrefeituraView":
        """The prefeitura."""
        return cls.model_validate(prefeitura)


class CreatePrefeituraBody(BaseModel):
    """A new prefeitura."""

    nome: _Name
    slug: Annotated[str, Field(pattern=_SLUG)]
    uf: Annotated[str, Field(max_length=2)] | None = None
    ibge: Annotated[str, Field(max_length=7)] | None = None
    quota_tokens: Annotated[int, Field(ge=0, le=10**15)] = DEFAULT_TOKEN_QUOTA
    dia_contrato: Annotated[int, Field(ge=1, le=31)] = 1
    publica: bool = False


class EditPrefeituraBody(BaseModel):
    """Changes to a prefeitura; what is absent or null stays. ``ativo`` false suspends it."""

    nome: _Name | None = None
    uf: Annotated[str, Field(max_length=2)] | None = None
    ibge: Annotated[str, Field(max_length=7)] | None = None
    quota_tokens: Annotated[int, Field(ge=0, le=10**15)] | None = None
    dia_contrato: Annotated[int, Field(ge=1, le=31)] | None = None
    publica: bool | None = None
    ativo: bool | None = None


class ProfileView(BaseModel):
    """Who is logged in, and his prefeitura."""

    usuario: UsuarioView
    prefeitura: PrefeituraView

    @classmethod
    def of(cls, profile: Profile) -> "ProfileView":
        """The profile."""
        return cls(usuario=UsuarioView.of(profile.usuario), prefeitura=PrefeituraView.of(profile.prefeitura))


class ApiKeyView(BaseModel):
    """A key, by what may be shown of it; ``usada_em`` is exact to the minute."""

    id: UUID
    nome: str
    papel: Papel
    prefixo: str
    criada_em: datetime | None
    usada_em: datetime | None
    revogada_em: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyView":
        """The key without its secret."""
        return cls(
            id=key.id,
            nome=key.nome,
            papel=key.papel,
            prefixo=key.prefix,
            criada_em=key.created_at,
            usada_em=key.last_used_at,
            revogada_em=key.revoked_at,
        )


class CreateApiKeyBody(BaseModel):
    """A new key."""

    nome: _Name
    papel: Papel = Papel.SERVIDOR


class CreatedApiKeyView(BaseModel):
    """The key, and its secret, which is shown once."""

    chave: ApiKeyView
    segredo: str

    @classmethod
    def of(cls, created: CreatedApiKey) -> "CreatedApiKeyView":
        """The key with its secret."""
        return cls(chave=ApiKeyView.of(created.key), segredo=created.secret)


class ConversationView(BaseModel):
    """A conversation without its messages."""

    session_id: UUID
    is_active: bool
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, session: ChatSession) -> "ConversationView":
        """The conversation."""
        return cls(
            session_id=session.id,
            is_active=session.is_active,
            created_at=session.created_at,
            updated_at=session.updated_at,
        )


class MessageView(BaseModel):
    """A message; the citation [n] of an answer is the n-th of ``sources``."""

    message_id: UUID
    role: MessageRole
    content: str | None
    sources: list[SourceView]
    created_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> "MessageView":
        """The message."""
        return cls(
            message_id=message.id,
            role=message.role,
            content=message.content,
            sources=[SourceView.model_validate(source) for source in message.document_references],
            created_at=message.created_at,
        )


class ConversationDetailView(ConversationView):
    """A conversation with its messages, in the order they were written."""

    messages: list[MessageView]

    @classmethod
    def of(cls, session: ChatSession) -> "ConversationDetailView":
        """The conversation with its messages."""
        messages = [MessageView.of(message) for message in session.messages]
        return cls(**ConversationView.of(session).model_dump(), messages=messages)
