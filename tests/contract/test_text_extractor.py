"""What ``TextExtractor`` promises, of every implementation."""

import re
from pathlib import Path

import pytest

from balcao.application.ports import TextExtractor
from balcao.domain.errors import UnusableFile
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from tests.fakes import FakeExtractor

LAW = "Lei nº 1, de 2 de janeiro de 2020\n\nArt. 1º O prazo é de vinte dias – “úteis”.\n§ 1º Conta-se da ciência.\n"


@pytest.fixture(params=["child process", "fake"])
def extractor(request: pytest.FixtureRequest) -> TextExtractor:
    return ChildProcessTextExtractor() if request.param == "child process" else FakeExtractor()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


async def test_text_title_and_source_are_read(extractor: TextExtractor, tmp_path: Path) -> None:
    path = written(tmp_path / "lei.txt", LAW.encode())
    document = await extractor.extract(path)
    text = "\n".join(page.text for page in document.pages)
    for line in LAW.split("\n"):
        assert line in text
    assert document.title.strip()
    assert document.metadata.source == str(path.resolve())
    assert document.metadata.file_type == "txt"


@pytest.mark.parametrize(
    "content", [b"Art. 1\x00o prazo", b"Art. 1 \xed\xa0\x80 prazo", b"Art. 1 prazo \xff\xfe de \x81"], ids=repr
)
async def test_text_that_cannot_be_kept_is_cleaned_or_refused_by_name(
    extractor: TextExtractor, tmp_path: Path, content: bytes
) -> None:
    path = written(tmp_path / "sujo.txt", content)
    try:
        document = await extractor.extract(path)
    except UnusableFile as refusal:
        told = refusal.message
    else:
        told = "sujo.txt prazo" if "prazo" in (text := "".join(page.text for page in document.pages)) else text
        assert not re.search(r"[\x00\ud800-\udfff]", text + document.title)
    assert "sujo.txt" in told


@pytest.mark.parametrize("content", [None, b"", b" \n\t\n"], ids=["missing", "no bytes", "only blanks"])
async def test_a_file_without_text_is_refused_by_name(
    extractor: TextExtractor, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "nada.txt"
    if content is not None:
        written(path, content)
    with pytest.raises(UnusableFile, match=r"nada\.txt"):
        await extractor.extract(path)
