"""Which municipalities a question speaks of (design rule "Whose law")."""

import re
from dataclasses import dataclass

from balcao.domain.place_names import NameDirectory, PlaceName, names_in, uf_after
from balcao.domain.portuguese import fold

_LONGEST_QUESTION = 8_000
_AS_A_PLACE = re.compile(
    r"\b(?:municipios?|prefeituras?(?: municipal| municipais)?|prefeit[oa]s?(?: municipal)?|cidades?"
    r"|camaras?(?: municipal| municipais| de vereadores)?)(?: d[eoa]s?)? $"
)
_IN_A_PLACE = re.compile(r"\bem $")
_AND_ANOTHER = re.compile(r"(?:,| e| ou|, e) (?:d[eoa]s? )?")

_EVERYDAY_NAMES = """
    alegre alegria alianca altos alvorada americana amparo aparecida arame areia assuncao bandeira barra barracao
    barreira batalha belem bonito campanha capela caridade carmo casca casinhas castelo centenario central
    chapada coluna combinado conceicao conchas concordia conquista contagem contenda coqueiral cordeiro
    corrente cristal cruz cruzeiro datas descanso descoberto desterro diamante divino dobrada dourado encanto
    escada esmeralda esperanca esplanada estacao estiva estreito estrela extrema fama feijo feliz figueira
    flores floresta fortaleza fortuna franca fronteira fundao gloria graca harmonia horizonte humaita
    imigrante independencia inocencia ipe jardim juramento lagoa laje lapa lastro liberdade luz machado
    madeiro malta mansidao maravilha marco mata meridiano mesquita milagres mirante missal modelo montanha
    moreno natal natividade navegantes oliveira oratorios oriente ouro ouvidor painel palma palmeira panorama
    paraiso passagem passira patrocinio paulista pedra pedreira peixe pendencias penha pescador piedade pilar
    pimenta pinhal pinheiro placas planalto planura pontal porto posse prado prata primavera princesa
    progresso pureza querencia realeza recife recreio redencao reduto regeneracao registro remanso renascenca
    reserva resplendor restinga riqueza rodeio rosario roteiro salgado salto salvador santana santos saude
    segredo serio serra sertao sobrado socorro soledade solidao sombrio sorriso sossego soure tapera tesouro
    torres touros travesseiro trindade triunfo tubarao uniao valente varzea vazante vera vereda vertentes
    viadutos vigia vitoria
"""
_COMMON_WORDS = frozenset(_EVERYDAY_NAMES.split()) | {
    "boa esperanca",
    "boa vista",
    "feliz natal",
    "porto seguro",
    "terra nova",
}
"""Municipality names, folded, that are also everyday words, saints' days or surnames."""

_CAPITALISED_ANYWAY = frozenset({"uniao", "saude", "registro", "reserva", "central", "posse"})
"""Names that official Portuguese capitalises in another sense ("a União", "Secretaria da Saúde")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """IBGE codes of the municipalities in a question.

    ``strong`` are named as places ("prefeitura de X", "X/UF", "em Nova Trento"); ``weak`` are bare names that may be
    something else, and are no more than words where the municipality has no documents.
    """

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()


def mentioned_municipalities(question: str, directory: NameDirectory) -> Mentions:
    """The municipalities that a question names: every homonym of a name, unless its state is given.

    In a question of mixed case, a common word in small letters ("natal", "vitória") is no name. Only the first 8,000
    characters are read.
    """
    text = " ".join(question[:_LONGEST_QUESTION].split())
    mixed_case = text != text.lower() and text != text.upper()
    strong: set[str] = set()
    weak: set[str] = set()
    strong_end = -1
    for name in names_in(text, directory):
        uf = uf_after(text, name.end)
        codes = {place.ibge for place in name.places if place.uf == uf} or {place.ibge for place in name.places}
        if _named_as_a_place(text, name, uf, strong_end):
            strong |= codes
            strong_end = name.end
        elif _may_be_a_name(text[name.start : name.end], mixed_case=mixed_case):
            weak |= codes
    return Mentions(strong=frozenset(strong), weak=frozenset(weak - strong))


def _named_as_a_place(text: str, name: PlaceName, uf: str | None, strong_end: int) -> bool:
    if uf is not None and any(place.uf == uf for place in name.places):
        return True
    if _AS_A_PLACE.search(fold(text[max(0, name.start - 60) : name.start])):
        return True
    if _IN_A_PLACE.search(fold(text[: name.start])) and _is_nothing_else(text[name.start : name.end]):
        return True
    follows = strong_end >= 0 and _AND_ANOTHER.fullmatch(text[strong_end : name.start]) is not None
    return follows and fold(text[name.start : name.end]) not in _COMMON_WORDS


def _is_nothing_else(name: str) -> bool:
    folded = fold(name)
    if folded in _COMMON_WORDS or folded in _CAPITALISED_ANYWAY:
        return False
    return " " in name or name[0].isupper()


def _may_be_a_name(name: str, *, mixed_case: bool) -> bool:
    folded = fold(name)
    if folded in _CAPITALISED_ANYWAY:
        return False
    return not (mixed_case and name == name.lower() and folded in _COMMON_WORDS)
