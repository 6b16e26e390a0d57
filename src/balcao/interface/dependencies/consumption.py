"""Quotas, reports and alerts, wired by hand."""

from dataclasses import dataclass

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import AlertSender, Clock
from balcao.application.tenancy import SupervisedWork
from balcao.application.use_cases.add_credit import AddCreditUseCase
from balcao.application.use_cases.check_books import CheckBooksUseCase
from balcao.application.use_cases.deliver_alerts import DeliverAlertsUseCase
from balcao.application.use_cases.list_alerts import ListAlertsUseCase
from balcao.application.use_cases.read_quota import ReadQuotaUseCase
from balcao.application.use_cases.report_consumption import ReportConsumptionUseCase
from balcao.domain.alerts import Channel
from balcao.domain.prices import Prices
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.alert_senders import EmailAlertSender, WebhookAlertSender
from balcao.infrastructure.external.price_table import read_prices
from balcao.infrastructure.external.smtp import MailServer, SmtpMailer
from balcao.infrastructure.external.webhook import SignedWebhook, WebhookTarget
from balcao.infrastructure.settings import Settings, signing_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """What the interfaces may do about quotas, reports and alerts."""

    report: ReportConsumptionUseCase
    check_books: CheckBooksUseCase
    read_quota: ReadQuotaUseCase
    add_credit: AddCreditUseCase
    list_alerts: ListAlertsUseCase
    deliver_alerts: DeliverAlertsUseCase


def wire_consumption(settings: Settings, database: Database, clock: Clock) -> Consumption:
    """The use cases over these parts."""
    supervised = SupervisedWork(database.operator, database.tenant)
    return Consumption(
        report=ReportConsumptionUseCase(supervised, clock),
        check_books=CheckBooksUseCase(database.operator),
        read_quota=ReadQuotaUseCase(supervised, clock),
        add_credit=AddCreditUseCase(database.operator, AuditTrail(clock), clock),
        list_alerts=ListAlertsUseCase(supervised),
        deliver_alerts=DeliverAlertsUseCase(
            database.operator, database.tenant, _senders(settings, clock), clock, settings.alert_email_to
        ),
    )


def prices_of(settings: Settings) -> Prices:
    """What tokens cost in this installation.

    Raises:
        InvalidConfiguration: the price table's file is not one.
    """
    return read_prices(
        settings.usd_brl_rate, file=settings.price_table_file, speaks_to_openai=settings.openai_base_url is None
    )


def alert_channels(settings: Settings) -> tuple[Channel, ...]:
    """How this installation sends alerts, besides showing them."""
    mailed = (Channel.EMAIL,) if settings.smtp_host else ()
    return (*mailed, Channel.WEBHOOK) if settings.alert_webhook_url else mailed


def mailer_of(settings: Settings) -> SmtpMailer | None:
    """What sends e-mail; None where no mail server is configured."""
    if settings.smtp_host is None or settings.smtp_from is None:
        return None
    password = settings.smtp_password
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password.get_secret_value() if password else None,
    )
    return SmtpMailer(server)


def webhook_of(settings: Settings, clock: Clock) -> SignedWebhook | None:
    """What posts to the installation's webhook; None where none is configured."""
    if settings.alert_webhook_url is None or settings.alert_webhook_secret is None:
        return None
    target = WebhookTarget(url=settings.alert_webhook_url, key=signing_key(settings.alert_webhook_secret))
    return SignedWebhook(target, clock)


def _senders(settings: Settings, clock: Clock) -> dict[Channel, AlertSender]:
    senders: dict[Channel, AlertSender] = {}
    if mailer := mailer_of(settings):
        senders[Channel.EMAIL] = EmailAlertSender(mailer)
    if webhook := webhook_of(settings, clock):
        senders[Channel.WEBHOOK] = WebhookAlertSender(webhook)
    return senders
