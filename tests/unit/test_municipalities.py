"""The municipality directory: the whole of IBGE's table, found the way people write names."""

import pytest

from balcao.domain.ente import UFS, Municipio
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory

WRONG_CHECK_DIGIT = {
    "2201919", "2201988", "2202251", "2611533", "3117836", "3152131", "4305871", "5203939", "5203962",
}  # fmt: skip
"""The codes that IBGE itself published with a check digit that its own rule does not give."""


def check_digit(code: str) -> int:
    """IBGE's rule: weights 1 and 2 in turn over the first six digits, digits of the products summed, up to the ten."""
    products = [int(digit) * weight for digit, weight in zip(code[:6], (1, 2, 1, 2, 1, 2), strict=True)]
    return -sum(product // 10 + product % 10 for product in products) % 10


@pytest.fixture(scope="module")
def directory() -> IbgeMunicipalityDirectory:
    return IbgeMunicipalityDirectory()


@pytest.fixture(scope="module")
def table(directory: IbgeMunicipalityDirectory) -> list[Municipio]:
    return list(directory._by_ibge.values())


def test_the_table_is_complete_and_in_order(table: list[Municipio]) -> None:
    assert len(table) == 5_571
    assert [place.ibge for place in table] == sorted({place.ibge for place in table})
    assert {place.uf for place in table} == UFS


def test_every_code_obeys_the_check_digit_rule_but_the_known_exceptions(table: list[Municipio]) -> None:
    wrong = {place.ibge for place in table if check_digit(place.ibge) != int(place.ibge[6])}
    assert wrong == WRONG_CHECK_DIGIT


def test_a_code_begins_with_its_state(table: list[Municipio]) -> None:
    prefixes = {(place.uf, place.ibge[:2]) for place in table}
    assert len(prefixes) == len(UFS) == 27


@pytest.mark.parametrize(
    ("written", "ibge"),
    [
        ("Curitiba", "4106902"),
        ("NOVA TRENTO", "4211504"),
        ("pratania", "3541059"),
        ("  Feira  de Santana ", "2910800"),
        ("Embu Guaçu", "3515103"),
        ("Santa Bárbara d’Oeste", "3545803"),
        ("Santa Bárbara do Oeste", "3545803"),
        ("Boa Esperança do Norte", "5101837"),
        ("Brasília", "5300108"),
    ],
)
def test_names_are_found_whatever_their_spelling(directory: IbgeMunicipalityDirectory, written: str, ibge: str) -> None:
    assert [place.ibge for place in directory.find(written)] == [ibge]


@pytest.mark.parametrize("written", ["Feira", "EMBU", "brasilia", "São"])
def test_the_first_word_of_a_name_begins_one(directory: IbgeMunicipalityDirectory, written: str) -> None:
    assert directory.begins_a_name(written)


@pytest.mark.parametrize("written", ["Guaçu e", "Oeste", "alvará", ""])
def test_no_other_word_does(directory: IbgeMunicipalityDirectory, written: str) -> None:
    assert not directory.begins_a_name(written)


def test_homonyms_are_told_apart_by_state(directory: IbgeMunicipalityDirectory) -> None:
    assert {place.uf for place in directory.find("Bom Jesus")} == {"PB", "PI", "RN", "RS", "SC"}
    assert [place.ibge for place in directory.find("bom jesus", "sc")] == ["4202537"]
    assert directory.find("Curitiba", "SC") == []


def test_an_unknown_name_or_code_is_not_found(directory: IbgeMunicipalityDirectory) -> None:
    assert directory.find("Lugar Nenhum") == []
    assert directory.find("") == []
    assert directory.by_ibge("9999999") is None


def test_the_installation_adds_its_own_and_keeps_official_names() -> None:
    ours = Municipio(ibge="9900001", uf="SP", nome="Vila do Exemplo")
    renamed = Municipio(ibge="4106902", uf="PR", nome="capital paranaense")
    directory = IbgeMunicipalityDirectory([ours, renamed])
    assert directory.find("vila do exemplo") == [ours]
    assert directory.find("Curitiba") == [directory.by_ibge("4106902")]
