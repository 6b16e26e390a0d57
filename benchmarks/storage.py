"""What a big original costs on its way to an S3 server on this machine and back."""

import os
import time
from collections.abc import Coroutine
from dataclasses import replace

from tests.memory import PeakMemory
from tests.s3_server import S3Server

from balcao.domain.originals import original_key
from balcao.infrastructure.external.object_storage import ObjectStorage
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

_MIB = 1024 * 1024
_FILE_MIB = 300
_SECONDS = 120
"""The tests' S3 server takes its time to put the parts together."""
_TARGET = "<= 64"
_RSS = "Quanto a memória do processo cresce com um arquivo de 300 MiB."


@benchmark("Originais em armazenamento S3", place=40)
async def measure_storage(bench: Workbench) -> list[Measurement]:
    """Growth of this process's memory while 300 MiB go up and come down, and how long that takes."""
    folder = bench.folder
    big = folder / "grande.pdf"
    with big.open("wb") as file:
        for _ in range(_FILE_MIB):
            file.write(os.urandom(_MIB))
    with S3Server() as server:
        storage = ObjectStorage(replace(server.new_bucket(), timeout_seconds=_SECONDS))
        key = original_key(await storage.digest(big), "pdf")
        up = await _measured("storage_up", storage.put(big, key=key))
        return up + await _measured("storage_down", storage.fetch(key, folder / "de-volta.pdf"))


async def _measured(name: str, act: Coroutine[object, object, None]) -> list[Measurement]:
    started = time.perf_counter()
    with PeakMemory() as memory:
        await act
    seconds = time.perf_counter() - started
    return [
        Measurement(name=f"{name}_rss", value=round(memory.growth / _MIB, 1), unit="MiB", target=_TARGET, meaning=_RSS),
        Measurement(name=name, value=round(_FILE_MIB / seconds, 1), unit="MiB/s", meaning="Velocidade do mesmo envio."),
    ]
