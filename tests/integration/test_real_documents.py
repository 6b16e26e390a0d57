"""The real documents: every one has its own title, and its issuer is whoever issued it."""

import os
from pathlib import Path

import pytest

from balcao.domain.document import join_pages
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import recognise_ente
from balcao.domain.errors import NoTextLayer
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory

REAL_DOCUMENTS = Path(
    os.environ.get("BALCAO_DADOS_REAIS", Path(__file__).resolve().parents[3] / "shared" / "data"), "docs"
)
pytestmark = pytest.mark.skipif(
    not REAL_DOCUMENTS.is_dir(), reason="the real documents are not here; set BALCAO_DADOS_REAIS to their folder"
)

FEDERAL = Ente.federal()
NOVA_TRENTO = Ente.municipio("4211504", "SC")
MARACAJU = Ente.municipio("5005400", "MS")
PRATANIA = Ente.municipio("3541059", "SP")
PRATANIA_TITLE = "Diário Oficial do Município de Pratânia/SP – Edição 136 – 26 de outubro de 2020"
REAL = [
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
        "Edição 2378 – 28 de julho de 2025",
    ),
]


@pytest.mark.parametrize(("name", "ente", "title"), REAL, ids=[name for name, *_ in REAL])
async def test_real_documents_have_their_title_and_their_issuer(name: str, ente: Ente, title: str) -> None:
    extracted = await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / name)
    content, _ = join_pages(extracted.pages)
    assert title in extracted.title
    assert recognise_ente(extracted.title, content, IbgeMunicipalityDirectory()) == ente
    assert not set(content) & {"\x00", "\x02", "\r", "\ufffd"}


async def test_a_real_scan_has_no_text_layer() -> None:
    with pytest.raises(NoTextLayer, match="sem camada de texto"):
        await ChildProcessTextExtractor().extract(REAL_DOCUMENTS / "pratania-digitalizado-sem-texto.pdf")
