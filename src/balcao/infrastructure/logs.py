"""Structured logs: one JSON object a line on standard error."""

import logging
import sys
import traceback
from pathlib import Path

import structlog
from structlog.typing import EventDict, WrappedLogger

_MOST_CAUSES = 5
_MOST_FRAMES = 8
_OWN = str(Path(__file__).parents[1])


def configure_logs(level: str) -> None:
    """Send our events, and other libraries' warnings, to standard error at this level."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tell_where,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_name: structlog.PrintLogger(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _tell_where(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """In an exception's place, which it is, what it came of, and the lines it came through.

    Not what it says: that may hold a person's words, or a secret.
    """
    if not event.pop("exc_info", False):
        return event
    error = sys.exception()
    causes: list[dict[str, object]] = []
    while error is not None and len(causes) < _MOST_CAUSES:
        where = _own_frames(error)
        causes.append({"type": f"{type(error).__module__}.{type(error).__qualname__}", "where": where})
        error = error.__cause__ or error.__context__
    event["exception"] = causes
    return event


def _own_frames(error: BaseException) -> list[str]:
    """The lines of this program that it came through, and the one that raised it, whosever that is."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames[:-1] if frame.filename.startswith(_OWN)]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in (*own[-_MOST_FRAMES:], *frames[-1:])]
