"""Alerts as e-mails for people and as signed JSON for programs."""

import json

from balcao.application.ports import AlertNotice
from balcao.domain.errors import DeliveryFailed
from balcao.domain.period import BRASILIA
from balcao.infrastructure.external.smtp import Mail, SmtpMailer
from balcao.infrastructure.external.webhook import SignedWebhook


class EmailAlertSender:
    """AlertSender by e-mail."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer

    async def send(self, notice: AlertNotice) -> None:
        """Write to the notice's recipients; the Message-ID is the alert's.

        Raises:
            DeliveryFailed: nobody is to be told, or the mail server did not take it.
        """
        if not notice.recipients:
            raise DeliveryFailed("A prefeitura não tem gestor ativo e ALERT_EMAIL_TO está vazio.")
        alert, name = notice.alert, notice.prefeitura.nome
        used, limit = (f"{tokens:,}".replace(",", ".") for tokens in (alert.used, alert.limit))
        when = alert.created_at.astimezone(BRASILIA)
        mail = Mail(
            id=str(alert.id),
            subject=f"Balcão: {alert.threshold}% da quota usada ({name})",
            text=(
                f"{name}\n\n{alert.in_words()}\n\n"
                f"Foram {used} de {limit} tokens, em {when:%d/%m/%Y às %H:%M} (Brasília).\n"
                "O consumo por dia, pessoa e modelo está no Balcão; créditos, com quem opera a instalação.\n"
            ),
            written_at=alert.created_at,
        )
        await self._mailer.send(mail, notice.recipients)


class WebhookAlertSender:
    """AlertSender by a webhook, in the names of the API; ``webhook-id`` is the alert's."""

    def __init__(self, webhook: SignedWebhook) -> None:
        self._webhook = webhook

    async def send(self, notice: AlertNotice) -> None:
        """Post the alert.

        Raises:
            DeliveryFailed: the webhook's address is not allowed, or it did not answer with success.
        """
        alert, prefeitura = notice.alert, notice.prefeitura
        body = {
            "tipo": "quota.aviso",
            "id": str(alert.id),
            "prefeitura": {"id": str(prefeitura.id), "slug": prefeitura.slug, "nome": prefeitura.nome},
            "periodo": {"inicio": alert.period.start.isoformat(), "fim": alert.period.end.isoformat()},
            "limiar": alert.threshold,
            "usado": alert.used,
            "limite": alert.limit,
            "acaba_em": alert.exhaustion.isoformat() if alert.exhaustion else None,
            "criado_em": alert.created_at.isoformat(),
            "em_palavras": alert.in_words(),
        }
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        await self._webhook.post(str(alert.id), content)
