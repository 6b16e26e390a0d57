"""What the command line prints: sentences and tables for people, one JSON value for programs."""

import io
import json
import sys
from dataclasses import asdict, dataclass

from balcao.application.ports import MunicipalityDirectory
from balcao.application.use_cases.chat_with_documents import ChatResponse
from balcao.application.use_cases.search_documents import SearchResponse
from balcao.domain.document import Document
from balcao.domain.ente_recognition import describe_ente
from balcao.domain.prefeitura import Prefeitura
from balcao.interface.dependencies.container import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """A document as a list shows it."""

    document_id: str
    titulo: str
    ente: str
    origem: str
    tipo: str
    paginas: int | None
    criado_em: str

    @classmethod
    def of(cls, document: Document, directory: MunicipalityDirectory) -> "ListedDocument":
        """The document's row."""
        return cls(
            document_id=str(document.id),
            titulo=document.title,
            ente=describe_ente(document.ente, directory),
            origem=document.metadata.source or document.file_name,
            tipo=document.metadata.file_type,
            paginas=document.metadata.page_count,
            criado_em=document.created_at.isoformat() if document.created_at else "",
        )


def accept_any_text(*, as_json: bool) -> None:
    """Let every text be printed: what the terminal's encoding lacks, as file names may, is shown escaped.

    JSON is UTF-8 whatever the terminal's encoding (RFC 8259, section 8.1), and the escape is JSON's own.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if as_json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """A line for people on standard output."""
    print(text)


def complain(text: str) -> None:
    """A line for people on standard error."""
    print(text, file=sys.stderr)


def show(value: object, text: str, *, as_json: bool) -> None:
    """The JSON value, or the text."""
    say(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text)


def show_failure(code: str, sentence: str, *, as_json: bool, details: str | None = None) -> None:
    """One sentence, or the details that hold it, on standard error; with ``--json``, one object on standard output."""
    if as_json:
        show({"error_code": code, "detail": sentence}, "", as_json=True)
    if details or not as_json:
        complain(details or sentence)


def announce_server(where: str, container: Container, seconds: float, demonstration: bool) -> None:
    """The ready line, and what to try."""
    say(f"Balcão pronto em {where} ({seconds:.1f} s). Documentação da API: {where}/docs")
    say(f"Como responde: {container.model_card.description}")
    if demonstration:
        say("Experimente no navegador, ou em outro terminal:")
        say('  .venv/bin/balcao perguntar "Qual o desconto do IPTU em cota única?"')
    say("Ctrl-C encerra.")
    sys.stdout.flush()


def show_server(where: str, seconds: float, first_access: dict[str, str] | None) -> None:
    """The ready server as one JSON object, with the first operador's access where it was just created."""
    show({"url": where, "segundos": round(seconds, 1), "primeiro_acesso": first_access}, "", as_json=True)
    sys.stdout.flush()


def show_answer(answer: ChatResponse, *, as_json: bool) -> None:
    """The answer, its sources by number, and the conversation to continue."""
    if as_json:
        from balcao.interface.api.schemas import AnswerView

        say(AnswerView.of(answer).model_dump_json(indent=2))
        return
    say(answer.response)
    for number, (source, heading) in enumerate(zip(answer.sources, answer.headings, strict=True), start=1):
        if number == 1:
            say("\nFontes:")
        say(f"  [{number}] {heading} — {source.source}")
    tokens = f"{answer.usage.total_tokens} tokens{' (estimados)' if answer.usage.estimated else ''}"
    say(f"\n{answer.model}, {answer.processing_time:.2f} s, {tokens}; continue com --sessao {answer.session_id}")
    if answer.is_metered:
        say(answer.quota_in_words)


def show_passages(found: SearchResponse, *, as_json: bool) -> None:
    """Each passage with its place and score."""
    if as_json:
        from balcao.interface.api.schemas import SearchView

        say(SearchView.of(found).model_dump_json(indent=2))
        return
    if found.by_words_alone:
        say("A quota de tokens deste mês está no fim: a busca foi só pelas palavras.\n")
    if not found.passages:
        say("Nenhum trecho encontrado; confira os filtros ou, sem eles, se há documentos abertos a esta prefeitura.")
    for number, passage in enumerate(found.passages, start=1):
        say(f"[{number}] {passage.heading} — {passage.source} (pontos {passage.score:.3f})")
        say(f"    {' '.join(passage.content.split())[:300]}\n")


def show_documents(documents: list[ListedDocument], *, is_whole: bool, as_json: bool) -> None:
    """A line for each document, its id first; ``is_whole``: these are all that the search knows."""
    if as_json:
        show([asdict(document) for document in documents], "", as_json=True)
        return
    if not documents:
        say('A coleção está vazia; comece com "balcao ingerir CAMINHO".' if is_whole else "Nenhum documento assim.")
    for document in documents:
        pages = f", {document.paginas} páginas" if document.paginas else ""
        say(f"{document.document_id}  {document.titulo} ({document.ente}; {document.tipo}{pages})")


def show_prefeituras(prefeituras: list[Prefeitura], *, as_json: bool, single: bool = False) -> None:
    """A line for each prefeitura; ``single`` prints one object instead of an array."""
    if as_json:
        from balcao.interface.api.identity_schemas import PrefeituraView

        rows = [PrefeituraView.of(prefeitura).model_dump(mode="json") for prefeitura in prefeituras]
        show(rows[0] if single else rows, "", as_json=True)
        return
    for prefeitura in prefeituras:
        say(f"{prefeitura.slug}  {prefeitura.nome} ({'; '.join(_remarks(prefeitura))})")


def _remarks(prefeitura: Prefeitura) -> list[str]:
    place = [prefeitura.uf] if prefeitura.uf else []
    if prefeitura.ibge:
        place.append(f"IBGE {prefeitura.ibge}")
    spent = f"{prefeitura.tokens_consumidos} tokens consumidos, quota de {prefeitura.quota_tokens} por mês"
    situation = ["pública"] * prefeitura.publica + ["suspensa"] * (not prefeitura.ativo)
    return [", ".join(place)] * bool(place) + [spent, f"contrato no dia {prefeitura.dia_contrato}", *situation]
