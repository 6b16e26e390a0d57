"""The page in a real browser: what a citizen or a clerk sees and can do."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, async_playwright, expect

from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.ente import Ente
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.dependencies.container import open_container
from balcao.interface.main import create_app
from balcao.interface.server import listen
from tests.applications import settings_in

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ICE_CREAM_LAW = """Lei nº 77, de 3 de maio de 2021

Dispõe sobre a venda de sorvete nas praças.

Art. 1º A licença para vender sorvete nas praças custa 12 reais por mês.

Art. 2º O vendedor deve manter limpo o espaço que ocupa na praça durante todo o período da licença.
"""
BALLOON_LAW = """Lei nº 78, de 4 de maio de 2021

Art. 1º O balão colorido <script>alert('balao')</script> só pode subir
<img src="/espiao.png" onerror="alert(1)"> aos domingos.
"""
LAWS = {"sorvete.txt": ICE_CREAM_LAW, "balao.txt": BALLOON_LAW}


def chromium() -> str:
    """Path of the browser. Without one the test is skipped; where CI promises one, it fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = 'sem o navegador Chromium; instale-o com "apt-get install chromium"'
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(slots=True)
class Visit:
    """A page in the browser, with everything that it asked for and complained about."""

    page: Page
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("console", lambda message: self._note(message))
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    @property
    def question(self) -> Locator:
        return self.page.get_by_label("Sua pergunta")

    @property
    def answers(self) -> Locator:
        return self.page.locator(".answer")

    async def ask(self, question: str) -> Locator:
        """Send a question; its answer, once the focus is on it."""
        place = self.answers.nth(await self.answers.count())
        await self.question.fill(question)
        await self.page.get_by_role("button", name="Perguntar").click()
        await expect(place.get_by_role("heading", level=3)).to_be_focused()
        return place

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    executable = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def visit(
    browser: Browser, accesses: DatabaseAccesses, folder: Path, size: ViewportSize = DESKTOP, **settings: object
) -> AsyncIterator[Visit]:
    """The page, open over a database that holds the two laws."""
    async with open_container(settings_in(folder, **settings), accesses) as container:
        for name, text in LAWS.items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            request = RegisterRequest(path=path, file_name=name, ente=Ente.geral(), inline=True)
            registered = await container.collection.register.execute(request)
            await container.collection.process.execute(registered.job_id)
        listener = listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(create_app(container), log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        page = await browser.new_page(viewport=size)
        visit = Visit(page=page)
        try:
            await page.goto("http://{}:{}/".format(*listener.getsockname()))
            yield visit
        finally:
            await page.close()
            server.should_exit = True
            await serving


async def test_an_answer_shows_its_sources_and_the_conversation_goes_on(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        first = await open_page.ask("Quanto custa a licença para vender sorvete?")
        await expect(first).to_contain_text("12 reais por mês")
        source = first.get_by_role("listitem").filter(has=open_page.page.locator("blockquote")).first
        await expect(source).to_contain_text("Lei nº 77")
        await expect(source).to_contain_text("sorvete.txt")
        await expect(source.locator("blockquote")).to_contain_text("12 reais por mês")

        await first.get_by_role("link", name="fonte 1").first.click()
        await expect(source).to_be_focused()

        async with open_page.page.expect_popup() as opened:
            await source.get_by_role("link", name="sorvete.txt").click()
        original = await opened.value
        assert original.url.endswith("/original")
        await expect(original.locator("body")).to_contain_text("12 reais por mês")
        await original.close()

        async with open_page.page.expect_request("**/chat/ask") as continued:
            second = await open_page.ask("O que o vendedor deve manter limpo na praça?")
        assert ((await continued.value).post_data_json or {})["session_id"]
        await expect(second).to_contain_text("espaço que ocupa")
        await expect(open_page.page.get_by_text("Quanto custa a licença para vender sorvete?")).to_be_visible()

        await open_page.page.get_by_role("button", name="Nova conversa").click()
        await expect(open_page.answers).to_have_count(0)
        await expect(open_page.question).to_be_focused()
        async with open_page.page.expect_request("**/chat/ask") as fresh:
            await open_page.ask("Quanto custa a licença para vender sorvete?")
        assert ((await fresh.value).post_data_json or {})["session_id"] is None
        assert open_page.complaints == []


async def test_a_documents_markup_is_shown_as_text(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        answer = await open_page.ask("Quando o balão colorido pode subir?")
        await expect(answer.locator("blockquote").first).to_contain_text("<script>alert('balao')</script>")
        await expect(answer.locator("blockquote").first).to_contain_text('onerror="alert(1)"')
        await expect(open_page.page.locator("main img, main script")).to_have_count(0)
        paths = {re.sub(r"^http://[^/]+|\?.*$", "", url) for url in open_page.requested}
        assert paths - {"/static/icon.svg"} == {"/", "/static/page.css", "/static/page.js", "/api/v1/chat/ask"}
        assert open_page.complaints == []


async def test_the_policy_stops_what_the_page_does_not_need(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        await open_page.page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.intruded = true";
                document.body.append(script);
            }"""
        )
        assert await open_page.page.evaluate("window.intruded") is None
        assert any("Content Security Policy" in complaint for complaint in open_page.complaints)


async def test_what_the_documents_do_not_say_is_said_to_be_missing(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        answer = await open_page.ask("Qual a receita de bolo de cenoura?")
        await expect(answer).to_contain_text("Não encontrei nos documentos")
        await expect(answer.locator(".sources")).to_have_count(0)
        await expect(open_page.page.get_by_role("status")).to_have_text("Não encontrei resposta nos documentos.")
        assert open_page.complaints == []


async def test_an_error_shows_what_the_service_says_and_keeps_the_question(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path, max_messages_per_session=2) as open_page:
        await open_page.ask("Quanto custa a licença para vender sorvete?")
        refused = await open_page.ask("O que o vendedor deve manter limpo?")
        await expect(refused).to_contain_text("Esta conversa chegou ao limite de mensagens; comece outra.")
        await expect(open_page.question).to_have_value("O que o vendedor deve manter limpo?")
        assert [text for text in open_page.complaints if "status of 429" not in text] == []

        await open_page.page.context.set_offline(True)
        unreachable = await open_page.ask("Quanto custa a licença para vender sorvete?")
        await expect(unreachable).to_contain_text("Confira a conexão")


async def test_the_form_refuses_blank_questions_and_counts_near_the_limit(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        await open_page.question.fill("  \n ")
        await open_page.question.press("Enter")
        await expect(open_page.page.get_by_role("alert")).to_have_text("Escreva uma pergunta.")
        await expect(open_page.question).to_be_focused()
        await expect(open_page.answers).to_have_count(0)
        assert not any(url.endswith("/chat/ask") for url in open_page.requested)

        counter = open_page.page.locator("#counter")
        await open_page.question.fill("a" * 1000)
        await expect(counter).to_be_hidden()
        await open_page.question.fill("a" * 1999)
        await expect(counter).to_have_text("Resta 1 caractere")
        await open_page.question.press("End")
        await open_page.page.keyboard.type("bc")
        await expect(open_page.question).to_have_value("a" * 1999 + "b")


async def test_a_phone_needs_no_horizontal_scroll(browser: Browser, accesses: DatabaseAccesses, tmp_path: Path) -> None:
    async with visit(browser, accesses, tmp_path, PHONE) as open_page:
        await open_page.ask("Quanto custa a licença para vender sorvete?")
        await open_page.ask("x" * 500)
        assert await open_page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert open_page.complaints == []


async def test_swagger_and_redoc_work_under_the_policy(
    browser: Browser, accesses: DatabaseAccesses, tmp_path: Path
) -> None:
    async with visit(browser, accesses, tmp_path) as open_page:
        page, here = open_page.page, open_page.page.url
        await page.goto(f"{here}docs")
        await page.get_by_text("Recursos e limites").click()
        await page.get_by_role("button", name="Try it out").click()
        await page.get_by_role("button", name="Execute").click()
        await expect(page.locator(".live-responses-table")).to_contain_text("app_name")
        await page.goto(f"{here}redoc")
        await expect(page.get_by_role("heading", name="Recursos e limites")).to_be_attached()
        assert open_page.complaints == []
        assert all(url.startswith(here) for url in open_page.requested)
