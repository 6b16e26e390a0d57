"""Documents at web addresses: named, limited in size and time, and refused in one sentence."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from balcao.domain.errors import UnreadableFile
from balcao.infrastructure.external.web_download import DownloadLimits, WebDownload

ENDLESS = threading.Event()


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = {
            "/pdf": {"Content-Type": "application/pdf"},
            "/baixar.php": {"Content-Type": "text/html; charset=utf-8"},
            "/nomeado": {
                "Content-Type": "text/plain",
                "Content-Disposition": 'attachment; filename="../../lei 10.txt"',
            },
            "/lei.txt": {"Content-Type": "application/octet-stream"},
            "/grande": {"Content-Type": "text/plain"},
            "/parado": {"Content-Type": "text/plain"},
            "/volta": {"Location": "/volta"},
        }
        if self.path not in answers:
            self.send_error(503)
            return
        self.send_response(302 if self.path == "/volta" else 200)
        for name, value in answers[self.path].items():
            self.send_header(name, value)
        self.end_headers()
        if self.path == "/parado":
            ENDLESS.wait(10)
        self.wfile.write(b"x" * (5000 if self.path == "/grande" else 10))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def site() -> Iterator[str]:
    ENDLESS.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    ENDLESS.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/pdf", "pdf.pdf"), ("/baixar.php", "baixar.php.html"), ("/nomeado", "lei 10.txt"), ("/lei.txt", "lei.txt")],
)
async def test_the_file_is_called_as_the_server_or_the_address_calls_it(
    site: str, tmp_path: Path, path: str, name: str
) -> None:
    found = await WebDownload().fetch(site + path, tmp_path)
    assert found == tmp_path / name
    assert found.read_bytes() == b"x" * 10


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/grande", "passa de"), ("/parado", "não chegou"), ("/nada", "503"), ("/volta", "não respondeu")],
)
async def test_what_cannot_be_had_is_refused_by_name(site: str, tmp_path: Path, path: str, sentence: str) -> None:
    limits = DownloadLimits(size=1000, seconds=0.5 if path == "/parado" else 30, idle_seconds=5)
    with pytest.raises(UnreadableFile, match=sentence) as caught:
        await WebDownload(limits).fetch(site + path, tmp_path)
    assert site + path in caught.value.message


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "http://", "http://[::1", "http://nada.invalid/x"])
async def test_an_address_that_does_not_answer_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UnreadableFile, match="não respondeu"):
        await WebDownload().fetch(address, tmp_path)
