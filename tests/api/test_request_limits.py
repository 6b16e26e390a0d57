"""What a request may send, and how long it may take, seen from the application's side."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

import pytest
from starlette.types import Message, Receive, Scope, Send

from balcao.interface.api.request_limits import MAX_HEAD_BYTES, MAX_HEADERS, BodyLimits, RequestLimits

LIMIT = 100
LIMITS = BodyLimits(max_bytes=LIMIT, max_seconds=30)
CHUNKED = (b"transfer-encoding", b"chunked")


class Sender:
    """A client that sends these pieces, and then nothing more."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True, leaves: bool = False) -> None:
        pieces = list(pieces)
        self._messages: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) or not ends}
            for number, piece in enumerate(pieces, start=1)
        ]
        if leaves:
            self._messages.append({"type": "http.disconnect"})
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)


class Application:
    """Reads the body that it is given and says so."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert not message["more_body"]
        self.body = message["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def status_and_body(
    sender: Sender, *headers: tuple[bytes, bytes], limits: BodyLimits = LIMITS
) -> tuple[int | None, str | None, bytes | None]:
    """The status of the answer, its error code, and the body that reached the application."""
    application, sent = Application(), []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/x", "query_string": b"", "headers": list(headers)}
    await RequestLimits(application, limits)(scope, sender.receive, send)
    if not sent:
        return None, None, application.body
    code = json.loads(sent[1]["body"])["detail"]["error_code"] if sent[1]["body"] else None
    return sent[0]["status"], code, application.body


def announced(size: int) -> tuple[bytes, bytes]:
    return (b"content-length", str(size).encode())


async def test_a_body_announced_as_too_large_is_refused_before_it_is_read() -> None:
    sender = Sender([b"x"])
    assert await status_and_body(sender, announced(LIMIT + 1)) == (413, "payload_too_large", None)
    assert sender.asked == 0


@pytest.mark.parametrize("headers", [announced(LIMIT), CHUNKED], ids=["announced", "in chunks"])
async def test_a_body_of_the_limit_arrives_whole(headers: tuple[bytes, bytes]) -> None:
    pieces = [b"a" * 60, b"b" * 40]
    assert await status_and_body(Sender(pieces), headers) == (200, None, b"".join(pieces))


@pytest.mark.parametrize("headers", [CHUNKED, announced(LIMIT), (b"content-length", b"-1")])
async def test_a_body_that_passes_the_limit_is_read_no_further(headers: tuple[bytes, bytes]) -> None:
    sender = Sender([b"x" * 60] * 50)
    assert await status_and_body(sender, headers) == (413, "payload_too_large", None)
    assert sender.asked == 2


async def test_a_request_without_a_body_is_not_waited_for() -> None:
    sender = Sender([b""])
    assert await status_and_body(sender) == (200, None, b"")
    assert sender.asked == 0


async def test_a_body_that_takes_too_long_is_answered_408() -> None:
    limits = BodyLimits(max_bytes=LIMIT, max_seconds=0.05)
    assert await status_and_body(Sender([b"x"], ends=False), CHUNKED, limits=limits) == (408, "request_too_slow", None)


async def test_a_body_that_trickles_is_answered_408_long_before_the_deadline() -> None:
    limits = BodyLimits(max_bytes=LIMIT, max_seconds=3600, grace_seconds=0.05)
    async with asyncio.timeout(30):
        answer = await status_and_body(Sender([b"x" * 10], ends=False), CHUNKED, limits=limits)
    assert answer == (408, "request_too_slow", None)


async def test_what_has_arrived_earns_more_time() -> None:
    async def patient() -> AsyncIterator[Message]:
        yield {"type": "http.request", "body": b"x" * 50, "more_body": True}
        await asyncio.sleep(0.1)
        yield {"type": "http.request", "body": b"y", "more_body": False}

    sender, messages = Sender([]), patient()
    sender.receive = messages.__anext__  # type: ignore[method-assign, assignment]
    limits = BodyLimits(max_bytes=LIMIT, max_seconds=3600, grace_seconds=0.02, least_bytes_per_second=1)
    assert (await status_and_body(sender, CHUNKED, limits=limits))[0] == 200


async def test_who_leaves_before_the_end_reaches_nothing() -> None:
    assert await status_and_body(Sender([b"x"], ends=False, leaves=True), CHUNKED) == (None, None, None)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-long", b"a" * MAX_HEAD_BYTES)],
        [(b"x-%d" % number, b"a" * 1024) for number in range(16)],
        [(b"x-many", b"")] * (MAX_HEADERS + 1),
    ],
    ids=["one long", "together long", "many"],
)
async def test_a_head_that_is_too_large_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert await status_and_body(Sender([b""]), *headers) == (431, "request_head_too_large", None)


async def test_a_large_head_may_pass() -> None:
    headers = [(b"x-%03d" % number, b"a" * 150) for number in range(MAX_HEADERS)]
    assert (await status_and_body(Sender([b""]), *headers))[0] == 200
