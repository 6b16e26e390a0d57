"""What is told of a file that comes in, from a form or from JSON, as the use case wants it."""

from pathlib import Path

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from balcao.application.ports import MunicipalityDirectory
from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.document_description import checked_tags, checked_title
from balcao.domain.ente_recognition import parse_ente
from balcao.domain.identity import Principal
from balcao.domain.ids import DocumentId
from balcao.domain.text import require_storable
from balcao.domain.validity import Validity
from balcao.interface.api.document_schemas import DescriptionBody
from balcao.interface.api.multipart import FILE_FIELD

_MANY = "tags"


def description_in(fields: dict[str, list[str]]) -> DescriptionBody:
    """The description that a form's fields are: empty ones are not there, tags are separated by commas.

    Raises:
        RequestValidationError: a field has another shape, or is given twice.
    """
    given = {name: value for name, values in fields.items() if (value := [item for item in values if item.strip()])}
    tags = [tag for item in given.pop(_MANY, []) for tag in item.split(",") if tag.strip()]
    repeated = [name for name, values in given.items() if len(values) > 1]
    if repeated:
        raise RequestValidationError(
            [{"type": "repeated", "loc": ("body", name), "msg": "Field given more than once"} for name in repeated]
        )
    values: dict[str, object] = {name: item[0] for name, item in given.items()}
    try:
        return DescriptionBody.model_validate(values | {_MANY: tags})
    except ValidationError as error:
        problems = [item | {"loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(problems) from error


def file_to_ingest(
    path: Path, file_name: str, told: DescriptionBody, directory: MunicipalityDirectory, principal: Principal
) -> RegisterRequest:
    """The file with what is told of it, and who brings it.

    Raises:
        InvalidInput, InvalidText: what is told cannot be kept.
        InvalidEnte: the ente is none.
    """
    source = (told.source or "").strip()
    require_storable(source, param="source")
    return RegisterRequest(
        path=path,
        file_name=file_name,
        source=source or None,
        title=checked_title(told.title) if told.title is not None else None,
        ente=parse_ente(told.ente, directory) if told.ente is not None else None,
        tags=checked_tags(told.tags),
        validity=Validity(
            start=told.vigente_de,
            end=told.vigente_ate,
            revoked_by=DocumentId(told.revogado_por) if told.revogado_por else None,
        ),
        confirm=told.confirmar,
        principal=principal,
    )


def form_schema() -> dict[str, object]:
    """The form as OpenAPI describes it: the file, and the description's fields."""
    described = DescriptionBody.model_json_schema()
    file = {"type": "string", "format": "binary", "description": "O documento."}
    tags = {"type": "string", "description": "Etiquetas, separadas por vírgula."}
    schema = {
        "type": "object",
        "properties": {FILE_FIELD: file} | described["properties"] | {_MANY: tags},
        "required": [FILE_FIELD],
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
