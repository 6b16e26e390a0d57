"""A provider that charges: OpenAI's protocol on the loopback interface, with a bill."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from balcao.domain.document import EMBEDDING_DIMENSIONS

OK = 200
NEVER = 0
"""The ending of an answer that does not come while the context is open."""

_BYTES_OF_A_TOKEN = 4
_ANSWER_TOKENS = 40
_VECTOR = "[1" + ",0" * (EMBEDDING_DIMENSIONS - 1) + "]"
_COMPLETION = (
    '{"id": "a", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason":'
    ' "stop", "message": {"role": "assistant", "content": "Trinta dias [1]."}}], "usage": {"prompt_tokens": %d,'
    ' "completion_tokens": %d, "total_tokens": %d}}'
)
_EMBEDDING = (
    '{"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": %s}],'
    ' "usage": {"prompt_tokens": %d, "total_tokens": %d}}'
)


class Calls:
    """Counts a provider's calls from its threads; ``enough`` is set in the loop when there were ``wanted``."""

    def __init__(self, wanted: int) -> None:
        self.enough = asyncio.Event()
        self._wanted = wanted
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()

    def __call__(self, _question: str) -> None:
        with self._lock:
            self._wanted -= 1
            if self._wanted <= 0:
                self._loop.call_soon_threadsafe(self.enough.set)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


class PaidProvider:
    """``ending`` says of a question how its answer ends: an HTTP status, or NEVER; ``arrived`` hears of each call.

    ``billed`` are the tokens of answers that were given, by question; what is embedded is billed too, by its text.
    """

    def __init__(
        self, ending: Callable[[str], int] = lambda _question: OK, arrived: Callable[[str], None] = lambda _text: None
    ) -> None:
        self.billed: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._ending = ending
        self._arrived = arrived
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, body: dict[str, object]) -> tuple[int, str]:
        """Status and body, once the answer's time has come."""
        if path.endswith("/embeddings"):
            (text,) = _strings(body["input"])
            tokens = self._bill(text, text, 0)
            return OK, _EMBEDDING % (_VECTOR, tokens, tokens)
        messages = body["messages"]
        assert isinstance(messages, list)
        question = str(messages[-1]["content"])
        self._arrived(question)
        ending = self._ending(question)
        if ending == NEVER:
            self._closing.wait()
        if ending != OK:
            return ending or 500, '{"error": {"message": "no", "type": "error", "code": null}}'
        asked = "".join(str(message["content"]) for message in messages)
        tokens = self._bill(question, asked, _ANSWER_TOKENS)
        return OK, _COMPLETION % (tokens - _ANSWER_TOKENS, _ANSWER_TOKENS, tokens)

    def _bill(self, question: str, sent: str, answered: int) -> int:
        tokens = -(-len(sent.encode()) // _BYTES_OF_A_TOKEN) + answered
        with self._lock:
            self.billed[question] += tokens
            self.calls[question] += 1
        return tokens

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                try:
                    body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    status, text = answer(self.path, body)
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except (ConnectionError, json.JSONDecodeError):
                    self.close_connection = True  # the client had given up, or was killed

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
