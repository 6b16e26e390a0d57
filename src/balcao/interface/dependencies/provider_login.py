"""Login by an identity provider, wired where one is configured."""

from dataclasses import dataclass

from balcao.application.login_tokens import LoginTokens
from balcao.application.ports import Clock, TokenSigner
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.application.use_cases.log_in_with_provider import LogInWithProviderUseCase, StartProviderLoginUseCase
from balcao.infrastructure.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLogins:
    """The two halves of a login; ``public_url`` is where the provider sends people back to."""

    public_url: str
    start: StartProviderLoginUseCase
    finish: LogInWithProviderUseCase


def wire_provider_logins(
    settings: Settings, open_work: TenantUnitOfWork, tokens: LoginTokens, signer: TokenSigner, clock: Clock
) -> ProviderLogins | None:
    """The use cases over the configured provider; its SDK is imported only where there is one."""
    url, client_id, secret = settings.oidc_discovery_url, settings.oidc_client_id, settings.oidc_client_secret
    if url is None or client_id is None or secret is None or settings.public_url is None:
        return None
    from balcao.infrastructure.external.oidc_provider import OidcClient, OidcIdentityProvider

    client = OidcClient(
        discovery_url=url, client_id=client_id, client_secret=secret.get_secret_value(), name=settings.oidc_name
    )
    provider = OidcIdentityProvider(client, clock)
    return ProviderLogins(
        public_url=settings.public_url,
        start=StartProviderLoginUseCase(provider, signer, clock),
        finish=LogInWithProviderUseCase(open_work, provider, tokens, signer, clock),
    )
