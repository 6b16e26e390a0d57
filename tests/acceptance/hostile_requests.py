"""Requests with hostile text in every field, parameter and header of every route."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes
from uuid import uuid4

from tests.acceptance.described_api import Field, Json, Operation
from tests.acceptance.hostile_text import BODIES, RAW_STRINGS, TEXTS, VALUES, escaped, literal

INVITATION = "um convite de verdade"
"""Stands in a body for the token of an invitation, which works once."""

_PLACE = "@@@"
_JSON = {b"Content-Type": b"application/json"}
_HEADERS = (
    "Authorization",
    "Cookie",
    "Content-Type",
    "Accept",
    "Idempotency-Key",
    "X-Request-ID",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "Origin",
)
_NOT_IN_A_HEADER = b"\r\n\x00"
_PARTS = 4
_SHORTEST_WRAPPED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileRequest:
    """A request; ``text`` is what it asks to be kept, if anything, and ``nonce`` a part of it to find it by."""

    operation: Operation
    url: str
    headers: dict[bytes, bytes] = field(default_factory=dict)
    template: bytes = b""
    value: bytes = b""
    text: str | None = None
    nonce: str = ""

    @property
    def content(self) -> bytes:
        """The body, written out; some are of many MiB."""
        return self.template.replace(escaped(_PLACE), self.value)


def hostile_requests(operations: Iterable[Operation], ids: Mapping[str, str]) -> Iterator[HostileRequest]:
    """All of them; ``ids`` stand in the paths."""
    for operation in operations:
        yield from _in_address(operation, ids)
        yield from _in_headers(operation, operation.url(ids))
        if operation.of("body"):
            yield from _whole_bodies(operation, operation.url(ids))
        for item in operation.of("body"):
            yield from _in_body(operation, operation.url(ids), item)


def with_texts(
    operation: Operation, url: str, item: Field, texts: Iterable[str], forms: Iterable[Callable[[str], bytes]]
) -> Iterator[HostileRequest]:
    """Bodies in which this field has these texts, each in a nonce where there is room for it."""
    room = item.schema.get("maxLength", _SHORTEST_WRAPPED)
    for text in texts:
        for form in forms:
            nonce = f"zq{uuid4().hex[:8]}" if isinstance(room, int) and room >= _SHORTEST_WRAPPED else ""
            sent = f"{nonce}{text}@exemplo.org" if item.name == "email" else f"{nonce}{text}{nonce}"
            yield HostileRequest(
                operation=operation,
                url=url,
                headers=_JSON,
                template=_template(operation, item),
                value=form(sent),
                text=sent if nonce else None,
                nonce=nonce,
            )


def _in_address(operation: Operation, ids: Mapping[str, str]) -> Iterator[HostileRequest]:
    for item in (*operation.of("path"), *operation.of("query")):
        for text in TEXTS:
            value = quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")
            if item.where == "path":
                place = uuid4().hex
                url = operation.url({**ids, item.name: place}).replace(place, value)
            else:
                url = f"{operation.url(ids)}?{item.name}={value}"
            yield HostileRequest(operation=operation, url=url)


def _in_headers(operation: Operation, url: str) -> Iterator[HostileRequest]:
    """Each header gets its part of the texts, without what no line of HTTP can hold."""
    template = json.dumps(next(operation.bodies())).encode() if operation.of("body") else b""
    for number, name in enumerate(_HEADERS):
        for text in TEXTS[number % _PARTS :: _PARTS]:
            value = text.encode("utf-8", "surrogatepass").translate(None, _NOT_IN_A_HEADER)
            yield HostileRequest(operation=operation, url=url, headers={name.encode(): value}, template=template)


def _whole_bodies(operation: Operation, url: str) -> Iterator[HostileRequest]:
    for kind, content in BODIES:
        headers = {b"Content-Type": kind.encode("latin-1")} if kind is not None else {}
        yield HostileRequest(operation=operation, url=url, headers=headers, template=content)


def _in_body(operation: Operation, url: str, item: Field) -> Iterator[HostileRequest]:
    values = [*VALUES, *RAW_STRINGS]
    if item.is_object:
        values += [b'{"a": [%b], %b: {%b: 1}}' % (text, text, text) for text in map(escaped, TEXTS)]
    for value in values:
        template = _template(operation, item)
        yield HostileRequest(operation=operation, url=url, headers=_JSON, template=template, value=value)
    if item.is_text:
        yield from with_texts(operation, url, item, TEXTS, [escaped, literal])


def _template(operation: Operation, item: Field) -> bytes:
    """A new body that would be accepted, with a place for the field's value."""
    body: Json = {other.name: other.sample() for other in operation.of("body") if other.required}
    if item.name == "senha_nova":
        body["convite"] = INVITATION
    return json.dumps(body | {item.name: _PLACE}).encode()
