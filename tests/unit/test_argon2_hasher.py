"""Argon2 with OWASP's parameters, a few at a time."""

import asyncio
import threading
import time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from balcao.infrastructure.external.argon2_hasher import AT_ONCE, Argon2PasswordHasher

OWASP = "$argon2id$v=19$m=19456,t=2,p=1$"


async def test_the_parameters_are_owasps_for_everybody_and_for_nobody() -> None:
    hasher = Argon2PasswordHasher()
    assert (await hasher.hash("uma senha comprida")).startswith(OWASP)
    await hasher.verify("uma senha comprida", None)
    assert hasher._nobodys is not None
    assert hasher._nobodys.startswith(OWASP)


def test_a_weaker_hash_is_outdated() -> None:
    weaker = Argon2Hasher(memory_cost=8 * 1024, time_cost=2, parallelism=1).hash("uma senha comprida")
    assert Argon2PasswordHasher().is_outdated(weaker)


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$"])
async def test_a_damaged_hash_is_nobodys(kept: str) -> None:
    assert not await Argon2PasswordHasher().verify("uma senha comprida", kept)


@pytest.mark.parametrize("turns", [AT_ONCE, 8])
async def test_a_flood_takes_turns(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    """With 8 turns, the mutant, more than AT_ONCE run together: the check can fail."""
    running, peak, lock = 0, 0, threading.Lock()

    def verify(_hasher: Argon2Hasher, _password: str, _kept: str) -> bool:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return False

    monkeypatch.setattr(Argon2Hasher, "verify", verify)
    hasher = Argon2PasswordHasher()
    hasher._turns = asyncio.Semaphore(turns)
    await asyncio.gather(*(hasher.verify("x", None) for _ in range(50)))
    assert (peak <= AT_ONCE) is (turns == AT_ONCE)
