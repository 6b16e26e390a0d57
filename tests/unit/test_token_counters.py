import hashlib
import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest
import tiktoken
import tiktoken_ext.openai_public  # type: ignore[import-untyped]

from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import (
    _VOCABULARIES,
    EstimatedTokenCounter,
    TiktokenCounter,
    token_counter_for,
)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 2), ("ção", 2), ("\ud800", 1)])
def test_the_estimate_is_a_third_of_the_bytes_rounded_up(text: str, tokens: int) -> None:
    counter = EstimatedTokenCounter()
    assert counter.count(text) == tokens
    assert not counter.exact


def test_the_exact_counter_takes_control_marks_for_text() -> None:
    encoding = tiktoken.Encoding(
        name="bytes",
        pat_str=r".",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={"<|endoftext|>": 256},
    )
    counter = TiktokenCounter(encoding)
    assert counter.count("é<|endoftext|>") == 15
    assert counter.exact


@pytest.mark.parametrize("model", ["gpt-4o-mini", "text-embedding-3-small", "modelo-desconhecido"])
@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"])
def test_without_a_whole_vocabulary_on_the_machine_it_estimates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, variable: str
) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    for file_name, _ in _VOCABULARIES.values():
        (tmp_path / file_name).write_bytes(b"cut off")
    assert not token_counter_for(model).exact


@pytest.mark.parametrize("name", sorted(_VOCABULARIES))
def test_the_vocabularies_are_the_files_that_tiktoken_reads(name: str) -> None:
    source = inspect.getsource(getattr(tiktoken_ext.openai_public, name))
    address = re.search(r'"(https://[^"]+)"', source)
    digest = re.search(r'expected_hash="(\w+)"', source)
    assert address is not None
    assert digest is not None
    cache_name = hashlib.sha1(address[1].encode(), usedforsecurity=False).hexdigest()
    assert _VOCABULARIES[name] == (cache_name, digest[1])


def test_the_clock_tells_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
