"""Counts tokens without asking the provider."""

import hashlib
import os
import tempfile
from pathlib import Path

import tiktoken

from balcao.application.ports import TokenCounter

_BYTES_PER_TOKEN = 3
_VOCABULARIES = {
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}  # encoding -> (name of its file in tiktoken's cache: the SHA-1 of its address; SHA-256 that tiktoken expects of it)


class EstimatedTokenCounter:
    """Implements ``TokenCounter`` by ``ceil(UTF-8 bytes / 3)``.

    An upper estimate for Portuguese, which takes about 4 characters a token in OpenAI's vocabularies.
    """

    @property
    def exact(self) -> bool:
        """It is an estimate."""
        return False

    def count(self, text: str) -> int:
        """Estimated tokens of a text."""
        return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


class TiktokenCounter:
    """Implements ``TokenCounter`` with a model's own vocabulary; marks like ``<|endoftext|>`` count as plain text."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding

    @property
    def exact(self) -> bool:
        """It counts as the model does."""
        return True

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._encoding.encode_ordinary(text))


def token_counter_for(model: str) -> TokenCounter:
    """The exact counter of a model when its vocabulary is already on this machine, else the estimate.

    Nothing is ever downloaded: ``tiktoken.get_encoding`` is called only after the file it would read was found whole in
    its cache (``TIKTOKEN_CACHE_DIR``, ``DATA_GYM_CACHE_DIR`` or the temporary directory).
    """
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return EstimatedTokenCounter()
    if name in _VOCABULARIES and _is_cached(*_VOCABULARIES[name]):
        return TiktokenCounter(tiktoken.get_encoding(name))
    return EstimatedTokenCounter()


def _is_cached(file_name: str, sha256: str) -> bool:
    default = str(Path(tempfile.gettempdir()) / "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    path = Path(folder) / file_name
    return bool(folder) and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
