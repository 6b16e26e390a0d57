"""The installation's secret, kept in a file of the data directory where no setting gives one."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from balcao.domain.errors import InvalidConfiguration

FILE_NAME = "segredo"
_BYTES = 32


def read_or_create_secret(folder: Path) -> bytes:
    """The secret of this folder, made on first use, readable by its owner alone.

    It is written beside its place and then linked there, which fails when another process came first: everybody
    reads the same whole secret.

    Raises:
        InvalidConfiguration: the file is not a secret of ours, others may read it, or it can be neither read nor made.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _create(folder, path)
        mode = path.stat().st_mode
        secret = path.read_bytes()
    except OSError as error:
        raise InvalidConfiguration(
            f"{path}: o segredo da instalação não pôde ser lido nem criado; ajuste a permissão da pasta ou "
            "defina BALCAO_SECRET_KEY."
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidConfiguration(f'{path}: outros usuários da máquina podem ler este segredo; execute "chmod 600".')
    if len(secret) != _BYTES:
        raise InvalidConfiguration(
            f"{path}: o segredo da instalação está danificado; apague o arquivo para criar outro (todos terão de "
            "entrar de novo)."
        )
    return secret


def _create(folder: Path, path: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{FILE_NAME}-", dir=folder)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()
