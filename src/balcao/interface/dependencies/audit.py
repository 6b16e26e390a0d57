"""The audit trail, wired by hand."""

from dataclasses import dataclass

from balcao.application.ports import AuditHeadPublisher, Clock
from balcao.application.tenancy import SupervisedWork
from balcao.application.use_cases.export_audit import ExportAuditUseCase
from balcao.application.use_cases.list_audit import ListAuditUseCase
from balcao.application.use_cases.publish_audit_heads import PublishAuditHeadsUseCase
from balcao.application.use_cases.verify_audit import VerifyAuditUseCase
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.audit.bundle import BundleWriter
from balcao.infrastructure.external.audit.heads import EmailHeadPublisher, FileHeadPublisher, WebhookHeadPublisher
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.consumption import mailer_of, webhook_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the interfaces may do about audit trails."""

    list_entries: ListAuditUseCase
    verify: VerifyAuditUseCase
    export: ExportAuditUseCase
    publish_heads: PublishAuditHeadsUseCase


def wire_audit(settings: Settings, database: Database, clock: Clock) -> Audit:
    """The use cases over these parts."""
    supervised = SupervisedWork(database.operator, database.tenant)
    return Audit(
        list_entries=ListAuditUseCase(supervised),
        verify=VerifyAuditUseCase(supervised),
        export=ExportAuditUseCase(supervised, BundleWriter(), clock),
        publish_heads=PublishAuditHeadsUseCase(database.operator, _publishers(settings, clock), clock),
    )


def _publishers(settings: Settings, clock: Clock) -> dict[str, AuditHeadPublisher]:
    file = settings.audit_head_file or settings.balcao_data_dir / "auditoria" / "cabecas.jsonl"
    publishers: dict[str, AuditHeadPublisher] = {"arquivo": FileHeadPublisher(file)}
    if settings.audit_head_email_to and (mailer := mailer_of(settings)):
        publishers["email"] = EmailHeadPublisher(mailer, settings.audit_head_email_to)
    if settings.audit_head_webhook and (webhook := webhook_of(settings, clock)):
        publishers["webhook"] = WebhookHeadPublisher(webhook)
    return publishers
