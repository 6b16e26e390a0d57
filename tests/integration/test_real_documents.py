"""The real documents: every one has its own title, and its issuer is whoever issued it."""

import shutil
from pathlib import Path

import pytest

from balcao.domain.document import join_pages
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import recognise_ente
from balcao.domain.errors import NoTextLayer
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.real_documents import REAL_DOCUMENTS, needs_real_documents

pytestmark = needs_real_documents

FEDERAL = Ente.federal()
GENERAL = Ente.geral()
NOVA_TRENTO = Ente.municipio("4211504", "SC")
MARACAJU = Ente.municipio("5005400", "MS")
PRATANIA = Ente.municipio("3541059", "SP")
PRATANIA_TITLE = "Diário Oficial do Município de Pratânia/SP – Edição 136 – 26 de outubro de 2020"
SCAN = "pratania-digitalizado-sem-texto.pdf"
REAL = [
    ("declaracao-adequacao-orcamentaria-modelo.odt", GENERAL, "Declaração de Adequação Orçamentária"),
    ("nota-tecnica-marinha-modelo.odt", GENERAL, "Nota Técnica nº XX/2023"),
    ("constituicao-1988.md", FEDERAL, "Constituição da República Federativa do Brasil"),
    ("ctn-lei-5172-1966.html", FEDERAL, "Lei nº 5.172, de 25 de outubro de 1966 – Código Tributário Nacional"),
    ("lei-11788-2008-estagio.txt", FEDERAL, "Lei nº 11.788, de 25 de setembro de 2008"),
    (
        "lei-12527-2011-acesso-a-informacao.html",
        FEDERAL,
        "Lei nº 12.527, de 18 de novembro de 2011 – Lei de Acesso à Informação",
    ),
    ("lei-13853-2019-anpd.docx", FEDERAL, "Lei nº 13.853, de 8 de julho de 2019"),
    ("lei-14026-2020-saneamento.docx", FEDERAL, "Lei nº 14.026, de 15 de julho de 2020"),
    ("lei-14230-2021-improbidade.docx", FEDERAL, "Lei nº 14.230, de 25 de outubro de 2021"),
    ("lei-15212-2025.docx", FEDERAL, "Lei nº 15.212, de 18 de setembro de 2025"),
    ("mpv-868-2018.docx", FEDERAL, "Medida Provisória nº 868, de 27 de dezembro de 2018"),
    ("despacho-seplag-df.txt", Ente.estado("DF"), "Despachos da Secretária"),
    ("lei-organica-curitiba.pdf", Ente.municipio("4106902", "PR"), "Lei Orgânica do Município de Curitiba"),
    ("lei-organica-maracaju.md", MARACAJU, "Lei Orgânica do Município de Maracaju/MS"),
    ("lei-organica-maracaju.pdf", MARACAJU, "Lei Orgânica do Município de Maracaju/MS"),
    ("nova-trento-lc-661-2017.html", NOVA_TRENTO, "Lei Complementar nº 661, de 21 de novembro de 2017"),
    ("nova-trento-lc-705-2023.html", NOVA_TRENTO, "Lei Complementar 705 (2023)"),
    ("nova-trento-lei-2935-2023.html", NOVA_TRENTO, "Lei Ordinária 2935 (2023)"),
    ("nova-trento-decr-055-2024.html", NOVA_TRENTO, "Decreto 55 (2024)"),
    (
        "feira-de-santana-lc-122-2019.html",
        Ente.municipio("2910800", "BA"),
        "Lei Complementar nº 122, de 22 de fevereiro de 2019",
    ),
    ("diario-oficial-pratania-2020-10-26.pdf", PRATANIA, PRATANIA_TITLE),
    ("diario-oficial-pratania-2020-10-26.txt", PRATANIA, PRATANIA_TITLE),
    (
        "diario-oficial-nova-friburgo-2025-07-28.pdf",
        Ente.municipio("3303401", "RJ"),
        "Diário Oficial – Prefeitura Municipal de Nova Friburgo – Edição 2378 – 28 de julho de 2025",
    ),
]


@pytest.mark.parametrize(("name", "ente", "title"), REAL, ids=[name for name, *_ in REAL])
async def test_real_documents_have_their_title_and_their_issuer(name: str, ente: Ente, title: str) -> None:
    extracted = await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / name)
    content, _ = join_pages(extracted.pages)
    assert title == extracted.title
    assert recognise_ente(extracted.title, content, IbgeMunicipalityDirectory()) == ente
    assert not set(content) & {"\x00", "\x02", "\r", "\ufffd"}


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
async def test_a_real_scan_is_read_by_ocr() -> None:
    extracted = await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / SCAN)
    content, _ = join_pages(extracted.pages)
    assert "Fica excepcionalmente transferido o feriado do dia 28 de\nOutubro de 2020" in content
    assert extracted.title == "Diário Oficial – Edição 136 – 26 de outubro de 2020"
    assert extracted.metadata.custom_fields == {"paginas_lidas_por_ocr": "1, 2, 3"}
    assert recognise_ente(extracted.title, content, IbgeMunicipalityDirectory()) == PRATANIA


async def test_a_real_scan_is_refused_where_nothing_reads_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoTextLayer, match=r"sem camada de texto.*tesseract-ocr-por"):
        await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / SCAN)


def test_every_real_document_is_tried() -> None:
    names = {path.name for path in REAL_DOCUMENTS.iterdir()} - {"MANIFEST.json"}
    assert names == {name for name, *_ in REAL} | {SCAN}
