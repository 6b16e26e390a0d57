"""What a prefeitura spent between two days, by day, by person or by model; and whether the books agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.period import Period

LONGEST_RANGE = timedelta(days=366)
_YEARS = range(2000, 3000)


class Grouping(StrEnum):
    """What a row of a report is about."""

    DAY = "dia"
    PERSON = "usuario"
    MODEL = "modelo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """Tokens and what they cost. ``reais`` is the cost of all tokens but the ``unpriced`` ones, whose model's price is
    not known; ``estimated`` tokens were not counted by the provider. ``questions`` are those that spent something.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    unpriced: int = 0
    questions: int = 0
    reais: Decimal = Decimal(0)

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost(self) -> Decimal | None:
        """The cost in reais; None when the price of some of the tokens is not known."""
        return None if self.unpriced else self.reais


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionRow:
    """What was spent on a day in Brasília, by a person, or with a model: the one that the report is grouped by.

    By person, a row without ``usuario_id`` is that of conversations without a login and of programs.
    """

    consumed: Consumed
    day: date | None = None
    usuario_id: UsuarioId | None = None
    nome: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """The days from ``first`` to ``last``, both included, in Brasília."""

    first: date
    last: date

    @property
    def starts_at(self) -> datetime:
        """The first instant of the first day."""
        return Period(start=self.first, end=self.last).starts_at

    @property
    def ends_at(self) -> datetime:
        """The first instant after the last day."""
        return Period(start=self.first, end=self.last + timedelta(days=1)).ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionReport:
    """The rows of a prefeitura's report and their sum. A question that used two models counts once in the sum."""

    days: DayRange
    grouping: Grouping
    rows: Sequence[ConsumptionRow]
    total: Consumed


class Book(StrEnum):
    """What the ledger must agree with."""

    LIFETIME = "total da prefeitura"
    PERIOD = "período"
    MESSAGE = "mensagem"
    RESERVED = "reservado do período"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A number that is not what it should be: ``found`` stands in the book, ``expected`` follows from the ledger, or,
    for what is reserved, from the open reservations. ``subject`` says which period or message it is.
    """

    prefeitura_id: PrefeituraId
    slug: str
    book: Book
    subject: str
    expected: int
    found: int

    def in_words(self) -> str:
        """What an operator is told."""
        source = "as reservas abertas somam" if self.book is Book.RESERVED else "o razão soma"
        subject = f" {self.subject}" if self.subject else ""
        return f"{self.slug}: {self.book}{subject} diz {self.found} tokens; {source} {self.expected}."


def check_days(first: date, last: date) -> DayRange:
    """The days of a report.

    Raises:
        InvalidInput: they are in the wrong order, too many, or of another millennium.
    """
    for day, param in ((first, "de"), (last, "ate")):
        if day.year not in _YEARS:
            raise InvalidInput("O ano vai de 2000 a 2999.", param=param)
    if last < first:
        raise InvalidInput('O fim ("ate") vem antes do começo ("de"); troque um pelo outro.', param="ate")
    if last - first >= LONGEST_RANGE:
        raise InvalidInput(f"Peça no máximo {LONGEST_RANGE.days} dias de cada vez.", param="de")
    return DayRange(first=first, last=last)
