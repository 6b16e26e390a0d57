"""Bodies of requests and responses about consumption, quotas and alerts."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from balcao.application.use_cases.read_quota import QuotaStatement
from balcao.domain.alerts import AlertDelivery, Channel, DeliveryState, QuotaAlert
from balcao.domain.consumption_report import Consumed, ConsumptionReport, ConsumptionRow, Grouping
from balcao.domain.period import Period
from balcao.domain.quota import Credit


class ConsumedView(BaseModel):
    """Tokens and their cost in reais, as decimal text; ``custo_reais`` is null where a model's price is not known."""

    tokens_prompt: int
    tokens_resposta: int
    tokens: int
    tokens_estimados: int
    perguntas: int
    custo_reais: str | None
    custo_conhecido_reais: str
    tokens_sem_preco: int

    @classmethod
    def of(cls, consumed: Consumed) -> "ConsumedView":
        """The sums."""
        known = f"{consumed.reais:.10f}"
        return cls(
            tokens_prompt=consumed.prompt_tokens,
            tokens_resposta=consumed.completion_tokens,
            tokens=consumed.tokens,
            tokens_estimados=consumed.estimated,
            perguntas=consumed.questions,
            custo_reais=None if consumed.cost is None else known,
            custo_conhecido_reais=known,
            tokens_sem_preco=consumed.unpriced,
        )


class ConsumptionRowView(ConsumedView):
    """The sums of a day, of a person or of a model: the other two are null, as is the person nobody logged in as."""

    dia: date | None
    usuario_id: UUID | None
    nome: str | None
    modelo: str | None

    @classmethod
    def of_row(cls, row: ConsumptionRow) -> "ConsumptionRowView":
        """The row."""
        sums = ConsumedView.of(row.consumed).model_dump()
        return cls(dia=row.day, usuario_id=row.usuario_id, nome=row.nome, modelo=row.model, **sums)


class ConsumptionView(BaseModel):
    """What was spent from one day to another, both included."""

    de: date
    ate: date
    por: Grouping
    linhas: list[ConsumptionRowView]
    total: ConsumedView

    @classmethod
    def of(cls, report: ConsumptionReport) -> "ConsumptionView":
        """The report."""
        return cls(
            de=report.days.first,
            ate=report.days.last,
            por=report.grouping,
            linhas=[ConsumptionRowView.of_row(row) for row in report.rows],
            total=ConsumedView.of(report.total),
        )


class PeriodView(BaseModel):
    """The days from ``inicio`` until before ``fim``."""

    inicio: date
    fim: date

    @classmethod
    def of(cls, period: Period) -> "PeriodView":
        """The period."""
        return cls(inicio=period.start, fim=period.end)


class CreditView(BaseModel):
    """A credit, valid from one instant until before another."""

    id: UUID
    tokens: int
    motivo: str
    vale_de: datetime
    vale_ate: datetime

    @classmethod
    def of(cls, credit: Credit) -> "CreditView":
        """The credit."""
        return cls(
            id=credit.id,
            tokens=credit.tokens,
            motivo=credit.reason,
            vale_de=credit.valid_from,
            vale_ate=credit.valid_until,
        )


class QuotaView(BaseModel):
    """The current period of a prefeitura, in tokens; ``acaba_em`` is null where the limit should last."""

    periodo: PeriodView
    dia_contrato: int
    ativo: bool
    quota_tokens: int
    creditos_tokens: int
    limite: int
    usado: int
    reservado: int
    resta: int
    perguntas_restantes: int
    em_palavras: str
    acaba_em: date | None
    creditos: list[CreditView]

    @classmethod
    def of(cls, statement: QuotaStatement) -> "QuotaView":
        """The statement."""
        balance = statement.balance
        return cls(
            periodo=PeriodView.of(balance.period),
            dia_contrato=statement.prefeitura.dia_contrato,
            ativo=statement.prefeitura.ativo,
            quota_tokens=balance.quota,
            creditos_tokens=balance.extra,
            limite=balance.limit,
            usado=balance.used,
            reservado=balance.reserved,
            resta=balance.left,
            perguntas_restantes=balance.questions_left,
            em_palavras=balance.in_words(),
            acaba_em=statement.exhaustion,
            creditos=[CreditView.of(credit) for credit in statement.credits],
        )


class EditQuotaBody(BaseModel):
    """Changes to a quota; what is absent or null stays."""

    quota_tokens: Annotated[int, Field(ge=0, le=10**15)] | None = None
    dia_contrato: Annotated[int, Field(ge=1, le=31)] | None = None


class CreditBody(BaseModel):
    """A credit; ``ate`` is the last day of a temporary raise, without it the credit is for this period."""

    tokens: Annotated[int, Field(ge=1, le=10**15)]
    motivo: Annotated[str, Field(max_length=300)]
    ate: date | None = None


class DeliveryView(BaseModel):
    """An alert's way out of the installation."""

    canal: Channel
    estado: DeliveryState
    tentativas: int
    entregue_em: datetime | None
    erro: str | None

    @classmethod
    def of(cls, delivery: AlertDelivery) -> "DeliveryView":
        """The delivery."""
        return cls(
            canal=delivery.channel,
            estado=delivery.state,
            tentativas=delivery.attempts,
            entregue_em=delivery.delivered_at,
            erro=delivery.error,
        )


class AlertView(BaseModel):
    """An alert, with used tokens and limit as they were then."""

    id: UUID
    periodo: PeriodView
    limiar: int
    usado: int
    limite: int
    acaba_em: date | None
    em_palavras: str
    criado_em: datetime
    entregas: list[DeliveryView]

    @classmethod
    def of(cls, alert: QuotaAlert) -> "AlertView":
        """The alert."""
        return cls(
            id=alert.id,
            periodo=PeriodView.of(alert.period),
            limiar=alert.threshold,
            usado=alert.used,
            limite=alert.limit,
            acaba_em=alert.exhaustion,
            em_palavras=alert.in_words(),
            criado_em=alert.created_at,
            entregas=[DeliveryView.of(delivery) for delivery in alert.deliveries],
        )
