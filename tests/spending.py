"""Tokens spent as the program spends them: reserved, charged to a message, settled, in one prefeitura."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from balcao.application.alerts import QuotaAlerts
from balcao.application.metering import Metering
from balcao.domain.alerts import Channel
from balcao.domain.chat import ChatSession, Message, MessageRole, TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer
from balcao.domain.ids import MessageId, PrefeituraId, SessionId, UsuarioId
from balcao.domain.prices import Prices
from balcao.infrastructure.database.database import Database
from tests.factories import NO_PRICES
from tests.fakes import FakeClock

MODEL = "gpt-4o-mini"


@dataclass(kw_only=True)
class Spender:
    """Spends in a database at the time of ``clock``."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    prices: Prices = NO_PRICES
    channels: tuple[Channel, ...] = ()

    async def spend(
        self,
        prefeitura_id: PrefeituraId,
        tokens: int,
        *,
        usuario_id: UsuarioId | None = None,
        model: str = MODEL,
        estimated: bool = False,
    ) -> MessageId:
        """An answered question that cost this much, all of it for the prompt; the answer's id."""
        metering = Metering(self.prices, QuotaAlerts(self.channels), self.clock, life=timedelta(minutes=5))
        usage = TokenUsage(prompt_tokens=tokens, completion_tokens=0, estimated=estimated)
        charge = Charge(kind=ChargeKind.ANSWER, model=model, usage=usage)
        async with self.database.tenant(prefeitura_id, usuario_id) as work:
            session_id = (
                await work.sessions.save_session(
                    ChatSession(id=SessionId(uuid4()), prefeitura_id=prefeitura_id, usuario_id=usuario_id)
                )
            ).id
            answer = Message(
                id=MessageId(uuid4()),
                prefeitura_id=prefeitura_id,
                session_id=session_id,
                role=MessageRole.ASSISTANT,
                content="Vinte dias.",
                usage=usage,
            )
            await work.messages.save_message(answer)
            consumer = Consumer(
                prefeitura_id=prefeitura_id, usuario_id=usuario_id, session_id=session_id, message_id=answer.id
            )
            reservation = await metering.reserve(work, consumer, least=1, most=tokens, first_call=None)
            assert reservation is not None
            closure = await metering.close(work, reservation, [charge])
            await metering.settle(work, closure, consumer, questions=1)
        return answer.id
