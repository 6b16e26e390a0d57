"""``balcao quota`` and ``balcao consumo``: what prefeituras may spend, what they spent, and whether the books agree."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from balcao.domain.consumption_report import Grouping
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import DAYS, INSTALLATION, Json

if TYPE_CHECKING:
    from balcao.application.use_cases.read_quota import QuotaStatement
    from balcao.domain.alerts import QuotaAlert
    from balcao.domain.consumption_report import Consumed, ConsumptionReport, ConsumptionRow, Difference
    from balcao.domain.ids import AlertId
    from balcao.domain.quota import Credit
    from balcao.interface.dependencies.container import Container

quota_app = typer.Typer(help="Mostra e altera quotas, dá créditos e lista avisos.", no_args_is_help=True)
consumo_app = typer.Typer(help="Mostra o consumo e confere se as contas fecham.", no_args_is_help=True)

Slug = Annotated[str, typer.Option("--prefeitura", metavar="SLUG", help="De qual prefeitura.")]


@quota_app.command("mostrar")
def show_quota(slug: Slug, as_json: Json = False) -> None:
    """Mostra o período atual: quota, créditos, usado, reservado, o que resta e quando deve acabar."""

    async def action(installation: runtime.Installation) -> "QuotaStatement":
        async with installation.container() as container:
            return await _quota_of(container, slug)

    _show_quota(runtime.run(action), as_json=as_json)


@quota_app.command("definir")
def define_quota(
    slug: Slug,
    tokens: Annotated[int | None, typer.Option("--tokens", min=0, metavar="TOKENS", help="Tokens por mês.")] = None,
    dia_contrato: Annotated[
        int | None,
        typer.Option("--dia-contrato", min=1, max=31, metavar="DIA", help="Dia em que começa o mês do contrato."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Altera a quota, que vale na hora, ou o dia do contrato, que vale a partir do próximo período."""
    from balcao.application.use_cases.manage_prefeituras import EditPrefeituraRequest

    if tokens is None and dia_contrato is None:
        raise typer.BadParameter("Informe --tokens ou --dia-contrato.")
    request = EditPrefeituraRequest(
        principal=INSTALLATION, prefeitura=slug, quota_tokens=tokens, dia_contrato=dia_contrato
    )

    async def action(installation: runtime.Installation) -> "QuotaStatement":
        async with installation.container() as container:
            await container.edit_prefeitura.execute(request)
            return await _quota_of(container, slug)

    _show_quota(runtime.run(action), as_json=as_json)


@quota_app.command("creditar")
def add_credit(
    slug: Slug,
    tokens: Annotated[int, typer.Option("--tokens", min=1, metavar="TOKENS", help="Quantos tokens a mais.")],
    motivo: Annotated[str, typer.Option("--motivo", metavar="MOTIVO", help="Por quê; fica registrado.")],
    ate: Annotated[
        datetime | None,
        typer.Option("--ate", formats=DAYS, metavar="AAAA-MM-DD", help="Último dia; sem ele, até o fim do período."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Aumenta o limite a partir de agora: neste período ou, com --ate, em cada período até esse dia."""
    from balcao.application.use_cases.add_credit import AddCreditRequest

    request = AddCreditRequest(
        principal=INSTALLATION, prefeitura=slug, tokens=tokens, reason=motivo, last=ate.date() if ate else None
    )

    async def action(installation: runtime.Installation) -> "Credit":
        async with installation.container() as container:
            return await container.consumption.add_credit.execute(request)

    credit = runtime.run(action)
    if as_json:
        from balcao.interface.api.consumption_schemas import CreditView

        output.say(CreditView.of(credit).model_dump_json(indent=2))
        return
    output.say(f"Crédito de {_number(credit.tokens)} tokens, até {_last_moment(credit.valid_until)}: {credit.reason}")


@quota_app.command("avisos")
def list_alerts(slug: Slug, as_json: Json = False) -> None:
    """Lista os avisos de 50, 80 e 100% da quota, do mais novo para o mais antigo, e o que houve das entregas."""
    from balcao.application.use_cases.list_alerts import ListAlertsRequest

    async def action(installation: runtime.Installation) -> "list[QuotaAlert]":
        found: list[QuotaAlert] = []
        async with installation.container() as container:
            while page := await container.consumption.list_alerts.execute(
                ListAlertsRequest(principal=INSTALLATION, prefeitura=slug, after=_last_id(found))
            ):
                found += page
        return found

    alerts = runtime.run(action)
    if as_json:
        from balcao.interface.api.consumption_schemas import AlertView

        output.show([AlertView.of(alert).model_dump(mode="json") for alert in alerts], "", as_json=True)
        return
    if not alerts:
        output.say("Nenhum aviso até agora.")
    for alert in alerts:
        sent = ", ".join(f"{delivery.channel} {delivery.state}" for delivery in alert.deliveries) or "só aqui"
        output.say(f"{_instant(alert.created_at)}  {alert.threshold}%  {alert.in_words()} ({sent})")


@consumo_app.command("mostrar")
def show_consumption(
    slug: Slug,
    de: Annotated[
        datetime | None,
        typer.Option("--de", formats=DAYS, metavar="AAAA-MM-DD", help="Primeiro dia; sem ele, o do período atual."),
    ] = None,
    ate: Annotated[
        datetime | None,
        typer.Option("--ate", formats=DAYS, metavar="AAAA-MM-DD", help="Último dia, incluído; sem ele, hoje."),
    ] = None,
    por: Annotated[Grouping, typer.Option("--por", help="Uma linha por dia, usuario ou modelo.")] = Grouping.DAY,
    as_csv: Annotated[bool, typer.Option("--csv", help="Imprime a tabela em CSV, para planilhas.")] = False,
    as_json: Json = False,
) -> None:
    """Mostra tokens e custo de uma prefeitura por dia, pessoa ou modelo."""
    from balcao.application.use_cases.report_consumption import ReportConsumptionRequest

    request = ReportConsumptionRequest(
        principal=INSTALLATION,
        prefeitura=slug,
        grouping=por,
        first=de.date() if de else None,
        last=ate.date() if ate else None,
    )

    async def action(installation: runtime.Installation) -> "ConsumptionReport":
        async with installation.container() as container:
            return await container.consumption.report.execute(request)

    _show_report(runtime.run(action), as_csv=as_csv, as_json=as_json)


@consumo_app.command("conferir")
def check_books(
    slug: Annotated[
        str | None, typer.Option("--prefeitura", metavar="SLUG", help="De qual prefeitura; sem ela, de todas.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Confere, com o serviço no ar, se o razão, as mensagens, os períodos e o total de cada prefeitura são iguais."""
    from balcao.application.use_cases.check_books import MOST_DIFFERENCES, CheckBooksRequest

    async def action(installation: runtime.Installation) -> "list[Difference]":
        async with installation.container() as container:
            return await container.consumption.check_books.execute(CheckBooksRequest(principal=INSTALLATION, slug=slug))

    found = runtime.run(action)
    if as_json:
        rows = [
            {
                "prefeitura": difference.slug,
                "conta": difference.book,
                "qual": difference.subject,
                "esperado": difference.expected,
                "encontrado": difference.found,
            }
            for difference in found
        ]
        output.show(rows, "", as_json=True)
    else:
        for difference in found:
            output.say(difference.in_words())
        if len(found) == MOST_DIFFERENCES:
            output.say(f"Há mais: só as primeiras {MOST_DIFFERENCES} diferenças são mostradas.")
        output.say(f"{len(found)} diferença(s)." if found else "As contas fecham.")
    if found:
        raise typer.Exit(runtime.EXIT_NOT_DONE)


async def _quota_of(container: "Container", slug: str) -> "QuotaStatement":
    from balcao.application.use_cases.read_quota import ReadQuotaRequest

    return await container.consumption.read_quota.execute(ReadQuotaRequest(principal=INSTALLATION, prefeitura=slug))


def _show_quota(statement: "QuotaStatement", *, as_json: bool) -> None:
    if as_json:
        from balcao.interface.api.consumption_schemas import QuotaView

        output.say(QuotaView.of(statement).model_dump_json(indent=2))
        return
    balance, prefeitura = statement.balance, statement.prefeitura
    output.say(f"{prefeitura.slug}  {prefeitura.nome}{'' if prefeitura.ativo else ' (suspensa)'}")
    output.say(
        f"Período de {balance.period.start:%d/%m/%Y} até antes de {balance.period.end:%d/%m/%Y}; "
        f"o contrato começa no dia {prefeitura.dia_contrato}."
    )
    output.say(
        f"Limite de {_number(balance.limit)} tokens ({_number(balance.quota)} da quota, {_number(balance.extra)} de "
        f"créditos): {_number(balance.used)} usados, {_number(balance.reserved)} reservados, {_number(balance.left)} "
        "restantes."
    )
    output.say(balance.in_words())
    if statement.exhaustion:
        output.say(f"No ritmo atual, a quota acaba em {statement.exhaustion:%d/%m/%Y}.")
    for credit in statement.credits:
        output.say(f"Crédito de {_number(credit.tokens)} até {_last_moment(credit.valid_until)}: {credit.reason}")


def _show_report(report: "ConsumptionReport", *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        from balcao.interface.api.consumption_schemas import ConsumptionView

        output.say(ConsumptionView.of(report).model_dump_json(indent=2))
        return
    if as_csv:
        from balcao.interface.api.consumption_csv import consumption_csv

        output.say(consumption_csv(report).removesuffix("\r\n"))
        return
    for row in report.rows:
        output.say(f"{_about(report.grouping, row)}: {_sums(row.consumed)}")
    days = f"De {report.days.first:%d/%m/%Y} a {report.days.last:%d/%m/%Y}"
    output.say(f"{days}: {_sums(report.total)}")
    if report.total.unpriced:
        output.say(
            f"De {_number(report.total.unpriced)} tokens não se sabe o preço do modelo; o custo é o dos demais. "
            "Informe-o em PRICE_TABLE_FILE."
        )


def _about(grouping: Grouping, row: "ConsumptionRow") -> str:
    if grouping is Grouping.DAY and row.day:
        return f"{row.day:%d/%m/%Y}"
    if grouping is Grouping.MODEL:
        return row.model or ""
    return f"{row.nome} ({row.usuario_id})" if row.usuario_id else "sem login ou por programas"


def _sums(consumed: "Consumed") -> str:
    estimated = f", {_number(consumed.estimated)} deles estimados" if consumed.estimated else ""
    reais = f"{consumed.reais:.4f}".replace(".", ",")
    questions = "1 pergunta paga" if consumed.questions == 1 else f"{consumed.questions} perguntas pagas"
    return f"{_number(consumed.tokens)} tokens{estimated}; {questions}; R$ {reais}"


def _last_id(alerts: "list[QuotaAlert]") -> "AlertId | None":
    return alerts[-1].id if alerts else None


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _last_moment(end: datetime) -> str:
    """The last minute before an end that is not included."""
    return _instant(end - timedelta(minutes=1))


def _instant(value: datetime) -> str:
    from balcao.domain.period import BRASILIA

    return f"{value.astimezone(BRASILIA):%d/%m/%Y %H:%M}"
