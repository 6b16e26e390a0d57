"""Who is asking, and what he may do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from balcao.domain.errors import AuthenticationRequired, PermissionDenied
from balcao.domain.ids import ApiKeyId, InvitationId, LoginSessionId, PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel, Usuario

ACCESS_TOKEN_LIFE = timedelta(minutes=10)
LOGIN_SESSION_LIFE = timedelta(days=30)
INVITATION_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request speaks for. Anonymous ones have neither role nor person, and belong to the public prefeitura.

    A person has ``usuario_id`` and the ``login_session_id`` he came in by; an API key has ``api_key_id`` instead.
    """

    prefeitura_id: PrefeituraId
    papel: Papel | None = None
    usuario_id: UsuarioId | None = None
    login_session_id: LoginSessionId | None = None
    api_key_id: ApiKeyId | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody logged in."""
        return self.papel is None

    def require(self, *papeis: Papel) -> None:
        """Let only these roles pass.

        Raises:
            AuthenticationRequired: nobody logged in.
            PermissionDenied: the role is another.
        """
        if self.papel is None:
            raise AuthenticationRequired
        if self.papel not in papeis:
            raise PermissionDenied

    def require_person(self) -> UsuarioId:
        """The person; an API key is none.

        Raises:
            AuthenticationRequired: nobody logged in.
            PermissionDenied: an API key is asking.
        """
        if self.papel is None:
            raise AuthenticationRequired
        if self.usuario_id is None:
            raise PermissionDenied
        return self.usuario_id

    def require_login(self) -> tuple[UsuarioId, LoginSessionId]:
        """The person and the login he came in by.

        Raises:
            AuthenticationRequired: nobody logged in.
            PermissionDenied: an API key, or a command of the installation, is asking.
        """
        usuario_id = self.require_person()
        if self.login_session_id is None:
            raise PermissionDenied
        return usuario_id, self.login_session_id

    def require_power_over(self, usuario: Usuario) -> None:
        """Let a person be managed by whom stands at least as high, and never by himself: he would lock himself out.

        Raises:
            AuthenticationRequired: nobody logged in.
            PermissionDenied: the person is an operador and the asker is not, or it is the asker himself.
        """
        self.require_grant(usuario.papel)
        if usuario.id == self.usuario_id:
            raise PermissionDenied("Ninguém altera o próprio acesso; peça a outra pessoa com o seu papel.")

    def require_grant(self, papel: Papel) -> None:
        """Let a role be given by whom has it: an operador gives any, a gestor all but that one.

        Raises:
            AuthenticationRequired: nobody logged in.
            PermissionDenied: the asker may not give this role.
        """
        self.require(Papel.GESTOR, Papel.OPERADOR)
        if papel is Papel.OPERADOR:
            self.require(Papel.OPERADOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """One login on one device. Its refresh token rotates: ``token_sha256`` is the valid one's digest, and
    ``previous_sha256`` the last one's, which nobody honest presents again.
    """

    id: LoginSessionId
    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId
    token_sha256: bytes
    expires_at: datetime
    previous_sha256: bytes | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it was neither revoked nor outlived."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link by which an invited person sets his first password; only its digest is kept."""

    id: InvitationId
    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId
    token_sha256: bytes
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A program's key: scoped to a prefeitura and a role. ``prefix`` is what may be shown of it."""

    id: ApiKeyId
    prefeitura_id: PrefeituraId
    nome: str
    papel: Papel
    prefix: str
    secret_sha256: bytes
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
