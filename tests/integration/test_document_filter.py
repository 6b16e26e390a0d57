"""What the database takes for being in force is what the domain takes for it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from balcao.domain.document_filter import DocumentFilter
from balcao.domain.ids import DocumentId
from balcao.domain.validity import Validity
from balcao.infrastructure.database.database import Database
from tests.factories import a_document

DAY = date(2024, 5, 10)
EDGES = (None, DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))


@pytest.mark.parametrize("is_revoked", [False, True])
async def test_a_filter_by_validity_agrees_with_the_rule(database: Database, is_revoked: bool) -> None:
    async with database.ingestion() as work:
        revoker = (await work.documents.save(a_document("outra"))).id if is_revoked else None
        expected: dict[bool, set[DocumentId]] = {True: set(), False: set()}
        for start in EDGES:
            for end in EDGES:
                if start and end and end < start:
                    continue
                validity = Validity(start=start, end=end, revoked_by=revoker)
                saved = await work.documents.save(replace(a_document(f"{start} {end}"), validity=validity))
                expected[validity.holds_on(DAY)].add(saved.id)
        for in_force, wanted in expected.items():
            found = await work.documents.find_page(DocumentFilter(in_force=in_force, day=DAY), 100)
            assert {document.id for document in found} - {revoker} == wanted
            assert wanted
