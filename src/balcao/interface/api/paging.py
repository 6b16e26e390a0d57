"""Lists by page: one shape, and an opaque cursor that leads to the next page."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from balcao.domain.errors import InvalidInput

Item = TypeVar("Item")
View = TypeVar("View")

LimitQuery = Annotated[int, Query(ge=1, le=100, description="Quantos itens por página.")]
CursorQuery = Annotated[
    str | None, Query(max_length=200, description="O `proximo` da página anterior; sem ele, a primeira página.")
]
PAGE_SIZE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND = 10**16
_LARGEST_NUMBER = 2**63 - 1


class PageView(BaseModel, Generic[View]):
    """A page of a list; ``proximo`` is the cursor of the next one, null on the last."""

    itens: list[View]
    proximo: str | None


def page_of(
    found: Sequence[Item], limit: int, view: Callable[[Item], View], mark: Callable[[Item], UUID | datetime | int]
) -> PageView[View]:
    """The page of what was found, when one item more than ``limit`` was asked for.

    ``mark`` is what the next page is asked by: the id of an item, its instant or its number.
    """
    kept = found[:limit]
    following = _cursor(mark(kept[-1])) if len(found) > limit else None
    return PageView(itens=[view(item) for item in kept], proximo=following)


def id_in(cursor: str | None) -> UUID | None:
    """The id that a cursor holds.

    Raises:
        InvalidInput: it is none of ours.
    """
    content = _content(cursor)
    try:
        return None if content is None else UUID(bytes=content)
    except ValueError as error:
        raise _foreign() from error


def instant_in(cursor: str | None) -> datetime | None:
    """The instant that a cursor holds.

    Raises:
        InvalidInput: it is none of ours.
    """
    content = _content(cursor)
    if content is None:
        return None
    microseconds = int.from_bytes(content)
    if microseconds > _LAST_MICROSECOND:
        raise _foreign()
    return _EPOCH + timedelta(microseconds=microseconds)


def number_in(cursor: str | None) -> int | None:
    """The number that a cursor holds.

    Raises:
        InvalidInput: it is none of ours.
    """
    content = _content(cursor)
    if content is None:
        return None
    number = int.from_bytes(content)
    if number > _LARGEST_NUMBER:
        raise _foreign()
    return number


def _cursor(mark: UUID | datetime | int) -> str:
    match mark:
        case UUID():
            content = mark.bytes
        case datetime():
            content = ((mark - _EPOCH) // timedelta(microseconds=1)).to_bytes(8)
        case int():
            content = mark.to_bytes(8)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _content(cursor: str | None) -> bytes | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _foreign() from error


def _foreign() -> InvalidInput:
    return InvalidInput("Este cursor não é válido; use o proximo da página anterior, como veio.", param="cursor")
