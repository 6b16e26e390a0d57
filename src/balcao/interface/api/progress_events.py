"""How far a document is, as Server-Sent Events (HTML Living Standard, 9.2)."""

import asyncio
from collections.abc import AsyncIterator

from fastapi.sse import EventSourceResponse, format_sse_event

from balcao.application.use_cases.read_ingestion import IngestionStatus, ReadIngestionUseCase
from balcao.domain.errors import BalcaoError
from balcao.interface.api.document_schemas import StatusView

PROGRESS_EVENTS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Eventos `progresso`, `fim` e `erro`; os dados dos dois primeiros são os de `/status`.",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "properties": {"event": {"enum": ["progresso", "fim", "erro"]}, "data": {"type": "string"}},
                }
            }
        },
    }
}
_SECONDS_BETWEEN_LOOKS = 0.5
_MOST_LOOKS = 1200
"""Ten minutes: whoever still waits then connects again, as browsers do by themselves."""
_LOOKS_BETWEEN_SIGNS = 30
"""Proxies close a connection on which nothing moves, commonly after a minute."""
_SIGN_OF_LIFE = b": ...\n\n"


def progress_events(first: IngestionStatus, read: ReadIngestionUseCase) -> EventSourceResponse:
    """One event for what is known, one for each change, and a last one when nothing more will change."""
    return EventSourceResponse(_events(first, read))


async def _events(status: IngestionStatus, read: ReadIngestionUseCase) -> AsyncIterator[bytes]:
    told = ""
    for look in range(_MOST_LOOKS):
        known = StatusView.of(status).model_dump_json()
        if status.job is None or status.job.is_final:
            yield format_sse_event(event="fim", data_str=known)
            return
        if known != told:
            told = known
            yield format_sse_event(event="progresso", data_str=known)
        elif look % _LOOKS_BETWEEN_SIGNS == 0:
            yield _SIGN_OF_LIFE
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        try:
            status = await read.execute(status.document.id)
        except BalcaoError as error:  # the answer has begun: its status can say nothing any more
            yield format_sse_event(event="erro", data_str=error.message)
            return
