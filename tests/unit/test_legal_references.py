"""Acts and articles as terms: the same for a question and for the passage that it asks for."""

import pytest

from balcao.domain.acts import Act, ActKind, act_of_title
from balcao.domain.legal_references import passage_terms, references_in


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Lei nº 1.234/2019", {"ato:lei:1234", "ato:lei:1234:2019"}),
        ("lei 1234 de 2019", {"ato:lei:1234", "ato:lei:1234:2019"}),
        ("a lei municipal n. 1234, de 3 de maio de 2019", {"ato:lei:1234", "ato:lei:1234:2019"}),
        ("art. 5º, § 2º, inciso III", {"art:5", "art:5:par:2", "art:5:inc:3"}),
        ("LC 123", {"ato:lei_complementar:123"}),
        ("Decreto-Lei 200", {"ato:decreto_lei:200"}),
        ("Decreto 55 (2024)", {"ato:decreto:55", "ato:decreto:55:2024"}),
        ("art. 5º da lei 11.788", {"ato:lei:11788", "art:5"}),
        ("o que diz o parágrafo único do artigo 7o-A?", {"art:7-a", "art:7-a:par:unico"}),
        ("arts. 5º e 6º da constituição federal", {"ato:constituicao", "art:5", "art:6"}),
        ("§ 2º do art 14 da LAI", {"ato:lei:12527", "ato:lei:12527:2011", "art:14", "art:14:par:2"}),
        ("art. 1.022 do código civil", {"ato:lei:10406", "ato:lei:10406:2002", "art:1022"}),
        ("a constituição do crédito tributário", set()),
        ("quantos artigos de papelaria em 2 dias", set()),
        ("como pago o iptu?", set()),
    ],
)
def test_questions_name_acts_and_articles_in_many_ways(question: str, terms: set[str]) -> None:
    assert set(references_in(question).terms) == terms


def test_a_passage_holds_the_articles_that_it_is_and_the_acts_that_it_names() -> None:
    text = "Art. 5º As escolas podem, nos termos da Lei nº 9.394/1996:\nI - recorrer;\n§ 1º Cabe ao art. 9º."
    found = set(passage_terms(text, "Capítulo I > Art. 5º", Act(kind=ActKind.LEI, number="11788", year=2008)))
    assert found == {
        "ato:lei:9394", "ato:lei:9394:1996", "ato:lei:11788", "ato:lei:11788:2008", "art:5", "art:5:inc:1",
        "art:5:par:1",
    }  # fmt: skip


def test_articles_that_share_a_passage_are_all_there() -> None:
    assert set(passage_terms("Texto.", "Título II > Arts. 5º a 8º", None)) == {"art:5", "art:6", "art:7", "art:8"}


def test_a_quoted_article_belongs_to_the_act_that_it_amends() -> None:
    text = "“Art. 23. A ação prescreve em oito anos.” (NR)"
    assert set(passage_terms(text, "Art. 2º > “Art. 23”", None)) == {"art:2"}


def test_the_year_in_brackets_of_a_title_is_the_acts() -> None:
    assert act_of_title("Lei Complementar 705 (2023)") == Act(kind=ActKind.LEI_COMPLEMENTAR, number="705", year=2023)


@pytest.mark.parametrize(
    ("title", "act"),
    [
        ("LEI MUNICIPAL Nº 1.432, DE 9 DE MAIO DE 2022", Act(kind=ActKind.LEI, number="1432", year=2022)),
        ("Texto consolidado da Lei nº 8.112/1990", Act(kind=ActKind.LEI, number="8112", year=1990)),
        ("Prefeitura de Nova Trento – Decreto nº 7, de 2021", Act(kind=ActKind.DECRETO, number="7", year=2021)),
        ("Decreto nº 7.724/2012: regulamenta a Lei 12.527", Act(kind=ActKind.DECRETO, number="7724", year=2012)),
        ("Constituição Federal, com a Emenda Constitucional nº 105/2019", Act(kind=ActKind.CONSTITUICAO)),
        ("Constituição de 1988", Act(kind=ActKind.CONSTITUICAO)),
        ("Lei Orgânica do Município", Act(kind=ActKind.LEI_ORGANICA)),
        ("Código Tributário Nacional (Lei nº 5.172/1966)", Act(kind=ActKind.LEI, number="5172", year=1966)),
        ("Cartilha sobre a Lei nº 11.788/2008", None),
        ("Decreto que regulamenta a Lei nº 12.527/2011", None),
        ("Perguntas frequentes: Lei 13.709 de 2018", None),
        ("Projeto de Lei nº 45/2023", None),
        ("Anexo I da Lei Complementar nº 123/2006", None),
        ("Prefeitura de Nova Trento - cartilha: Lei 11.788/2008", None),
        ("Constituição de comissão de licitação", None),
    ],
)
def test_a_document_is_the_act_that_its_title_begins_with(title: str, act: Act | None) -> None:
    assert act_of_title(title) == act
