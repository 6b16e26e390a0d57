"""Log out."""

from balcao.application.ports import Clock
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.identity import Principal


class LogOutUseCase:
    """Ends the login that the request came by; its tokens stop working with the next request."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self, principal: Principal) -> None:
        """End it.

        Raises:
            AuthenticationRequired: nobody is logged in.
            PermissionDenied: an API key is asking; it is revoked instead.
        """
        _, login_id = principal.require_login()
        async with self._open_work(principal.prefeitura_id) as work:
            await work.login_sessions.revoke(login_id, self._clock.now())
