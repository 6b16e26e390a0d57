"""What every publisher of the audit trails' heads keeps to."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from balcao.application.ports import AuditHeadPublisher
from balcao.domain.audit import ChainHead
from balcao.domain.audit_verification import read_published
from balcao.domain.errors import DeliveryFailed
from balcao.domain.ids import PrefeituraId
from balcao.infrastructure.external.audit.heads import FileHeadPublisher
from tests.fakes import FakeAuditHeadPublisher

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


def some_heads() -> list[ChainHead]:
    return [ChainHead(chain_id=PrefeituraId(uuid4()), number=number, hash=uuid4().bytes * 2) for number in (1, 7)]


def publishers(folder: Path, *, failing: bool) -> list[AuditHeadPublisher]:
    file = folder / "pasta" / "cabecas.jsonl"
    if failing:
        file.mkdir(parents=True)
    return [FileHeadPublisher(file), FakeAuditHeadPublisher(fails=failing)]


@pytest.mark.parametrize("which", [0, 1], ids=["file", "fake"])
async def test_a_failure_is_told(which: int, tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed):
        await publishers(tmp_path, failing=True)[which].publish(some_heads(), NOW)


@pytest.mark.parametrize("which", [0, 1], ids=["file", "fake"])
async def test_what_is_published_stays_with_what_comes_later(which: int, tmp_path: Path) -> None:
    publisher = publishers(tmp_path, failing=False)[which]
    first, second = some_heads(), some_heads()
    await publisher.publish(first, NOW)
    await publisher.publish(second, NOW)
    expected = {head.chain_id: {head.number: head.hash} for head in [*first, *second]}
    if isinstance(publisher, FakeAuditHeadPublisher):
        kept = {head.chain_id: {head.number: head.hash} for head in publisher.published}
    else:
        lines = (tmp_path / "pasta" / "cabecas.jsonl").read_text(encoding="utf-8").splitlines()
        kept = {chain: dict(heads) for chain, heads in read_published(lines).items()}
    assert kept == expected
