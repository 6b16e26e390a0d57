"""Which documents of the collection are asked for."""

from dataclasses import dataclass
from datetime import date

from balcao.domain.acts import ActKind
from balcao.domain.document import DocumentState
from balcao.domain.ente import Ente


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Documents of which everything given holds; None asks nothing.

    ``words`` must all be in the title, whatever case and accents. ``in_force`` says whether the document is to be in
    force on ``day`` or is not to be.
    """

    words: tuple[str, ...] = ()
    ente: Ente | None = None
    tag: str | None = None
    act_kind: ActKind | None = None
    act_number: str | None = None
    act_year: int | None = None
    state: DocumentState | None = None
    in_force: bool | None = None
    day: date | None = None
