"""What ``FileStorage`` promises, of every implementation."""

import hashlib
import re
from pathlib import Path

import pytest

from balcao.application.ports import FileStorage
from balcao.domain.errors import EmptyFile, UnreadableFile
from balcao.infrastructure.external.local_storage import LocalFileStorage
from tests.fakes import FakeStorage

KEY = "ab/abcdef.txt"


@pytest.fixture(params=["local", "fake"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FileStorage:
    return LocalFileStorage(tmp_path / "originais") if request.param == "local" else FakeStorage()


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "lei nº 1.txt"
    path.write_bytes(b"Art. 1\n" * 50_000)
    return path


async def test_the_digest_is_the_sha256_of_the_bytes(storage: FileStorage, original: Path) -> None:
    assert await storage.digest(original) == hashlib.sha256(original.read_bytes()).digest()


async def test_nothing_to_store_is_said_with_the_files_name(storage: FileStorage, tmp_path: Path) -> None:
    empty = tmp_path / "vazio.txt"
    empty.touch()
    with pytest.raises(EmptyFile, match=r"vazio\.txt"):
        await storage.digest(empty)
    for unreadable in (tmp_path / "ausente.txt", tmp_path):
        with pytest.raises(UnreadableFile, match=re.escape(unreadable.name)):
            await storage.digest(unreadable)


async def test_an_original_is_there_until_it_is_deleted(storage: FileStorage, original: Path) -> None:
    assert not await storage.exists(KEY)
    await storage.put(original, key=KEY)
    assert await storage.exists(KEY)
    await storage.delete(KEY)
    assert not await storage.exists(KEY)


async def test_storing_the_same_bytes_again_changes_nothing(storage: FileStorage, original: Path) -> None:
    await storage.put(original, key=KEY)
    await storage.put(original, key=KEY)
    assert await storage.exists(KEY)
    await storage.delete(KEY)
    assert not await storage.exists(KEY)


async def test_deleting_what_is_not_there_does_nothing(storage: FileStorage, original: Path) -> None:
    await storage.put(original, key=KEY)
    await storage.delete("ab/outro.txt")
    assert await storage.exists(KEY)


async def test_the_local_file_stays_where_it_is(storage: FileStorage, original: Path) -> None:
    before = original.read_bytes()
    await storage.put(original, key=KEY)
    await storage.delete(KEY)
    assert original.read_bytes() == before
