"""Bundles of the audit trail: entries in JSON lines, a manifest with the head, and a program that verifies them."""

import asyncio
import hashlib
import shutil
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from balcao.application.ports import AuditBundle
from balcao.domain.audit import AuditEntry, instant_text
from balcao.domain.canonical_json import canonical_json
from balcao.domain.errors import InvalidInput

VERIFIER = Path(__file__).with_name("verificar.py")
ENTRIES_NAME = "entradas.jsonl"
MANIFEST_NAME = "manifesto.json"
_FORMAT = "balcao-auditoria-v1"


class BundleWriter:
    """AuditBundles: a zip file where the path ends so, otherwise a folder."""

    async def write(self, bundle: AuditBundle, pages: AsyncIterator[Sequence[AuditEntry]]) -> None:
        """Write into a folder beside the path, and move it there when it is whole.

        Raises:
            InvalidInput: the path exists already, or cannot be written.
        """
        path = bundle.path
        if path.exists():
            raise InvalidInput(f'"{path}" já existe; escolha outro nome.', param="para")
        making = path.with_name(f".{path.name}.parcial")
        try:
            await self._fill(making, bundle, pages)
            await asyncio.to_thread(_zip if path.suffix == ".zip" else Path.rename, making, path)
        except OSError as error:
            raise InvalidInput(f'Não foi possível gravar em "{path}".', param="para") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    async def _fill(self, folder: Path, bundle: AuditBundle, pages: AsyncIterator[Sequence[AuditEntry]]) -> None:
        await asyncio.to_thread(folder.mkdir, parents=True)
        digest, count = hashlib.sha256(), 0
        with (folder / ENTRIES_NAME).open("wb") as file:
            async for page in pages:
                lines = "".join(f"{_line(entry)}\n" for entry in page).encode()
                digest.update(lines)
                count += len(page)
                await asyncio.to_thread(file.write, lines)
        manifest = _manifest(bundle, count, digest.hexdigest())
        (folder / MANIFEST_NAME).write_text(f"{manifest}\n", encoding="utf-8")
        shutil.copyfile(VERIFIER, folder / VERIFIER.name)


def _line(entry: AuditEntry) -> str:
    return canonical_json(
        {
            "numero": entry.number,
            "anterior": entry.previous_hash.hex(),
            "hash": entry.hash.hex(),
            "registro": entry.record,
        }
    )


def _manifest(bundle: AuditBundle, count: int, sha256: str) -> str:
    head = bundle.head
    return canonical_json(
        {
            "formato": _FORMAT,
            "cadeia": str(head.chain_id),
            "nome": bundle.name,
            "exportado_em": instant_text(bundle.written_at),
            "entradas": count,
            "cabeca": {"numero": head.number, "hash": head.hash.hex()},
            "hash_das_entradas": sha256,
        }
    )


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{path.stem}/{file.name}")
