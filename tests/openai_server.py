"""A server that speaks enough of OpenAI's protocol for tests: it answers as it is told and keeps what it is asked."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer; ``until`` holds it back until the event is set, ``cut`` ends it in the middle."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    content_type: str = "application/json"
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server was asked."""

    path: str
    body: dict[str, object]
    authorization: str


def chat_reply(text: str | None, *, usage: tuple[int, int] | None = (100, 20)) -> Reply:
    """A chat completion with one choice; ``usage`` is the prompt's and the answer's tokens."""
    body: dict[str, object] = {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "modelo",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return Reply(body=body)


def embeddings_reply(vectors: Mapping[int, list[float]], *, prompt_tokens: int | None = 7) -> Reply:
    """Embeddings by index, in the order of the mapping."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in vectors.items()]
    body: dict[str, object] = {"object": "list", "model": "modelo", "data": data}
    if prompt_tokens is not None:
        body["usage"] = {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}
    return Reply(body=body)


def error_reply(status: int, *, headers: Mapping[str, str] | None = None) -> Reply:
    """An error as OpenAI words it."""
    return Reply(status=status, body={"error": {"message": "no", "type": "error", "code": None}}, headers=headers or {})


class OpenAIServer:
    """Serves on a free port of the loopback interface while the context is open.

    Replies are given in order; the last one is repeated.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._replies: list[Reply] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def reply_with(self, *replies: Reply) -> None:
        self._replies = list(replies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reply in self._replies:
            if reply.until is not None:
                reply.until.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                reply = take(
                    Request(path=self.path, body=json.loads(sent), authorization=self.headers["Authorization"])
                )
                if reply.until is not None:
                    reply.until.wait()
                body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body.encode())))
                    self.end_headers()
                    sent_back = body.encode()
                    self.wfile.write(sent_back[: len(sent_back) // 2] if reply.cut else sent_back)
                    self.close_connection = reply.cut
                except ConnectionError:
                    self.close_connection = True  # the client had given up

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler
