"""Is a chain whole? The first entry that is not as it was written, and why; and the heads that were published of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from balcao.domain.audit import GENESIS, AuditEntry, ChainHead, instant_text
from balcao.domain.canonical_json import canonical_json
from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId

PublishedHeads = Mapping[PrefeituraId, Mapping[int, bytes]]
"""Of each chain, the hashes that were published of entries, by number."""


class FaultReason(StrEnum):
    """Why a chain is broken at an entry."""

    MISSING = "a entrada não existe"
    OUT_OF_ORDER = "a entrada está fora de ordem ou repetida"
    WRONG_HASH = "o conteúdo da entrada não é o que foi gravado"
    WRONG_LINK = "a entrada não continua a anterior: uma das duas foi trocada"
    NOT_AS_PUBLISHED = "a entrada não é a que foi publicada: ela, ou uma anterior, foi refeita"
    NOT_THE_HEAD = "a última entrada não é a que o banco anotou como última"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first entry at which a chain is broken."""

    number: int
    reason: FaultReason

    def __str__(self) -> str:
        return f"entrada {self.number}: {self.reason}"


class ChainVerifier:
    """Checks a chain's entries in the order given. After a fault there is nothing more to learn from it."""

    def __init__(self, chain_id: PrefeituraId, published: Mapping[int, bytes]) -> None:
        self._published = published
        self._last = ChainHead(chain_id=chain_id, number=0, hash=GENESIS)

    @property
    def last(self) -> ChainHead:
        """The last entry that was whole; number 0 before the first."""
        return self._last

    def check(self, entry: AuditEntry) -> Fault | None:
        """Check the next entry."""
        number, expected = entry.number, self._last.number + 1
        if number != expected:
            missing = number > expected
            reason = FaultReason.MISSING if missing else FaultReason.OUT_OF_ORDER
            return Fault(number=expected if missing else number, reason=reason)
        if entry.chain_id != self._last.chain_id or entry.computed_hash() != entry.hash:
            return Fault(number=number, reason=FaultReason.WRONG_HASH)
        if entry.previous_hash != self._last.hash:
            return Fault(number=number, reason=FaultReason.WRONG_LINK)
        if self._published.get(number, entry.hash) != entry.hash:
            return Fault(number=number, reason=FaultReason.NOT_AS_PUBLISHED)
        self._last = ChainHead(chain_id=entry.chain_id, number=number, hash=entry.hash)
        return None

    def finish(self, head: ChainHead | None) -> Fault | None:
        """Check that nothing is missing behind the last entry; ``head`` is the one that stands beside the chain."""
        last = self._last
        if any(number > last.number for number in self._published) or (head and head.number > last.number):
            return Fault(number=last.number + 1, reason=FaultReason.MISSING)
        if (head or ChainHead(chain_id=last.chain_id, number=0, hash=GENESIS)) != last:
            return Fault(number=last.number, reason=FaultReason.NOT_THE_HEAD)
        return None


def verify(
    chain_id: PrefeituraId, entries: Iterable[AuditEntry], head: ChainHead | None, published: Mapping[int, bytes]
) -> Fault | None:
    """The first fault of a whole chain, whose head stands beside it; None when it is as it was written."""
    verifier = ChainVerifier(chain_id, published)
    for entry in entries:
        if fault := verifier.check(entry):
            return fault
    return verifier.finish(head)


def published_line(head: ChainHead, now: datetime) -> str:
    """A head as it is published: one line of JSON."""
    return canonical_json(
        {
            "cadeia": str(head.chain_id),
            "numero": head.number,
            "hash": head.hash.hex(),
            "publicada_em": instant_text(now),
        }
    )


def read_published(lines: Iterable[str]) -> PublishedHeads:
    """The heads of published lines; what is no JSON object, as the other lines of an e-mail, is skipped.

    Raises:
        InvalidInput: there is no head, an object is none, or two of them contradict each other.
    """
    heads: dict[PrefeituraId, dict[int, bytes]] = {}
    for place, line in enumerate(lines, start=1):
        if line.lstrip().startswith("{"):
            chain_id, number, digest = _published(line, place)
            if heads.setdefault(chain_id, {}).setdefault(number, digest) != digest:
                raise InvalidInput(f"Linha {place}: outra linha dá outro hash à mesma entrada {number}.")
    if not heads:
        raise InvalidInput("O arquivo não tem nenhuma cabeça publicada; use o que o Balcão gravou ou enviou.")
    return heads


def _published(line: str, place: int) -> tuple[PrefeituraId, int, bytes]:
    try:
        value = json.loads(line)
        return PrefeituraId(UUID(value["cadeia"])), int(value["numero"]), bytes.fromhex(value["hash"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"A linha {place} não é uma cabeça publicada; use o arquivo como o Balcão o gravou."
        ) from error
