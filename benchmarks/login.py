"""What a logged-in request costs over an anonymous one: the same search, in turns in one run, over the application."""

import statistics
import time

import httpx

from balcao.interface.dependencies.container import Container
from balcao.interface.main import create_app
from benchmarks.measurement import Measurement

_ROUNDS = 150
_SEARCH = {"query": "prazo do recurso da multa", "n_results": 5}


async def measure_login(container: Container) -> list[Measurement]:
    """Medians of both requests, and their difference."""
    operator = await container.identity.create_first_operator.execute()
    if operator is None:
        raise RuntimeError("the installation has people already, and this benchmark knows nobody's password")
    transport = httpx.ASGITransport(create_app(container))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
        entered = await client.post("/api/v1/auth/login", json={"email": operator.email, "senha": operator.password})
        person = {"Authorization": f"Bearer {entered.raise_for_status().json()['access_token']}"}
        times: dict[str, list[float]] = {"anonymous": [], "logged_in": []}
        for _ in range(_ROUNDS):
            for who, headers in (("anonymous", {}), ("logged_in", person)):
                before = time.perf_counter()
                answer = await client.post("/api/v1/documents/search", json=_SEARCH, headers=headers)
                times[who].append((time.perf_counter() - before) * 1000)
                answer.raise_for_status()
    medians = {who: statistics.median(taken) for who, taken in times.items()}
    return [
        Measurement(name="anonymous_p50", value=round(medians["anonymous"], 2), unit="ms"),
        Measurement(name="logged_in_p50", value=round(medians["logged_in"], 2), unit="ms"),
        Measurement(name="login_ratio", value=round(medians["logged_in"] / medians["anonymous"], 2), unit="x"),
    ]
