"""What the search understands: acts and articles, plurals, misspelling, filters, what is in force."""

from datetime import date

import pytest

from balcao.domain.acts import Act, ActKind, act_of_title
from balcao.domain.ente import Ente
from balcao.domain.search import SearchFilter
from balcao.domain.validity import Validity
from balcao.infrastructure.database.database import Database
from tests.factories import TODAY, a_chunk, a_document, an_embedding, an_inquiry, publish

NEUTRAL = an_embedding(0.0, 0.0, 1.0)
LAW = Act(kind=ActKind.LEI, number="11788", year=2008)
LC = Act(kind=ActKind.LEI_COMPLEMENTAR, number="123", year=2006)
PAIRS = [
    ("quantas licitacoes", "Da licitação"), ("inscricao", "As inscrições"), ("cidadao", "Os cidadãos"),
    ("orgao", "Dos órgãos"), ("tabeliao", "Os tabeliães"), ("escrivaes", "O escrivão"), ("capitao", "Os capitães"),
    ("paes", "O pão"), ("alemao", "Os alemães"), ("papel", "Os papéis"), ("imoveis", "O imóvel"),
    ("automovel", "Os automóveis"), ("util", "Dias úteis"), ("fiel", "Os fiéis"), ("anel", "Dos anéis"),
    ("farol", "Os faróis"), ("lencol", "Os lençóis"), ("anzois", "O anzol"), ("civil", "Casamentos civis"),
    ("fuzil", "Os fuzis"), ("animal", "Os animais"), ("municipal", "Leis municipais"), ("jovem", "Os jovens"),
    ("bem", "Os bens"), ("mulher", "As mulheres"), ("responsavel", "Os responsáveis"), ("mao", "As mãos"),
    ("exigencia", "As exigências"),
]  # fmt: skip


async def first(database: Database, question: str, wanted: SearchFilter | None = None) -> str | None:
    found = await titles(database, question, wanted)
    return found[0] if found else None


async def titles(database: Database, question: str, wanted: SearchFilter | None = None) -> list[str]:
    async with database.tenant() as work:
        inquiry = await an_inquiry(work, question, wanted=wanted or SearchFilter())
        return [passage.title for passage in await work.passages.search(inquiry, NEUTRAL)]


async def test_most_of_a_citizens_words_meet_the_documents(database: Database) -> None:
    document = a_document("Acervo", title="Acervo")
    chunks = [a_chunk(document, text, index=index) for index, (_, text) in enumerate(PAIRS)]
    await publish(database, document, *chunks)
    met = 0
    async with database.tenant() as work:
        for asked, written in PAIRS:
            found = await work.passages.search(await an_inquiry(work, asked), NEUTRAL, n_results=1)
            met += bool(found) and found[0].content == written and found[0].coverage > 0
    assert met >= 26


async def test_an_act_that_the_question_names_comes_before_those_that_mention_it(database: Database) -> None:
    mention = "A Lei nº 11.788/2008 trata do estágio. " * 4
    await publish(database, a_document(mention, title="Portaria que a cita"))
    await publish(database, a_document("Este é o texto do próprio ato.", title="A própria", act=LAW))
    for question in ("lei 11788", "o que diz a Lei nº 11.788/2008 sobre estágio?", "lei do estágio"):
        assert await first(database, question) == "A própria"
    async with database.tenant() as work:
        for question, named in (("lei 11.788 de 2008", True), ("lei 11.788 de 1999", False)):
            found = await work.passages.search(await an_inquiry(work, question), NEUTRAL)
            assert any(passage.named for passage in found) is named


async def test_a_booklet_about_a_law_does_not_pass_for_the_law(database: Database) -> None:
    for title in ("Cartilha sobre a Lei nº 11.788/2008", "Lei nº 11.788, de 25 de setembro de 2008"):
        text = "Estágio é ato educativo."
        await publish(database, a_document(text, title=title, act=act_of_title(title)))
    async with database.tenant() as work:
        found = await work.passages.search(await an_inquiry(work, "lei 11788"), NEUTRAL)
    assert [(passage.title.split()[0], passage.named) for passage in found] == [("Lei", True), ("Cartilha", False)]


async def test_an_article_of_an_act_that_the_question_names_is_the_very_one(database: Database) -> None:
    for act, title in ((LAW, "Lei"), (LC, "LC")):
        document = a_document("Texto", title=title, act=act)
        texts = {5: "Podem recorrer a agentes.", 6: "O art. 5º vale, art. 5º, art. 5º.", 7: "São obrigações."}
        chunks = [
            a_chunk(document, f"Art. {number}º {text} {title}", index=number, path=f"Art. {number}º")
            for number, text in texts.items()
        ]
        await publish(database, document, *chunks)
    async with database.tenant() as work:
        for question, title in (("art. 5º da lei 11.788", "Lei"), ("artigo 5 da LC 123", "LC")):
            best, *others = await work.passages.search(await an_inquiry(work, question), NEUTRAL)
            assert (best.title, best.path) == (title, "Art. 5º")
            assert others[0].title == title


async def test_a_misspelt_word_finds_what_was_meant(database: Database) -> None:
    await publish(database, a_document("Da desapropriação de terrenos.", title="certa"))
    await publish(database, a_document("Do recolhimento de tributos.", title="outra"))
    assert await first(database, "dezapropriasao") == "certa"
    async with database.tenant() as work:
        (term,) = (await an_inquiry(work, "recolhimeto")).terms
    assert (term.is_known, term.match) == (False, "recolh")
    assert 0.35 <= term.likeness < 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SearchFilter(tag="saude"), {"LC"}),
        (SearchFilter(act_kind=ActKind.LEI), {"lei"}),
        (SearchFilter(act_number="123", act_year=2006), {"LC"}),
        (SearchFilter(act_year=1999), set()),
        (SearchFilter(ente=Ente.municipio("5005400", "MS")), {"maracaju"}),
        (SearchFilter(), {"lei", "LC"}),
    ],
)
async def test_filters_keep_only_what_they_say(database: Database, wanted: SearchFilter, found: set[str]) -> None:
    await publish(database, a_document("O prazo é curto.", title="lei", act=LAW))
    await publish(database, a_document("O prazo é longo.", title="LC", act=LC, tags=("saude", "outra")))
    city = Ente.municipio("5005400", "MS")
    await publish(database, a_document("O prazo é de lá.", title="maracaju", ente=city))
    assert set(await titles(database, "prazo", wanted)) == found


async def test_a_document_can_be_asked_for_alone(database: Database) -> None:
    one = await publish(database, a_document("O prazo um.", title="um"))
    await publish(database, a_document("O prazo dois.", title="dois"))
    assert await titles(database, "prazo", SearchFilter(document_id=one.id)) == ["um"]


async def test_only_what_is_in_force_on_the_day_is_found(database: Database) -> None:
    validities = {
        "sempre": Validity(),
        "até ontem": Validity(end=date(2026, 3, 9)),
        "até hoje": Validity(end=TODAY),
        "desde amanhã": Validity(start=date(2026, 3, 11)),
    }
    for title, validity in validities.items():
        await publish(database, a_document(f"O prazo {title}.", title=title, validity=validity))
    newer = await publish(database, a_document("Revoga o outro prazo.", title="nova"))
    revoked = Validity(revoked_by=newer.id)
    await publish(database, a_document("O prazo antigo.", title="revogada sem data", validity=revoked))
    today = {"sempre", "até hoje", "nova"}
    assert set(await titles(database, "prazo")) == today
    before = SearchFilter(on=date(2026, 3, 9))
    assert set(await titles(database, "prazo", before)) == today | {"até ontem"}
    assert "desde amanhã" in await titles(database, "prazo", SearchFilter(on=date(2026, 3, 11)))
    everything = SearchFilter(include_out_of_force=True)
    async with database.tenant() as work:
        inquiry = await an_inquiry(work, "prazo", wanted=everything)
        found = await work.passages.search(inquiry, NEUTRAL, n_results=10)
    assert {passage.title for passage in found} == {*validities, "nova", "revogada sem data"}
