"""The excerpt shown with a source holds what the answer quotes of it."""

from balcao.domain.quotations import quoted_excerpt

PASSAGE = (
    "Art. 6º O servidor pode converter dez dias.\n\nParágrafo único. O pedido é feito\n até 60 dias antes das férias."
)


def test_it_is_what_is_quoted_as_it_stands_in_the_passage() -> None:
    answer = "Lei [1]:\n\n• «Parágrafo único. O pedido é feito até 60 dias antes das férias.»"
    assert quoted_excerpt(PASSAGE, answer, "Quando pedir férias?") == PASSAGE[PASSAGE.index("Parágrafo") :]


def test_of_several_it_is_the_one_that_answers() -> None:
    answer = "«Art. 6º O servidor pode converter dez dias.» […] «até 60 dias antes das férias.»"
    assert quoted_excerpt(PASSAGE, answer, "Até quantos dias antes das férias?") == "até 60 dias antes das férias."


def test_what_is_too_long_is_cut_between_words_and_marked() -> None:
    cut = quoted_excerpt(PASSAGE, "«Art. 6º O servidor pode converter dez dias.»", "servidor", max_chars=24)
    assert cut == "Art. 6º O servidor pode…"


def test_nothing_quoted_or_of_another_passage_is_none() -> None:
    assert quoted_excerpt(PASSAGE, "O prazo é de 60 dias [1].", "prazo") is None
    assert quoted_excerpt(PASSAGE, "«outro texto» e « »", "prazo") is None
