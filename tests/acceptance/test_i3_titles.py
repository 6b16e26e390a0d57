"""I3: acts of a series are all taken in, however alike their titles; the same one in other spelling is asked about."""

import random
import unicodedata
from collections.abc import Iterator
from unittest.mock import patch

from balcao.domain import document_service, similar_titles
from balcao.domain.document import Document, DocumentState
from balcao.domain.ente import Ente
from balcao.infrastructure.database.database import Database
from tests.acceptance.environment import AcceptanceEnvironment
from tests.ingestion import Ingestion

CODE = "I3"
TRIES = "ingerir atos numerados em série, todos aceitos, e repetições com outra grafia, todas levadas à confirmação"
FULL = 1200
BOUNDED = 60
MUTANT = "só a semelhança do título decide"

_OF_SERIES = 5 / 6
_ENTES = (Ente.municipio("4211504", "SC"), Ente.municipio("4106902", "PR"))
_NAMELESS = (
    "Código de Obras e Edificações do Município de Nova Trento",
    "Plano Diretor Participativo e Sustentável do Município de Nova Trento",
    "Código Tributário e de Rendas do Município de Nova Trento",
    "Regimento Interno do Conselho Municipal de Educação de Nova Trento",
    "Manual de Gestão de Férias, Licenças e Afastamentos dos Servidores Públicos",
)


def series(count: int) -> Iterator[tuple[str, Ente]]:
    """Titles that differ by number, year, organ, municipality, month, annex or ordinal alone."""
    kinds = (
        "Decreto nº {number}/2020 - Regulamenta o estágio probatório dos servidores públicos municipais",
        "Portaria nº {portaria}/{decade} - Nomeia a comissão de licitação para o biênio 2023-2024",
        "Lei Complementar nº {small} de 2019 - Altera o Código Tributário do Município",
        "Pregão Eletrônico nº {small}/2024 - Registro de preços para aquisição de material de expediente",
        "Portaria nº 7/2024 da Secretaria Municipal de {organ} - Escala de plantão número {small}",
        "Relatório de Gestão Fiscal do {ordinal} quadrimestre de {year} - Anexo {roman}",
    )
    organs = ("Saúde", "Educação", "Obras", "Fazenda", "Cultura")
    ordinals, romans = ("primeiro", "segundo", "terceiro"), ("I", "II", "III", "IV", "V")
    for index in range(count):
        turn = index // len(kinds)
        title = kinds[index % len(kinds)].format(
            number=f"12.{turn:03}",
            portaria=f"{45 + turn // 60:03}",
            decade=1965 + turn % 60,
            year=1990 + turn // 15,
            small=f"{turn + 1:03}",
            organ=organs[turn % len(organs)],
            ordinal=ordinals[turn % len(ordinals)],
            roman=romans[turn // len(ordinals) % len(romans)],
        )
        yield title, _ENTES[0]


def respelt(title: str, chance: random.Random) -> str:
    """The title as somebody else would type it."""
    plain = "".join(char for char in unicodedata.normalize("NFD", title) if not unicodedata.combining(char))
    return chance.choice((plain, title.upper(), plain.upper(), title.replace(" - ", " – "), plain.lower(), f"{title}."))


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Acts of a series that are not in, and repetitions that came in, or were not said to repeat the right one."""
    chance = random.Random(attempts)  # noqa: S311 - spellings, not secrets
    database = Database(await environment.new_accesses())
    ingestion = Ingestion(database=database, folder=environment.new_folder())
    in_series = round(attempts * _OF_SERIES)
    originals = [*series(in_series)]
    originals += [(title, _ENTES[0]) for title in _NAMELESS]
    found = 0
    try:
        for index, (title, ente) in enumerate(originals):
            result = await ingestion.ingest(f"Art. 1º Texto {index}.", f"{index}.txt", title=title, ente=ente)
            found += result.state is not DocumentState.DISPONIVEL
        for index in range(attempts - in_series):
            title, ente = originals[-1 - index % len(originals)]
            text, name = f"Art. 1º Outro texto {index}.", f"r{index}.txt"
            result = await ingestion.ingest(text, name, title=respelt(title, chance), ente=ente)
            found += result.state is not DocumentState.AGUARDANDO_CONFIRMACAO or result.related is None
        other = await ingestion.ingest("Outra cidade.", "o.txt", title=originals[0][0], ente=_ENTES[1])
        found += other.state is not DocumentState.DISPONIVEL
    finally:
        await database.dispose()
    return found


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where titles are told apart by their likeness alone."""

    def always(_one: Document, _other: Document) -> bool:
        return True

    with patch.object(document_service, "may_be_the_same", always), patch.object(document_service, "act_key", _no_key):
        return await violations(min(attempts, BOUNDED), environment)


def _no_key(_title: str) -> None:
    return None


async def test_i3(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_i3_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


def test_the_series_is_one_that_likeness_cannot_tell_apart() -> None:
    titles = [title for title, _ in series(BOUNDED)]
    marks = {(similar_titles.marks_of(title), title) for title in titles}
    assert len(marks) == len(set(titles)) == BOUNDED
