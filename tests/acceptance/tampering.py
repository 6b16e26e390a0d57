"""Twelve ways of rewriting an audit trail, by somebody who has the database's administrator and all the time he wants.

Each changes rows in place, the guards set aside, and says at which entry the chain is to be found broken.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from balcao.domain.audit import GENESIS, AuditEntry
from balcao.domain.ids import PrefeituraId

LONG = 40
"""Entries of a chain that is tampered with."""

_INSERT = "INSERT INTO auditoria (prefeitura_id, numero, anterior, hash, registro) VALUES ($1, $2, $3, $4, $5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamperer:
    """Changes one chain. ``connection`` is a superuser's on which no trigger fires."""

    connection: asyncpg.Connection
    chain_id: PrefeituraId
    chance: random.Random

    async def entries(self) -> list[AuditEntry]:
        """The chain as it stands."""
        rows = await self.connection.fetch(
            "SELECT * FROM auditoria WHERE prefeitura_id = $1 ORDER BY numero", self.chain_id
        )
        return [
            AuditEntry(
                chain_id=self.chain_id,
                number=row["numero"],
                record=row["registro"],
                previous_hash=row["anterior"],
                hash=row["hash"],
            )
            for row in rows
        ]

    async def write(self, entries: list[AuditEntry]) -> None:
        """Put these entries in the chain's place."""
        await self.connection.execute("DELETE FROM auditoria WHERE prefeitura_id = $1", self.chain_id)
        values = [(self.chain_id, item.number, item.previous_hash, item.hash, item.record) for item in entries]
        await self.connection.executemany(_INSERT, values)

    async def move_head(self, entry: AuditEntry) -> None:
        """Make this entry the chain's head."""
        await self.connection.execute(
            "UPDATE auditoria_cabeca SET numero = $2, anterior = $3, hash = $4 WHERE prefeitura_id = $1",
            self.chain_id,
            entry.number,
            entry.previous_hash,
            entry.hash,
        )

    def somewhere(self) -> int:
        """An index of an entry that is neither the first nor among the last two."""
        return self.chance.randrange(1, LONG - 2)


Tampering = Callable[[Tamperer], Awaitable[set[int]]]
"""Tampers; the numbers of entries of which one is to be named as the first broken one."""


def _falsified(record: str) -> str:
    """The record with another instant's microseconds: the least that anybody would change, and always a change."""
    place = record.index('"instante":"') + len('"instante":"2026-01-01T00:00:0')
    return record[:place] + str((int(record[place]) + 1) % 10) + record[place + 1 :]


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def _relinked(entries: list[AuditEntry], first: int) -> list[AuditEntry]:
    """The entries with numbers, links and hashes computed anew from the index ``first`` on."""
    done = entries[:first]
    for entry in entries[first:]:
        previous = done[-1].hash if done else GENESIS
        loose = replace(entry, number=len(done) + 1, previous_hash=previous)
        done.append(replace(loose, hash=loose.computed_hash()))
    return done


async def change_field(tamperer: Tamperer) -> set[int]:
    """Another actor, in a record that stays as long as it was."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    record = entries[at].record.replace('"tipo":"pessoa"', '"tipo":"pessoA"', 1)
    entries[at] = replace(entries[at], record=record if record != entries[at].record else _falsified(record))
    await tamperer.write(entries)
    return {at + 1}


async def flip_bit(tamperer: Tamperer) -> set[int]:
    """One bit of an entry's hash or of its link."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    flip = (1 << tamperer.chance.randrange(256)).to_bytes(32)
    entry = entries[at]
    if tamperer.chance.random() < 0.5:
        entries[at] = replace(entry, hash=_xor(entry.hash, flip))
    else:
        entries[at] = replace(entry, previous_hash=_xor(entry.previous_hash, flip))
    await tamperer.write(entries)
    return {at + 1}


async def change_tokens(tamperer: Tamperer) -> set[int]:
    """Fewer tokens than an answer cost."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    entries[at] = replace(entries[at], record=entries[at].record.replace('"total":', '"total":1', 1))
    await tamperer.write(entries)
    return {at + 1}


async def delete(tamperer: Tamperer) -> set[int]:
    """An entry is gone."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    del entries[at]
    await tamperer.write(entries)
    return {at + 1}


async def delete_and_renumber(tamperer: Tamperer) -> set[int]:
    """An entry is gone, and the numbers close the gap."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    del entries[at]
    closed = [replace(entry, number=number) for number, entry in enumerate(entries, start=1)]
    await tamperer.write(closed)
    await tamperer.move_head(closed[-1])
    return {at + 1}


async def insert(tamperer: Tamperer) -> set[int]:
    """An invented entry, linked to the one before it and hashed rightly; those behind it are only numbered anew."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    invented = replace(entries[at], record=_falsified(entries[at].record), number=at + 1)
    invented = replace(invented, hash=invented.computed_hash())
    behind = [replace(entry, number=entry.number + 1) for entry in entries[at:]]
    await tamperer.write([*entries[:at], invented, *behind])
    return {at + 2}


async def swap(tamperer: Tamperer) -> set[int]:
    """Two neighbours change places, each under the other's number."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    first, second = entries[at], entries[at + 1]
    entries[at], entries[at + 1] = replace(second, number=first.number), replace(first, number=second.number)
    await tamperer.write(entries)
    return {at + 1}


async def truncate(tamperer: Tamperer) -> set[int]:
    """The last entries are gone."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    await tamperer.write(entries[:at])
    return {at + 1}


async def truncate_with_head(tamperer: Tamperer) -> set[int]:
    """The last entries are gone, and the head says that there never were any."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    await tamperer.write(entries[:at])
    await tamperer.move_head(entries[at - 1])
    return {at + 1}


async def recompute_own_hash(tamperer: Tamperer) -> set[int]:
    """An entry is falsified and its hash computed anew: its own is right, the next one's link is not."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    loose = replace(entries[at], record=_falsified(entries[at].record))
    entries[at] = replace(loose, hash=loose.computed_hash())
    await tamperer.write(entries)
    return {at + 1, at + 2}


async def recompute_tail(tamperer: Tamperer) -> set[int]:
    """An entry is falsified, and everything behind it computed anew, the head included."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    entries[at] = replace(entries[at], record=_falsified(entries[at].record))
    redone = _relinked(entries, at)
    await tamperer.write(redone)
    await tamperer.move_head(redone[-1])
    return set(range(at + 1, LONG + 1))


async def move_from_another_chain(tamperer: Tamperer) -> set[int]:
    """An entry that was true of another chain, under this one's number and link."""
    entries, at = await tamperer.entries(), tamperer.somewhere()
    elsewhere = replace(entries[at], chain_id=PrefeituraId(UUID(int=tamperer.chance.getrandbits(128))))
    entries[at] = replace(entries[at], hash=elsewhere.computed_hash())
    await tamperer.write(entries)
    return {at + 1}


WAYS: tuple[Tampering, ...] = (
    change_field,
    flip_bit,
    change_tokens,
    delete,
    delete_and_renumber,
    insert,
    swap,
    truncate,
    truncate_with_head,
    recompute_own_hash,
    recompute_tail,
    move_from_another_chain,
)
