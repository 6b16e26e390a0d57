"""Whose law a text is, and whose law a question asks for; in doubt, nobody's."""

import pytest

from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import describe_ente, mentioned_municipalities, parse_ente, recognise_ente
from balcao.domain.errors import InvalidEnte
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory

DIRECTORY = IbgeMunicipalityDirectory()
CURITIBA = Ente.municipio("4106902", "PR")
NOVA_TRENTO = Ente.municipio("4211504", "SC")
SAO_JOSE_SC = Ente.municipio("4216602", "SC")
UNKNOWN_CITY = Ente.municipio(None, None)


def recognised(title: str, text: str) -> Ente:
    return recognise_ente(title, text, DIRECTORY)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Lei nº 9.999, de 1º de março de 2001",
            "Autoriza a União a ceder imóvel à Prefeitura Municipal de Curitiba.\n"
            "O PRESIDENTE DA REPÚBLICA Faço saber que o Congresso Nacional decreta e eu sanciono a seguinte Lei:",
        ),
        (
            "Lei nº 9.998, de 2001",
            "O VICE-PRESIDENTE DA REPÚBLICA, no exercício do cargo. O Congresso Nacional decreta: o Município de "
            "Curitiba, o Município de Curitiba e o Prefeito Municipal de Curitiba observarão esta Lei.",
        ),
        ("Constituição da República Federativa do Brasil", "Art. 18. Os Municípios... o Município de Curitiba"),
        ("Medida Provisória nº 868, de 27 de dezembro de 2018", "Art. 1º Os Municípios poderão aderir."),
        ("Portaria nº 5/2020", "O MINISTRO DE ESTADO DA SAÚDE, no uso de suas atribuições, resolve: Art. 1º"),
        ("Guia do gestor", "MINISTÉRIO DA FAZENDA\nOrientações à Prefeitura Municipal de Curitiba e às demais."),
    ],
)
def test_federal_documents_that_mention_municipalities_stay_federal(title: str, text: str) -> None:
    assert recognised(title, text) == Ente.federal()


@pytest.mark.parametrize(
    ("title", "text", "uf"),
    [
        (
            "Lei nº 15.000, de 2 de maio de 2019",
            "Denomina rodovia no Município de Nova Trento.\nO GOVERNADOR DO ESTADO DE SANTA CATARINA Faço saber que a "
            "Assembleia Legislativa decreta:",
            "SC",
        ),
        ("Decreto nº 1", "O GOVERNADOR DO ESTADO DO PARANÁ, no uso de suas atribuições, decreta: Art. 1º", "PR"),
        ("Lei nº 6", "A CÂMARA LEGISLATIVA DO DISTRITO FEDERAL decreta: o Estado de Goiás. O Estado de Goiás.", "DF"),
        ("Lei Orgânica do Distrito Federal", "Título I", "DF"),
        ("Acórdão nº 7", "Tribunal de Contas do Estado do Paraná\nInteressada: Prefeitura Municipal de Curitiba", "PR"),
        ("Constituição do Estado da Bahia", "Os Municípios", "BA"),
        ("Diário Oficial do Estado de São Paulo – Edição 1", "Prefeitura Municipal de Campinas", "SP"),
        (
            "Despachos da Secretária",
            "cessão do servidor à Secretaria de Estado de Economia do Distrito Federal. Publique-se e encaminhe-se ao "
            "Departamento de Estradas e Rodagem do Distrito Federal.",
            "DF",
        ),
    ],
)
def test_acts_of_states(title: str, text: str, uf: str) -> None:
    assert recognised(title, text) == Ente.estado(uf)


@pytest.mark.parametrize(
    ("title", "text", "ente"),
    [
        ("Lei Orgânica do Município de Curitiba", "Art. 1º", CURITIBA),
        ("Lei Orgânica Municipal", "LEI ORGÂNICA\nMUNICIPAL\nCâmara Municipal de Curitiba\nArt. 1º", CURITIBA),
        ("Lei nº 1/2020", "O PREFEITO MUNICIPAL DE NOVA\nTRENTO, no uso de suas atribuições, faz saber", NOVA_TRENTO),
        ("Decreto 55 (2024)", "Regulamenta preços no Município de Nova Trento, com base na Lei 1.", NOVA_TRENTO),
        (
            "Portaria nº 9",
            "FULANO DE TAL, Prefeito do Município de São José, Estado de Santa Catarina, resolve:",
            SAO_JOSE_SC,
        ),
        ("Edital nº 3/2024", "Município de Curitiba. Pregão no www.curitiba.pr.gov.br", CURITIBA),
        ("Lei nº 3/2020", "O PREFEITO DE PALMAS DO TOCANTINS, no uso de", Ente.municipio("1721000", "TO")),
        ("Manual do servidor", "PREFEITURA DE CURITIBA\nSecretaria de Gestão", CURITIBA),
        (
            "Lei nº 2/2020",
            "Estado de Santa Catarina\nPrefeitura Municipal de São José\nCâmara Municipal. Convênio com o Município de "
            "Curitiba. Faço saber: www.saojose.sc.gov.br",
            SAO_JOSE_SC,
        ),
    ],
)
def test_acts_of_municipalities(title: str, text: str, ente: Ente) -> None:
    assert recognised(title, text) == ente


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Lei nº 1/2020", "O PREFEITO MUNICIPAL, no uso de suas atribuições, faz saber que a Câmara Municipal aprovou"),
        ("Lei nº 1/2020", "O PREFEITO MUNICIPAL DE BOM JESUS, no uso de suas atribuições, faz saber que"),
        ("Lei nº 1/2020", "O PREFEITO MUNICIPAL DE CURITIBA/SC, no uso de suas atribuições, faz saber que"),
        ("Lei nº 1/2020", "O Prefeito Municipal de Santa Bárbara do Lugar Novo, no uso de suas atribuições, decreta"),
        ("Decreto nº 4/2021", "Convênio entre o Município de Curitiba e o Município de Nova Trento."),
        ("Decreto nº 4/2021", "Servidores da Secretaria Municipal de Saúde e do município de residência."),
        ("Resolução nº 3/2020", "O CONSELHO MUNICIPAL DE SAÚDE aprova:"),
        ("Diário Oficial dos Municípios", "Município de Curitiba. Lei. Município de Nova Trento. Lei."),
    ],
)
def test_a_municipal_act_whose_city_is_not_certain_is_nobodys(title: str, text: str) -> None:
    assert recognised(title, text) == UNKNOWN_CITY


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Como pedir uma certidão", "Leve o documento de identidade. Aberto a todos os Municípios do Brasil."),
        ("Relatório de viagem", "Passamos pelo Município de Curitiba."),
        ("", ""),
    ],
)
def test_a_document_that_is_no_ones_law_is_general(title: str, text: str) -> None:
    assert recognised(title, text) == Ente.geral()


def test_a_text_of_any_length_and_content_is_survived() -> None:
    assert recognised("x" * 300, "município de " * 100_000) == Ente.geral()


@pytest.mark.parametrize(
    ("written", "ente", "described"),
    [
        ("federal", Ente.federal(), "União"),
        (" Geral ", Ente.geral(), "geral"),
        ("sp", Ente.estado("SP"), "Estado de São Paulo"),
        ("PR", Ente.estado("PR"), "Estado do Paraná"),
        ("DF", Ente.estado("DF"), "Distrito Federal"),
        ("4106902", CURITIBA, "Município de Curitiba/PR"),
    ],
)
def test_a_written_ente_is_parsed_and_described(written: str, ente: Ente, described: str) -> None:
    assert parse_ente(written, DIRECTORY) == ente
    assert describe_ente(ente, DIRECTORY) == described


@pytest.mark.parametrize("written", ["", "municipio", "XX", "9999999", "410690", "União"])
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(InvalidEnte, match="código IBGE"):
        parse_ente(written, DIRECTORY)


def test_municipalities_without_a_name_are_described() -> None:
    assert describe_ente(UNKNOWN_CITY, DIRECTORY) == "município não identificado"
    assert describe_ente(Ente.municipio("9999999", "SP"), DIRECTORY) == "Município de código IBGE 9999999"


@pytest.mark.parametrize(
    ("question", "strong"),
    [
        ("Qual o IPTU no município de Curitiba?", {"4106902"}),
        ("o que diz a lei da prefeitura municipal de nova trento", {"4211504"}),
        ("Como é a taxa em Natal/RN?", {"2408102"}),
        ("Como é a taxa em Maracaju - MS?", {"5005400"}),
        ("Prefeitura de Bom Jesus, no estado de Santa Catarina", {"4202537"}),
        ("Os municípios de Curitiba, Maracaju e Nova Trento cobram ISS?", {"4106902", "5005400", "4211504"}),
        ("A câmara de vereadores de São José dos Pinhais", {"4125506"}),
        ("O município de registro do imóvel é Curitiba/PR?", {"3542602", "4106902"}),
        ("Existe desconto em Natal - se eu pagar à vista?", set()),
        ("O Município e a União dividem o imposto?", set()),
    ],
)
def test_places_named_as_such_are_strong(question: str, strong: set[str]) -> None:
    assert mentioned_municipalities(question, DIRECTORY).strong == strong


def test_every_homonym_is_strong_unless_the_state_is_given() -> None:
    question = "ISS na cidade de Bom Jesus"
    assert len(mentioned_municipalities(question, DIRECTORY).strong) == 5
    assert mentioned_municipalities(f"{question}/PB", DIRECTORY).strong == {"2502201"}


KNOWN = frozenset({"4106902", "2408102", "3205309", "3170206", "2211100", "3302502"})


@pytest.mark.parametrize(
    ("question", "weak"),
    [
        ("Qual o IPTU de Curitiba?", {"4106902"}),
        ("qual o iptu de curitiba", {"4106902"}),
        ("Qual o feriado de natal?", set()),
        ("Qual o IPTU em Natal?", {"2408102"}),
        ("qual o iss em vitória?", {"3205309"}),
        ("A vitória na licitação dá direito ao contrato?", set()),
        ("A União pode isentar o ISS?", set()),
        ("Qual o ISS de Florianópolis?", set()),
        ("O IPTU de Curitibanos é alto?", set()),
    ],
)
def test_bare_names_are_weak(question: str, weak: set[str]) -> None:
    mentions = mentioned_municipalities(question, DIRECTORY)
    assert mentions.weak & KNOWN == weak
    assert mentions.strong == frozenset()


def test_a_strong_mention_is_not_weak_as_well() -> None:
    mentions = mentioned_municipalities("Na cidade de Curitiba, Curitiba cobra?", DIRECTORY)
    assert mentions.strong == {"4106902"}
    assert mentions.weak == frozenset()


@pytest.mark.parametrize("question", ["Qual o ITBI em Nova Trento?", "qual o itbi em nova trento", "o iptu em Mage"])
def test_a_name_that_is_nothing_else_is_a_place_after_in(question: str) -> None:
    assert len(mentioned_municipalities(question, DIRECTORY).strong) == 1
