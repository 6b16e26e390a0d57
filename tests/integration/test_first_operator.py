"""A served installation without people says, once, how its first operador gets in."""

import httpx

from tests.acceptance.environment import AcceptanceEnvironment


def password_in(announced: tuple[str, ...]) -> str | None:
    """The password among the lines that a server printed until it was ready."""
    told = [line for line in announced if "senha " in line and "@" in line]
    return told[0].split()[-1] if told else None


async def test_the_password_is_printed_by_the_first_start_alone(environment: AcceptanceEnvironment) -> None:
    accesses = await environment.new_accesses()
    async with environment.start_server(accesses) as server:
        password = password_in(server.announced)
        assert password is not None
        async with httpx.AsyncClient(base_url=server.url) as client:
            body = {"email": "operador@balcao.local", "senha": password}
            login = await client.post("/api/v1/auth/login", json=body)
            headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
            profile = (await client.get("/api/v1/auth/me", headers=headers)).json()
    assert profile["usuario"]["papel"] == "operador"
    async with environment.start_server(accesses) as server:
        assert password_in(server.announced) is None
        assert not any(password in line for line in server.announced)
