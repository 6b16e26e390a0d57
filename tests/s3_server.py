"""A real S3 server on loopback, for the tests: moto's, over HTTP, in a process of its own.

``python -m tests.s3_server`` serves until its standard input ends, after one line with its port.
"""

import itertools
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

import httpx

from balcao.infrastructure.external.object_storage import BucketAddress

_names = itertools.count(1)
_MODULE = "tests.s3_server"


class S3Server:
    """Serves until its context ends. It knows every access key."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", _MODULE]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            process.terminate()

    def new_bucket(self) -> BucketAddress:
        """A bucket of its own for a test."""
        address = self.address(f"balde-{next(_names)}")
        httpx.put(f"{self.url}/{address.bucket}").raise_for_status()
        return address

    def address(self, bucket: str) -> BucketAddress:
        return BucketAddress(
            bucket=bucket,
            prefix="prefeitura/documentos",
            endpoint=self.url,
            region="us-east-1",
            access_key_id="chave-de-teste",
            secret_access_key="segredo-de-teste",
            timeout_seconds=5,
        )


def object_url(address: BucketAddress, key: str) -> str:
    """Where an object is, for a request without a signature."""
    return f"{address.endpoint}/{address.bucket}/{address.prefix}/{key}"


def _serve() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
