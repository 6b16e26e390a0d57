"""Which storage the settings name, and which they refuse."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from balcao.infrastructure.external.local_storage import LocalFileStorage
from balcao.infrastructure.external.object_storage import ObjectStorage
from balcao.infrastructure.external.storage_address import open_storage
from tests.applications import settings_in

KEYS = {"aws_access_key_id": "chave", "aws_secret_access_key": "segredo-que-nao-aparece"}


@pytest.mark.parametrize(
    ("url", "kind"),
    [(None, LocalFileStorage), ("file:///tmp/originais", LocalFileStorage), ("s3://balde-um/pre/fixo", ObjectStorage)],
)
def test_the_address_chooses_the_storage(tmp_path: Path, url: str | None, kind: type) -> None:
    assert isinstance(open_storage(settings_in(tmp_path, storage_url=url, **KEYS)), kind)


@pytest.mark.parametrize(
    "wrong",
    [
        {"storage_url": "ftp://balde"},
        {"storage_url": "s3://"},
        {"storage_url": "s3://Balde"},
        {"storage_url": "s3://chave:segredo@balde"},
        {"storage_url": "originais"},
        {"storage_endpoint": "http://armazenamento.exemplo"},
        {"storage_endpoint": "nada"},
        {"aws_access_key_id": "chave", "aws_secret_access_key": None},
        {"max_upload_bytes": 10},
    ],
    ids=str,
)
def test_what_names_no_storage_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_in(tmp_path, **(KEYS | wrong))


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, storage_url="s3://balde-um", **KEYS)
    assert KEYS["aws_secret_access_key"] not in repr(settings)
