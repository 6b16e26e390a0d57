"""The quota rule: what a prefeitura may still spend in a period, and what that means in questions."""

from dataclasses import dataclass
from datetime import datetime

from balcao.domain.errors import InvalidInput
from balcao.domain.ids import CreditId, PrefeituraId, UsuarioId
from balcao.domain.period import Period
from balcao.domain.text import require_storable

TOKENS_OF_A_QUESTION = 3_300
"""What a question is taken to cost before the prefeitura has an average of its own: some 2,900 tokens of passages and
conversation and a third of the longest answer. The default quota of 10,000 is then about three answers (ADR 017)."""

_LARGEST_CREDIT = 10**15
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Tokens that the limit is raised by from one instant until before another.

    An extra credit lasts until its period's end; a temporary raise may last longer, and raises each period's limit.
    """

    id: CreditId
    prefeitura_id: PrefeituraId
    tokens: int
    reason: str
    valid_from: datetime
    valid_until: datetime
    created_by: UsuarioId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaBalance:
    """A prefeitura's tokens in one period: ``quota`` of each month, ``extra`` by credits that are valid now, ``used``
    as settled, ``reserved`` for what is being answered. ``used`` may pass the limit: a settlement records the truth.

    ``known_tokens`` were spent on ``known_questions`` answers of this period and the one before: the average.
    """

    prefeitura_id: PrefeituraId
    period: Period
    quota: int
    extra: int = 0
    used: int = 0
    reserved: int = 0
    known_tokens: int = 0
    known_questions: int = 0

    @property
    def limit(self) -> int:
        """What may be spent in the period."""
        return self.quota + self.extra

    @property
    def left(self) -> int:
        """What may still be reserved."""
        return max(0, self.limit - self.used - self.reserved)

    @property
    def has_average(self) -> bool:
        """Whether the prefeitura has answers to take an average from."""
        return self.known_questions > 0

    @property
    def tokens_of_a_question(self) -> int:
        """What a question costs on average; an assumption before there are any."""
        return max(1, -(-self.known_tokens // self.known_questions)) if self.has_average else TOKENS_OF_A_QUESTION

    @property
    def questions_left(self) -> int:
        """How many more questions what is left should do for."""
        return self.left // self.tokens_of_a_question

    def affordable(self, *, least: int, most: int) -> int | None:
        """How much to reserve: ``most``, or what is left of it; None when not even ``least`` is."""
        return min(most, self.left) if self.left >= least else None

    def in_words(self) -> str:
        """What is left, as people are told."""
        until = f"{self.period.end:%d/%m/%Y}"
        if not self.questions_left:
            return f"A quota deste mês está no fim; ela se renova em {until}."
        number = f"{self.questions_left:,}".replace(",", ".")
        left = f"cerca de {number} perguntas" if self.questions_left > 1 else "cerca de uma pergunta"
        if self.has_average:
            return f"Resta quota para {left} este mês, até {until}."
        assumed = f"{TOKENS_OF_A_QUESTION:,}".replace(",", ".")
        return (
            f"Resta quota para {left} este mês, até {until}: uma estimativa com {assumed} tokens por pergunta, "
            "enquanto a prefeitura não tem média própria."
        )


def check_credit(credit: Credit) -> Credit:
    """The credit, fit to be kept, its reason without surrounding space.

    Raises:
        InvalidInput, InvalidText: the tokens, the reason or the time is not possible.
    """
    require_storable(credit.reason, param="motivo")
    if not 0 < credit.tokens <= _LARGEST_CREDIT:
        raise InvalidInput(f"O crédito vai de 1 a {_LARGEST_CREDIT} tokens.", param="tokens")
    if not 0 < len(credit.reason.strip()) <= _LONGEST_REASON:
        raise InvalidInput(f"Diga o motivo do crédito em até {_LONGEST_REASON} caracteres.", param="motivo")
    if credit.valid_until <= credit.valid_from:
        raise InvalidInput("O aumento temporário precisa terminar depois de agora.", param="ate")
    return credit
