"""Titles that may name one document, and titles that never do, however alike their letters."""

import pytest

from balcao.domain.ente import Ente
from balcao.domain.similar_titles import act_key, marks_of, may_be_the_same
from tests.factories import a_document

MAY_BE = [
    ("Lei nº 12.527, de 18 de novembro de 2011 – Lei de Acesso à Informação", "LEI N. 12527/2011"),
    ("Lei nº 12.527/11", "Lei nº 12.527, de 2011"),
    ("Código de Posturas do Município de Nova Trento", "CODIGO DE POSTURAS DO MUNICIPIO DE NOVA TRENTO"),
    ("Portaria nº 4/2024 da Secretaria de Saúde", "Portaria nº 4/2024 - Secretaria Municipal da Saude"),
    ("Regimento Interno da Câmara Municipal", "Regimento interno da Camara municipal."),
    ("Manual do SUS", "Manual do S.U.S."),
]
NEVER = [
    ("Decreto nº 12.345/2020 - Regulamenta o estágio", "Decreto nº 12.346/2020 - Regulamenta o estágio"),
    ("Portaria 045/2023 - biênio 2023-2024", "Portaria 045/2024 - biênio 2023-2024"),
    ("Portaria nº 4/2024 da Secretaria de Saúde", "Portaria nº 4/2024 da Secretaria de Educação"),
    ("Portaria nº 4/2024 - SMS", "Portaria nº 4/2024 - SMED"),
    ("Regimento do Município de Nova Trento", "Regimento do Município de Nova Veneza"),
    ("Lei 10/2020 - Anexo I", "Lei 10/2020 - Anexo II"),
    ("Lei 10/2020 - anexo a", "Lei 10/2020 - anexo b"),
    ("Ata de 5 de maio de 2020", "Ata de 6 de maio de 2020"),
    ("Relatório do primeiro quadrimestre", "Relatório do segundo quadrimestre"),
    ("Boletim de março de 2020", "Boletim de maio de 2020"),
    ("Portaria nº 7/2024 - Escala número 1", "Portaria nº 7/2024 - Escala número 2"),
]


@pytest.mark.parametrize(("one", "other"), MAY_BE)
def test_one_document_in_two_spellings_may_be_the_same(one: str, other: str) -> None:
    assert may_be_the_same(a_document(title=one), a_document(title=other))


@pytest.mark.parametrize(("one", "other"), NEVER)
def test_numbers_years_organs_and_places_tell_titles_apart(one: str, other: str) -> None:
    assert not may_be_the_same(a_document(title=one), a_document(title=other))


def test_acts_of_two_issuers_are_two() -> None:
    trento, curitiba = Ente.municipio("4211504", "SC"), Ente.municipio("4106902", "PR")
    unknown = Ente.municipio(None, None)
    title = "Lei nº 10/2020"
    for one, other, alike in (
        (trento, trento, True),
        (trento, curitiba, False),
        (trento, Ente.federal(), False),
        (Ente.estado("SC"), Ente.estado("PR"), False),
        (trento, unknown, True),
        (trento, Ente.geral(), True),
    ):
        assert may_be_the_same(a_document(title=title, ente=one), a_document(title=title, ente=other)) is alike


def test_a_title_about_an_act_is_not_that_act() -> None:
    assert act_key("Lei nº 12.527/2011")
    assert act_key("Manual da Lei nº 12.527/2011") is None
    assert act_key("Lei nº 12.527") is None


def test_two_digits_of_a_year_are_the_whole_year() -> None:
    assert marks_of("Lei 10/98") == marks_of("Lei nº 10, de 1998") == {"10", "1998"}
    assert marks_of("Lei 10/05") == {"10", "2005"}


def test_a_full_stop_hides_no_numeral() -> None:
    title = "Relatório de Gestão Fiscal do primeiro quadrimestre de 2000 - Anexo IV"
    assert marks_of(f"{title}.") == marks_of(title)
