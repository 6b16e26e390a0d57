import pytest
from hypothesis import given
from hypothesis import strategies as st

from balcao.domain.excerpts import best_excerpt, best_sentences
from balcao.domain.sentences import sentence_spans

LAW = (
    "Seção I\nDo Pedido de Acesso\n"
    "Art. 10. Qualquer interessado poderá apresentar pedido de acesso a informações aos órgãos, por qualquer meio.\n"
    "Art. 11. O órgão deverá conceder o acesso imediato à informação disponível.\n"
    "§ 1º Não sendo possível, o órgão que receber o pedido de acesso responderá em prazo não superior a "
    "20 (vinte) dias:\n"
    "I - comunicando a data e o local da consulta;\n"
    "II - indicando as razões da recusa.\n"
    "§ 2º O prazo poderá ser prorrogado por mais 10 (dez) dias."
)


def sentences_of(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_sentences_are_legal_units_and_what_full_stops_end() -> None:
    assert sentences_of("Art. 1º Fica criado o fundo. O Dr. Secretário o gere.\nI - capta recursos;\na) próprios;") == [
        "Art. 1º Fica criado o fundo.",
        "O Dr. Secretário o gere.",
        "I - capta recursos;",
        "a) próprios;",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Aplica-se o art. 5º da Lei nº. 8.112, de 1990, e os arts. 3 e 4, inc. II.",
        "Art. 11. O órgão responderá ao pedido.",
        "§ 1º. O prazo é de dez dias.",
        "Parágrafo único. Estará isento o interessado.",
        "O Sr. Prefeito e a Dra. Procuradora assinam, p. ex. Decretos e portarias.",
        "O valor é de R$ 1.234,56 por J. B. Cardoso, fls. 20 do processo.",
    ],
)
def test_abbreviations_and_labels_end_no_sentence(sentence: str) -> None:
    assert sentences_of(sentence) == [sentence]


def test_lines_broken_by_a_page_are_one_sentence_and_empty_lines_end_one() -> None:
    assert sentences_of("A taxa é devida\npor todos.\n\nsem ponto\n\nOutra") == [
        "A taxa é devida\npor todos.",
        "sem ponto",
        "Outra",
    ]


def test_the_sentence_with_the_time_asked_for_comes_first() -> None:
    best = best_sentences([LAW], "Qual o prazo para responder a um pedido de acesso?")[0]
    assert LAW[best.start : best.end].startswith("§ 1º Não sendo possível")


def test_a_title_is_never_an_answer() -> None:
    found = best_sentences([LAW], "pedido de acesso")
    assert found
    assert all("Do Pedido de Acesso" not in LAW[item.start : item.end] for item in found)


def test_an_inciso_knows_the_clause_that_introduces_it() -> None:
    (best,) = best_sentences([LAW], "comunicando data e local da consulta", limit=1)
    assert best.introduced_by is not None
    start, end = best.introduced_by
    assert LAW[start:end].endswith("20 (vinte) dias:")


def test_the_same_sentence_in_two_passages_is_found_once() -> None:
    text = "A taxa de licença custa R$ 50,00 por ano."
    assert len(best_sentences([text, text], "Quanto custa a taxa de licença?")) == 1


def test_a_question_about_something_else_finds_nothing() -> None:
    assert best_sentences([LAW], "Qual a receita do bolo de cenoura?") == []
    assert best_sentences([LAW], "de a o") == []
    assert best_sentences([], "Qual o prazo?") == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Quanto é a taxa do alvará?", "A taxa do alvará é de R$ 87,00."),
        ("Quem expede o alvará?", "O alvará é expedido pelo Secretário de Obras."),
        ("Onde peço o alvará?", "O alvará se pede na Rua XV, sala 2."),
        ("Quando vence o alvará?", "O alvará vence em 12 (doze) meses."),
    ],
)
def test_the_kind_of_fact_asked_for_decides_between_equals(question: str, answer: str) -> None:
    passage = "O alvará é o ato de licença. A taxa do alvará é devida, expede-se e vence na forma da lei. "
    best = best_sentences([passage + answer], question, minimum_coverage=0.1)[0]
    assert (passage + answer)[best.start : best.end] == answer


def test_an_excerpt_holds_the_answer_in_whole_sentences() -> None:
    excerpt = best_excerpt(LAW, "Qual o prazo para responder ao pedido de acesso?", max_chars=180)
    assert "20 (vinte) dias:" in excerpt
    assert excerpt in LAW
    assert len(excerpt) <= 180


def test_a_sentence_that_is_too_long_is_cut_between_words_and_marked() -> None:
    text = "considerando " * 60 + "o prazo de trinta dias para recurso " + "resolve " * 60
    excerpt = best_excerpt(text, "prazo do recurso", max_chars=100)
    assert "o prazo de trinta dias para recurso" in excerpt
    assert excerpt.startswith("…")
    assert excerpt.endswith("…")
    assert len(excerpt) <= 100


@given(content=st.text(max_size=400), question=st.text(max_size=60), max_chars=st.integers(3, 120))
def test_an_excerpt_is_always_verbatim_and_within_its_size(content: str, question: str, max_chars: int) -> None:
    excerpt = best_excerpt(content, question, max_chars)
    assert len(excerpt) <= max_chars
    body = excerpt if excerpt in content else excerpt.removeprefix("…").removesuffix("…")
    assert body in content or excerpt.removeprefix("…") in content or excerpt.removesuffix("…") in content
    assert bool(excerpt) == bool(content.strip())
