"""From when until when a document is in force (vigência), and what revoked it."""

from dataclasses import dataclass
from datetime import date

from balcao.domain.errors import InvalidInput
from balcao.domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Days are inclusive; None is without a known beginning or end.

    What was revoked on a day that nobody noted (``revoked_by`` without ``end``) is not in force on any day: an answer
    must not rest on it.
    """

    start: date | None = None
    end: date | None = None
    revoked_by: DocumentId | None = None

    def __post_init__(self) -> None:
        """Raises:
        InvalidInput: it would end before it begins.
        """
        if self.start and self.end and self.end < self.start:
            raise InvalidInput("A vigência termina antes de começar; confira as duas datas.", param="vigente_ate")

    def completed_by(self, older: "Validity") -> "Validity":
        """What this one states, and what only an older one does; an older day that contradicts this one is dropped."""
        start, end = self.start or older.start, self.end or older.end
        if start and end and end < start:
            start, end = self.start, self.end
        return Validity(start=start, end=end, revoked_by=self.revoked_by or older.revoked_by)

    def holds_on(self, day: date) -> bool:
        """Whether the document is in force on this day."""
        if self.start and day < self.start:
            return False
        return day <= self.end if self.end else self.revoked_by is None
