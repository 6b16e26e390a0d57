"""What the routes of the audit trail answer."""

import json
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from balcao.application.use_cases.verify_audit import AuditVerdict
from balcao.domain.audit import AuditEntry
from balcao.domain.audit_verification import Fault


class ActorView(BaseModel):
    """Quem agiu: a pessoa ou a chave, pelo id."""

    tipo: str = ""
    id: str | None = None


class AuditEntryView(BaseModel):
    """Uma entrada da trilha, como está gravada, mesmo que tenha sido adulterada."""

    numero: int
    instante: str
    acao: str
    ator: ActorView = ActorView()
    sobre: str | None = Field(None, description="O id da mensagem, conversa, pessoa, chave, prefeitura ou documento.")
    detalhes: dict[str, Any] = Field({}, description="O que mudou; de perguntas e respostas, resumos, fontes e tokens.")
    anterior: str = Field(description="O hash da entrada anterior, em hexadecimal.")
    hash: str = Field(description="SHA-256 desta entrada, em hexadecimal.")

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryView":
        """The entry as it is shown; what is hashed is its record as it is kept, which the export holds."""
        return cls(
            numero=entry.number,
            anterior=entry.previous_hash.hex(),
            hash=entry.hash.hex(),
            **json.loads(entry.record),
        )


class FaultView(BaseModel):
    """Onde a trilha está quebrada."""

    entrada: int
    motivo: str

    @classmethod
    def of(cls, fault: Fault) -> "FaultView":
        """The fault."""
        return cls(entrada=fault.number, motivo=fault.reason)


class AuditVerdictView(BaseModel):
    """O que se achou ao conferir uma trilha."""

    cadeia: UUID
    nome: str
    integra: bool
    entradas: int = Field(description="Até que entrada a trilha está íntegra.")
    hash: str = Field(description="O hash dessa entrada, em hexadecimal; só zeros se não há nenhuma.")
    cabecas_comparadas: int = Field(description="Cabeças publicadas com que a trilha foi comparada.")
    falha: FaultView | None

    @classmethod
    def of(cls, verdict: AuditVerdict) -> "AuditVerdictView":
        """The verdict."""
        return cls(
            cadeia=verdict.chain_id,
            nome=verdict.name,
            integra=verdict.fault is None,
            entradas=verdict.last.number,
            hash=verdict.last.hash.hex(),
            cabecas_comparadas=verdict.compared,
            falha=FaultView.of(verdict.fault) if verdict.fault else None,
        )
