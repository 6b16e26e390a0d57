"""Which storage the configuration names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from balcao.application.ports import FileStorage
from balcao.infrastructure.external.local_storage import LocalFileStorage
from balcao.infrastructure.settings import Settings


def open_storage(settings: Settings) -> FileStorage:
    """The storage of ``STORAGE_URL``, or the folder ``originais`` of the data directory; nothing is asked of it yet."""
    if settings.storage_url is None:
        return LocalFileStorage(settings.balcao_data_dir / "originais")
    address = urlsplit(settings.storage_url)
    if address.scheme == "file":
        return LocalFileStorage(Path(unquote(address.path)))
    from balcao.infrastructure.external.object_storage import BucketAddress, ObjectStorage  # slow to import

    return ObjectStorage(
        BucketAddress(
            bucket=address.netloc,
            prefix=address.path.strip("/"),
            endpoint=settings.storage_endpoint,
            region=settings.storage_region,
            access_key_id=_revealed(settings.aws_access_key_id),
            secret_access_key=_revealed(settings.aws_secret_access_key),
            timeout_seconds=settings.storage_timeout_seconds,
            direct_access=settings.storage_direct_access,
        )
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
