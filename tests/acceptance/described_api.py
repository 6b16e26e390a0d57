"""The API as its OpenAPI describes it, so that a new route joins a check by itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import uuid4

import httpx
from fastapi import FastAPI

Json = dict[str, object]
Schema = Mapping[str, object]

QUESTION = "Qual o prazo para responder ao pedido de acesso à informação?"
PASSWORD = "uma senha comprida"
_SAMPLES: dict[str, Callable[[], object]] = {
    "message": lambda: QUESTION,
    "query": lambda: "prazo da resposta",
    "nome": lambda: "Ana Lima",
    "email": lambda: f"{uuid4().hex[:12]}@exemplo.org",
    "slug": lambda: f"cidade-{uuid4().hex[:12]}",
    "uf": lambda: "SC",
    "file_name": lambda: "lei.txt",
    "sha256": lambda: uuid4().hex * 2,
    "ente": lambda: "SC",
    "ibge": lambda: "4211504",
    "senha": lambda: PASSWORD,
    "senha_nova": lambda: PASSWORD,
    "senha_atual": lambda: PASSWORD,
}
"""Values of fields whose schema does not say enough to invent one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter, or a property of a JSON body; ``where`` is path, query, header or body."""

    where: str
    name: str
    required: bool
    schema: Schema = field(hash=False)

    @property
    def is_text(self) -> bool:
        """Whether it takes any string, within its length."""
        return self.schema.get("type") == "string" and "enum" not in self.schema

    @property
    def is_id(self) -> bool:
        """Whether it takes an id."""
        return self.schema.get("format") == "uuid"

    @property
    def is_object(self) -> bool:
        """Whether it takes a JSON object of whatever shape."""
        return self.schema.get("type") == "object"

    def sample(self) -> object:
        """A value that its schema allows."""
        if self.name in _SAMPLES:
            return _SAMPLES[self.name]()
        if self.is_id:
            return str(uuid4())
        if "enum" in self.schema:
            values = self.schema["enum"]
            assert isinstance(values, list)
            return values[0]
        if self.schema.get("format") == "date":
            return "2024-12-31"
        samples = {"integer": self.schema.get("minimum", 1), "boolean": True, "object": {}, "array": []}
        return samples.get(str(self.schema.get("type")), "texto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path, with all that it takes."""

    method: str
    path: str
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def takes_key(self) -> bool:
        """Whether it honours an Idempotency-Key."""
        return any(item.name == "Idempotency-Key" for item in self.fields)

    def of(self, where: str) -> list[Field]:
        """The fields that stand there."""
        return [item for item in self.fields if item.where == where]

    def url(self, path: Mapping[str, str], query: Mapping[str, str] | None = None) -> str:
        """The address with these values, and samples where none is given."""
        address = self.path
        for item in self.of("path"):
            address = address.replace(f"{{{item.name}}}", quote(path.get(item.name, str(item.sample())), safe=""))
        return str(httpx.URL(address, params=query)) if query else address

    def bodies(self) -> Iterator[Json | None]:
        """A body with the required properties alone, and one with each optional one besides; None without a body."""
        properties = self.of("body")
        if not properties:
            yield None
            return
        required = [item for item in properties if item.required]
        for optional in (None, *(item for item in properties if not item.required)):
            yield {item.name: item.sample() for item in (*required, *((optional,) if optional else ()))}


def operations_of(app: FastAPI) -> list[Operation]:
    """Every documented operation."""
    document = app.openapi()
    schemas = document["components"]["schemas"]
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            fields = [
                Field(
                    where=item["in"],
                    name=item["name"],
                    required=item.get("required", False),
                    schema=_plain(item["schema"], schemas),
                )
                for item in operation.get("parameters", ())
            ]
            body = operation.get("requestBody", {"content": {}})["content"].get("application/json", {"schema": {}})
            fields += _properties(_plain(body["schema"], schemas), schemas)
            found.append(Operation(method=method.upper(), path=path, fields=tuple(fields)))
    return found


def _properties(body: Schema, schemas: Mapping[str, Schema]) -> list[Field]:
    properties, required = body.get("properties", {}), body.get("required", [])
    assert isinstance(properties, Mapping)
    assert isinstance(required, list)
    return [
        Field(where="body", name=name, required=name in required, schema=_plain(schema, schemas))
        for name, schema in properties.items()
    ]


def _plain(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The schema that a reference leads to, and that of the value where it may also be null."""
    if isinstance(reference := schema.get("$ref"), str):
        return _plain(schemas[reference.rpartition("/")[2]], schemas)
    if isinstance(choices := schema.get("anyOf"), list):
        return _plain(next(choice for choice in choices if choice.get("type") != "null"), schemas)
    return schema
