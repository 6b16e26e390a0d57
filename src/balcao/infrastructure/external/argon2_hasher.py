"""Passwords hashed with Argon2id (RFC 9106), through pwdlib."""

import asyncio

from pwdlib.hashers.argon2 import Argon2Hasher

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
AT_ONCE = 2


class Argon2PasswordHasher:
    """PasswordHasher with OWASP's parameters (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane).

    ``AT_ONCE`` hashes run at the same time, in threads; the others wait, so that a flood of logins takes
    ``AT_ONCE * MEMORY_KIB`` and no more.
    """

    def __init__(self) -> None:
        self._hasher = Argon2Hasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Hash with a new salt."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Compare with the kept hash, or with nobody's, which takes as long."""
        if self._nobodys is None:
            self._nobodys = await self.hash("")
        async with self._turns:
            same = await asyncio.to_thread(self._hasher.verify, password, kept or self._nobodys)
        return same and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether its parameters are not today's."""
        return self._hasher.check_needs_rehash(kept)
