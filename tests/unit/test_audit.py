"""Entries, digests and heads of the audit trail, without a database."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from balcao.domain.audit import (
    GENESIS,
    Actor,
    ActorKind,
    AuditEntry,
    AuditKind,
    AuditRecord,
    ChainHead,
    instant_text,
    salted_digest,
)
from balcao.domain.audit_verification import Fault, FaultReason, published_line, read_published, verify
from balcao.domain.errors import InvalidInput
from balcao.domain.identity import Principal
from balcao.domain.ids import ApiKeyId, PrefeituraId, SessionId, UsuarioId
from balcao.domain.usuario import Papel
from tests.factories import a_question

CHAIN = PrefeituraId(UUID("11111111-2222-3333-4444-555555555555"))
AT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def a_chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        loose = AuditEntry(chain_id=CHAIN, number=number, record=f'{{"n":{number}}}', previous_hash=previous, hash=b"")
        entries.append(replace(loose, hash=loose.computed_hash()))
    return entries


def head_of(entries: list[AuditEntry]) -> ChainHead:
    return ChainHead(chain_id=CHAIN, number=entries[-1].number, hash=entries[-1].hash)


def test_an_entrys_hash_is_that_of_its_five_lines() -> None:
    (entry,) = a_chain(1)
    lines = f'balcao-auditoria-v1\n{CHAIN}\n1\n{"0" * 64}\n{{"n":1}}'
    assert entry.hash == hashlib.sha256(lines.encode()).digest()


def test_a_record_is_canonical_and_names_nobody_but_by_id() -> None:
    person = uuid4()
    record = AuditRecord(
        chain_id=CHAIN,
        at=AT,
        kind=AuditKind.ROLE_CHANGED,
        actor=Actor(kind=ActorKind.PERSON, id=person),
        details={"depois": Papel.GESTOR, "antes": Papel.SERVIDOR},
    )
    expected = (
        '{"acao":"papel_alterado","ator":{"id":"PESSOA","tipo":"pessoa"},'
        '"detalhes":{"antes":"servidor","depois":"gestor"},"instante":"2026-03-04T05:06:07.000089Z","sobre":null}'
    )
    assert record.text() == expected.replace("PESSOA", str(person))


def test_instants_are_texts_that_sort_as_they_do() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-3)))
    assert instant_text(elsewhere) == instant_text(AT) == "2026-03-04T05:06:07.000089Z"
    assert instant_text(AT) < instant_text(AT + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        (None, ActorKind.VISITOR),
        (Principal(prefeitura_id=CHAIN), ActorKind.VISITOR),
        (Principal(prefeitura_id=CHAIN, papel=Papel.SERVIDOR, usuario_id=UsuarioId(uuid4())), ActorKind.PERSON),
        (Principal(prefeitura_id=CHAIN, papel=Papel.SERVIDOR, api_key_id=ApiKeyId(uuid4())), ActorKind.KEY),
        (Principal(prefeitura_id=CHAIN, papel=Papel.OPERADOR), ActorKind.INSTALLATION),
    ],
)
def test_who_acted_is_recorded_by_kind_and_id(principal: Principal | None, kind: ActorKind) -> None:
    actor = Actor.of(principal)
    expected = (principal.usuario_id or principal.api_key_id) if principal else None
    assert (actor.kind, actor.id) == (kind, expected)


def test_each_message_has_a_salt_of_its_own_that_is_not_shown() -> None:
    first, second = (a_question(CHAIN, SessionId(uuid4())) for _ in range(2))
    assert first.salt is not None
    assert second.salt is not None
    assert len(first.salt) == 32
    assert first.salt != second.salt
    assert "salt" not in repr(first)
    assert salted_digest("Qual?", first.salt) != salted_digest("Qual?", second.salt)


def test_a_whole_chain_has_no_fault() -> None:
    entries = a_chain(3)
    published = {1: entries[0].hash, 3: entries[2].hash}
    assert verify(CHAIN, entries, head_of(entries), published) is None
    assert verify(CHAIN, [], None, {}) is None


def test_the_first_fault_is_named_with_its_reason() -> None:
    entries = a_chain(3)
    head = head_of(entries)

    def fault(
        changed: list[AuditEntry], head: ChainHead | None = head, published: dict[int, bytes] | None = None
    ) -> Fault | None:
        return verify(CHAIN, changed, head, published or {})

    falsified = replace(entries[1], record="{}")
    assert fault([entries[0], falsified, entries[2]]) == Fault(number=2, reason=FaultReason.WRONG_HASH)
    redone = replace(falsified, hash=falsified.computed_hash())
    assert fault([entries[0], redone, entries[2]]) == Fault(number=3, reason=FaultReason.WRONG_LINK)
    assert fault([entries[0], entries[2]]) == Fault(number=2, reason=FaultReason.MISSING)
    assert fault([entries[0], entries[0]]) == Fault(number=1, reason=FaultReason.OUT_OF_ORDER)
    assert fault(entries[:2]) == Fault(number=3, reason=FaultReason.MISSING)
    assert fault(entries, head_of(entries[:2])) == Fault(number=3, reason=FaultReason.NOT_THE_HEAD)
    assert fault(entries, None) == Fault(number=3, reason=FaultReason.NOT_THE_HEAD)
    assert fault(entries, head, {2: GENESIS}) == Fault(number=2, reason=FaultReason.NOT_AS_PUBLISHED)
    assert fault(entries, head, {4: GENESIS}) == Fault(number=4, reason=FaultReason.MISSING)


def test_an_entry_of_another_chain_is_found() -> None:
    (entry,) = a_chain(1)
    assert verify(PrefeituraId(uuid4()), [entry], None, {}) == Fault(number=1, reason=FaultReason.WRONG_HASH)


def test_published_heads_are_read_from_a_file_or_an_e_mail() -> None:
    head = head_of(a_chain(2))
    line = published_line(head, AT)
    assert read_published(["Guarde esta mensagem.", "", f"  {line}", line]) == {CHAIN: {2: head.hash}}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["nada"],
        ["{"],
        ['{"cadeia": 1, "numero": 1, "hash": "00"}'],
        ['{"cadeia": "11111111-2222-3333-4444-555555555555", "numero": 1}'],
        ["{" + '"a":[' * 100_000],
        [
            json.dumps({"cadeia": str(CHAIN), "numero": 1, "hash": "00" * 32}),
            json.dumps({"cadeia": str(CHAIN), "numero": 1, "hash": "11" * 32}),
        ],
    ],
)
def test_what_holds_no_heads_is_refused(lines: list[str]) -> None:
    with pytest.raises(InvalidInput):
        read_published(lines)
