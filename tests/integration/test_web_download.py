"""Documents at web addresses: named, limited in size and time, and refused in one sentence."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest

from balcao.domain.errors import UnreadableFile
from balcao.infrastructure.addresses import IpAddress, is_public_address, without_credentials
from balcao.infrastructure.external.web_download import DownloadLimits, WebDownload
from balcao.interface.ingestion_inputs import IngestionInput
from tests.certificates import tls_of

ENDLESS = threading.Event()
SEEN: list[tuple[str, str | None, str | None]] = []
LOOPBACK = ip_address("127.0.0.1")
LONG = "㐀" * 90 + ".txt"


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
            "/longo": {
                "Content-Type": "text/plain",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(LONG)}",
            },
            "/grande": {"Content-Type": "text/plain"},
            "/parado": {"Content-Type": "text/plain"},
            "/volta": {"Location": "/volta"},
            "/adiante": {"Location": "/lei.txt"},
            "/desvio": {"Location": "http://interno.exemplo/lei.txt"},
        }
        if self.path not in answers:
            self.send_error(503)
            return
        SEEN.append((self.path, self.headers["Host"], self.headers["Authorization"]))
        self.send_response(302 if "Location" in answers[self.path] else 200)
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
    SEEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    ENDLESS.set()
    server.shutdown()
    server.server_close()
    thread.join()


def download(limits: DownloadLimits | None = None) -> WebDownload:
    """One that may come here."""
    return WebDownload(limits, is_allowed=lambda address: address == LOOPBACK)


def by_name(**addresses: str) -> WebDownload:
    """One that believes this machine public, and knows these names by the address given for each."""

    async def resolver(host: str, _port: int) -> list[IpAddress]:
        return [ip_address(addresses[host.partition(".")[0]])]

    return WebDownload(is_allowed=lambda address: address == LOOPBACK or is_public_address(address), resolver=resolver)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/pdf", "pdf.pdf"),
        ("/baixar.php", "baixar.php.html"),
        ("/nomeado", "lei 10.txt"),
        ("/lei.txt", "lei.txt"),
        ("/adiante", "adiante"),
    ],
)
async def test_the_file_is_called_as_the_server_or_the_address_calls_it(
    site: str, tmp_path: Path, path: str, name: str
) -> None:
    found = await download().fetch(site + path, tmp_path)
    assert found == tmp_path / name
    assert found.read_bytes() == b"x" * 10


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/grande", "passa de"), ("/parado", "não chegou"), ("/nada", "503"), ("/volta", "de um endereço a outro")],
)
async def test_what_cannot_be_had_is_refused_by_name(site: str, tmp_path: Path, path: str, sentence: str) -> None:
    limits = DownloadLimits(size=1000, seconds=0.5 if path == "/parado" else 30, idle_seconds=5)
    with pytest.raises(UnreadableFile, match=sentence) as caught:
        await download(limits).fetch(site + path, tmp_path)
    assert site + path in caught.value.message


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "http://", "http://[::1", "http://nada.invalid/x"])
async def test_an_address_that_does_not_answer_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UnreadableFile, match="não respondeu"):
        await download().fetch(address, tmp_path)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.7", "169.254.169.254", "[::1]", "[::ffff:10.0.0.7]"]
)
async def test_nothing_inside_the_network_is_asked(site: str, tmp_path: Path, host: str) -> None:
    port = site.rpartition(":")[2]
    with pytest.raises(UnreadableFile, match="--rede-interna"):
        await WebDownload().fetch(f"http://{host}:{port}/lei.txt", tmp_path)
    assert SEEN == []


async def test_a_redirect_into_the_network_is_not_followed(site: str, tmp_path: Path) -> None:
    port = site.rpartition(":")[2]
    public = f"http://camara.exemplo:{port}"
    found = await by_name(camara="127.0.0.1").fetch(f"{public}/adiante", tmp_path)
    assert found.read_bytes() == b"x" * 10
    assert [host for _, host, _ in SEEN] == [f"camara.exemplo:{port}"] * 2
    with pytest.raises(UnreadableFile, match=r"interno\.exemplo.*--rede-interna"):
        await by_name(camara="127.0.0.1", interno="10.0.0.7").fetch(f"{public}/desvio", tmp_path)


async def test_https_never_leads_to_http(tmp_path: Path) -> None:
    tls = tls_of("camara.exemplo", tmp_path)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://camara.exemplo/x\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", ssl=tls.server) as listening:
        port = listening.sockets[0].getsockname()[1]

        async def resolver(_host: str, _port: int) -> list[IpAddress]:
            return [LOOPBACK]

        secure = WebDownload(is_allowed=lambda _: True, resolver=resolver, tls=tls.client)
        with pytest.raises(UnreadableFile, match="sem https"):
            await secure.fetch(f"https://camara.exemplo:{port}/lei.txt", tmp_path)


async def test_a_password_opens_the_address_and_is_told_to_nobody_else(site: str, tmp_path: Path) -> None:
    with_password = site.replace("http://", "http://ana:s3gredo@")
    await download().fetch(f"{with_password}/adiante", tmp_path)
    assert [(path, given is not None) for path, _, given in SEEN] == [("/adiante", True), ("/lei.txt", False)]
    with pytest.raises(UnreadableFile) as caught:
        await download().fetch(f"{with_password}/nada", tmp_path)
    assert "s3gredo" not in caught.value.message
    item = IngestionInput(place=f"{with_password}/lei.txt", internal=True)
    async with item.local() as local:
        assert (local.source, item.label) == (f"{site}/lei.txt", f"{site}/lei.txt")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://ana:s3gredo@site/x", "https://site/x"),
        ("https://ana@b:c@site/x", "https://site/x"),
        ("https://site/de@ana?e=a@b#@", "https://site/de@ana?e=a@b#@"),
        ("https://site?e=a@b", "https://site?e=a@b"),
    ],
)
def test_what_is_kept_of_an_address(address: str, kept: str) -> None:
    assert without_credentials(address) == kept


async def test_a_name_is_cut_by_bytes_and_keeps_its_suffix(site: str, tmp_path: Path) -> None:
    found = await download().fetch(f"{site}/longo", tmp_path)
    assert (found.suffix, len(found.name.encode())) == (".txt", 199)


async def test_what_cannot_be_written_here_is_said(site: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="espaço em disco"):
        await download().fetch(f"{site}/lei.txt", tmp_path / "nada")
