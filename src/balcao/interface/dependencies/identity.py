"""The use cases of people and programs, wired by hand."""

from dataclasses import dataclass

from balcao.application.audit_trail import AuditTrail
from balcao.application.idempotent import IdempotentAnswers
from balcao.application.login_attempts import LoginAttempts
from balcao.application.login_tokens import LoginTokens
from balcao.application.ports import Clock, PasswordHasher, TokenSigner
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.application.use_cases.accept_invitation import AcceptInvitationUseCase
from balcao.application.use_cases.change_password import ChangePasswordUseCase
from balcao.application.use_cases.conversations import (
    EraseConversationUseCase,
    ListConversationsUseCase,
    ReadConversationUseCase,
)
from balcao.application.use_cases.create_first_operator import CreateFirstOperatorUseCase
from balcao.application.use_cases.identify import IdentifyUseCase
from balcao.application.use_cases.log_in import LogInUseCase
from balcao.application.use_cases.log_out import LogOutUseCase
from balcao.application.use_cases.manage_api_keys import CreateApiKeyUseCase, ListApiKeysUseCase, RevokeApiKeyUseCase
from balcao.application.use_cases.manage_usuarios import (
    ChangeRoleUseCase,
    DisableUsuarioUseCase,
    EnableUsuarioUseCase,
    InviteUsuarioUseCase,
    ListUsuariosUseCase,
    RenewInvitationUseCase,
)
from balcao.application.use_cases.read_profile import ReadProfileUseCase
from balcao.application.use_cases.refresh_login import RefreshLoginUseCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the interfaces may do about people, keys and their conversations; ``signer`` signs their cookies."""

    signer: TokenSigner
    tokens: LoginTokens
    idempotent: IdempotentAnswers
    log_in: LogInUseCase
    refresh_login: RefreshLoginUseCase
    log_out: LogOutUseCase
    identify: IdentifyUseCase
    read_profile: ReadProfileUseCase
    change_password: ChangePasswordUseCase
    accept_invitation: AcceptInvitationUseCase
    invite_usuario: InviteUsuarioUseCase
    renew_invitation: RenewInvitationUseCase
    list_usuarios: ListUsuariosUseCase
    disable_usuario: DisableUsuarioUseCase
    enable_usuario: EnableUsuarioUseCase
    change_role: ChangeRoleUseCase
    create_api_key: CreateApiKeyUseCase
    list_api_keys: ListApiKeysUseCase
    revoke_api_key: RevokeApiKeyUseCase
    create_first_operator: CreateFirstOperatorUseCase
    list_conversations: ListConversationsUseCase
    read_conversation: ReadConversationUseCase
    erase_conversation: EraseConversationUseCase


def wire_identity(open_work: TenantUnitOfWork, hasher: PasswordHasher, signer: TokenSigner, clock: Clock) -> Identity:
    """The use cases over these parts."""
    tokens, trail = LoginTokens(signer), AuditTrail(clock)
    return Identity(
        signer=signer,
        tokens=tokens,
        idempotent=IdempotentAnswers(open_work, signer, clock),
        log_in=LogInUseCase(open_work, hasher, tokens, LoginAttempts(signer), clock),
        refresh_login=RefreshLoginUseCase(open_work, tokens, clock),
        log_out=LogOutUseCase(open_work, clock),
        identify=IdentifyUseCase(open_work, signer, clock),
        read_profile=ReadProfileUseCase(open_work),
        change_password=ChangePasswordUseCase(open_work, hasher, tokens, clock, trail),
        accept_invitation=AcceptInvitationUseCase(open_work, hasher, tokens, clock, trail),
        invite_usuario=InviteUsuarioUseCase(open_work, clock, trail),
        renew_invitation=RenewInvitationUseCase(open_work, clock, trail),
        list_usuarios=ListUsuariosUseCase(open_work),
        disable_usuario=DisableUsuarioUseCase(open_work, clock, trail),
        enable_usuario=EnableUsuarioUseCase(open_work, trail),
        change_role=ChangeRoleUseCase(open_work, trail),
        create_api_key=CreateApiKeyUseCase(open_work, trail),
        list_api_keys=ListApiKeysUseCase(open_work),
        revoke_api_key=RevokeApiKeyUseCase(open_work, clock, trail),
        create_first_operator=CreateFirstOperatorUseCase(open_work, hasher, trail),
        list_conversations=ListConversationsUseCase(open_work),
        read_conversation=ReadConversationUseCase(open_work),
        erase_conversation=EraseConversationUseCase(open_work, trail),
    )
