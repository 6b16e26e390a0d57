"""What ``FileStorage`` promises, of every implementation."""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from balcao.application.ports import FileStorage
from balcao.domain.errors import (
    CorruptOriginal,
    InvalidConfiguration,
    OriginalNotFound,
    StorageUnavailable,
    UnreadableFile,
)
from balcao.domain.originals import original_key, upload_key
from balcao.infrastructure.external.local_storage import LocalFileStorage
from balcao.infrastructure.external.object_storage import PART_BYTES, BucketAddress, ObjectStorage
from tests.fakes import FakeStorage
from tests.memory import PeakMemory
from tests.s3_server import S3Server, object_url

MIB = 1024 * 1024
Overwrite = Callable[[str, bytes], None]


@pytest.fixture
def bucket(s3: S3Server) -> BucketAddress:
    return s3.new_bucket()


@pytest.fixture(params=["local", "fake", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FileStorage:
    if request.param == "local":
        return LocalFileStorage(tmp_path / "originais")
    if request.param == "fake":
        return FakeStorage()
    return ObjectStorage(request.getfixturevalue("bucket"))


@pytest.fixture
def overwrite(storage: FileStorage, request: pytest.FixtureRequest, tmp_path: Path) -> Overwrite:
    """Put other bytes under a key, behind the storage's back."""
    if isinstance(storage, LocalFileStorage):
        return lambda key, content: _written(tmp_path / "originais" / key, content)
    if isinstance(storage, FakeStorage):
        return storage.kept.__setitem__
    address: BucketAddress = request.getfixturevalue("bucket")
    return lambda key, content: _sent(object_url(address, key), content)


def _written(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _sent(url: str, content: bytes) -> None:
    httpx.put(url, content=content).raise_for_status()


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "lei nº 1.txt"
    path.write_bytes(b"Art. 1\n" * 50_000)
    return path


@pytest.fixture
def key(original: Path) -> str:
    return original_key(hashlib.sha256(original.read_bytes()).digest(), "txt")


async def read(storage: FileStorage, key: str, start: int = 0, end: int | None = None) -> bytes:
    stream = await storage.open(key, start=start, end=end)
    content = b"".join([piece async for piece in stream.pieces])
    assert len(content) == stream.end - stream.start
    return content


async def test_the_digest_is_the_sha256_of_the_bytes(storage: FileStorage, original: Path) -> None:
    assert await storage.digest(original) == hashlib.sha256(original.read_bytes()).digest()


async def test_nothing_to_store_is_said_with_the_files_name(storage: FileStorage, tmp_path: Path) -> None:
    for unreadable in (tmp_path / "ausente.txt", tmp_path):
        with pytest.raises(UnreadableFile, match=re.escape(unreadable.name)):
            await storage.digest(unreadable)


async def test_an_original_is_there_until_it_is_deleted(storage: FileStorage, original: Path, key: str) -> None:
    assert not await storage.exists(key)
    assert await storage.find(key) is None
    await storage.put(original, key=key)
    found = await storage.find(key)
    assert found is not None
    assert (found.key, found.size) == (key, original.stat().st_size)
    assert await storage.exists(key)
    await storage.delete(key)
    assert not await storage.exists(key)


async def test_storing_the_same_bytes_again_changes_nothing(storage: FileStorage, original: Path, key: str) -> None:
    await storage.put(original, key=key)
    await storage.put(original, key=key)
    assert await read(storage, key) == original.read_bytes()
    await storage.delete(key)
    assert not await storage.exists(key)


async def test_deleting_what_is_not_there_does_nothing(storage: FileStorage, original: Path, key: str) -> None:
    await storage.put(original, key=key)
    await storage.delete(original_key(hashlib.sha256(b"outro").digest(), "txt"))
    assert await storage.exists(key)


async def test_the_local_file_stays_where_it_is(storage: FileStorage, original: Path, key: str) -> None:
    before = original.read_bytes()
    await storage.put(original, key=key)
    await storage.delete(key)
    assert original.read_bytes() == before


async def test_a_file_that_is_not_that_of_its_key_is_not_stored(storage: FileStorage, original: Path, key: str) -> None:
    original.write_bytes(b"outra lei\n" * (2 * PART_BYTES // 10))
    with pytest.raises(UnreadableFile, match=re.escape(original.name)):
        await storage.put(original, key=key)
    original.unlink()
    with pytest.raises(UnreadableFile, match=re.escape(original.name)):
        await storage.put(original, key=key)
    assert not await storage.exists(key)
    assert [found.key async for found in storage.older_than(datetime.now(UTC) + timedelta(days=1))] == []


async def test_a_fetched_original_has_its_bytes(storage: FileStorage, original: Path, key: str, tmp_path: Path) -> None:
    await storage.put(original, key=key)
    await storage.fetch(key, tmp_path / "cópia.txt")
    assert (tmp_path / "cópia.txt").read_bytes() == original.read_bytes()


async def test_an_original_that_changed_in_the_storage_is_not_handed_out(
    storage: FileStorage, original: Path, key: str, overwrite: Overwrite, tmp_path: Path
) -> None:
    await storage.put(original, key=key)
    overwrite(key, original.read_bytes()[:-1] + b"!")
    with pytest.raises(CorruptOriginal):
        await storage.fetch(key, tmp_path / "cópia.txt")
    assert not (tmp_path / "cópia.txt").exists()
    await storage.put(original, key=key)
    await storage.fetch(key, tmp_path / "cópia.txt")


async def test_a_disk_that_does_not_take_a_copy_is_said(
    storage: FileStorage, original: Path, key: str, tmp_path: Path
) -> None:
    await storage.put(original, key=key)
    for path in (tmp_path / "nada" / "lei.txt", tmp_path / ("㐀" * 90)):
        with pytest.raises(StorageUnavailable):
            await storage.fetch(key, path)


async def test_what_is_not_there_cannot_be_read(storage: FileStorage, key: str, tmp_path: Path) -> None:
    with pytest.raises(OriginalNotFound):
        await storage.open(key)
    with pytest.raises(OriginalNotFound):
        await storage.fetch(key, tmp_path / "cópia.txt")


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 1), (7, 20), (349_990, None), (349_990, 400_000)])
async def test_a_range_is_cut_to_the_size(
    storage: FileStorage, original: Path, key: str, start: int, end: int | None
) -> None:
    await storage.put(original, key=key)
    assert await read(storage, key, start, end) == original.read_bytes()[start:end]


async def test_a_range_behind_the_end_is_empty(storage: FileStorage, original: Path, key: str) -> None:
    await storage.put(original, key=key)
    stream = await storage.open(key, start=350_000, end=350_010)
    assert (stream.size, stream.start, stream.end) == (350_000, 350_000, 350_000)


async def test_files_are_listed_by_age(storage: FileStorage, original: Path, key: str) -> None:
    upload = upload_key(uuid4())
    for name in (key, upload):
        await storage.put(original, key=name)
    found = {file.key: file.size async for file in storage.older_than(datetime.now(UTC) + timedelta(days=1))}
    assert found == {key: 350_000, upload: 350_000}
    assert [file async for file in storage.older_than(datetime(2020, 1, 1, tzinfo=UTC))] == []


async def test_addresses_lead_to_the_object_where_the_storage_gives_them(
    storage: FileStorage, original: Path, key: str
) -> None:
    life = timedelta(minutes=5)
    to, of = await storage.upload_url(key, life=life), await storage.download_url(key, life=life)
    assert (to is None) == (of is None)
    if to is None or of is None:
        return
    async with httpx.AsyncClient() as client:
        (await client.put(to, content=original.read_bytes())).raise_for_status()
        assert (await client.get(of)).content == original.read_bytes()
    assert await read(storage, key) == original.read_bytes()


async def test_a_big_file_never_sits_in_memory(bucket: BucketAddress, tmp_path: Path) -> None:
    size = 64 * MIB
    big = tmp_path / "grande.pdf"
    with big.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    storage = ObjectStorage(bucket)
    key = original_key(await storage.digest(big), "pdf")
    with PeakMemory() as memory:
        await storage.put(big, key=key)
        await storage.fetch(key, tmp_path / "cópia.pdf")
        stream = await storage.open(key)
        assert sum([len(piece) async for piece in stream.pieces]) == size
    assert memory.growth < size // 2


async def test_a_storage_that_does_not_answer_is_said_to_be_away(
    bucket: BucketAddress, original: Path, key: str
) -> None:
    away = ObjectStorage(replace(bucket, endpoint="http://127.0.0.1:9"))
    for act in (away.put(original, key=key), away.find(key), away.delete(key), away.open(key)):
        with pytest.raises(StorageUnavailable):
            await act


async def test_a_bucket_that_does_not_exist_is_said(s3: S3Server, original: Path, key: str) -> None:
    with pytest.raises(InvalidConfiguration, match="bucket"):
        await ObjectStorage(s3.address("nenhum")).put(original, key=key)


async def test_a_folder_that_cannot_be_written_is_said(original: Path, key: str, tmp_path: Path) -> None:
    (tmp_path / "originais").write_text("um arquivo no lugar da pasta")
    with pytest.raises(InvalidConfiguration, match="originais"):
        await LocalFileStorage(tmp_path / "originais").put(original, key=key)
