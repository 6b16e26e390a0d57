"""Schemathesis against a running server: what it sends follows the OpenAPI, or breaks it on purpose."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder

from balcao.infrastructure.external.audit.bundle import VERIFIER

SECRET = re.compile(
    rb'Traceback|File "|\.py\b|asyncpg|sqlalchemy|pydantic|postgres|\$argon2|senha_hash|_sha256|SELECT |INSERT ',
    re.IGNORECASE,
)
"""What a body holds when it tells of the program, of the database or of a password."""

_CHECKS = ("not_a_server_error", "status_code_conformance", "response_schema_conformance", "content_type_conformance")
_INDISCREET = "indiscreet_body"


@dataclass(slots=True)
class Findings:
    """Cases sent, and those with a defect by its kind."""

    cases: int = 0
    defects: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzing:
    """One run. ``secrets`` must be in no body; ``paths`` and ``without`` are patterns of what is tried and left out."""

    url: str
    headers: dict[str, str]
    secrets: Sequence[str]
    phase: str
    examples: int
    seed: int
    paths: str = "."
    without: str = "^$"

    def run(self, most: int) -> Findings:
        """Send up to this many cases, or a few more.

        Raises:
            RuntimeError: Schemathesis could not do its work.
        """
        config = SchemathesisConfig.from_dict(
            {
                "seed": self.seed,
                "headers": self.headers,
                "continue-on-failure": True,
                "generation": {"max-examples": self.examples, "no-shrink": True, "database": "none"},
                "checks": {"enabled": False} | {name: {"enabled": True} for name in _CHECKS},
                "phases": {"enabled": False, self.phase: {"enabled": True}},
            }
        )
        schema = schemathesis.openapi.from_url(f"{self.url}/openapi.json", config=config)
        chosen = schema.include(path_regex=self.paths).exclude(path_regex=self.without)
        findings = Findings()
        stream = from_schema(chosen).execute()
        for event in stream:
            match event:
                case FatalError(exception=problem) | NonFatalError(value=problem):
                    raise RuntimeError("Schemathesis could not go on") from problem
                case ScenarioFinished(recorder=recorder):
                    self._judge(recorder, findings)
                    if findings.cases >= most:
                        stream.stop()
        return findings

    def _judge(self, recorder: ScenarioRecorder, findings: Findings) -> None:
        for case, interaction in recorder.interactions.items():
            findings.cases += 1
            failed = {check.name for check in recorder.checks.get(case, ()) if check.failure_info is not None}
            if interaction.response is not None:
                findings.statuses[interaction.response.status_code] += 1
                if self._is_indiscreet(interaction.response.content or b""):
                    failed.add(_INDISCREET)
            findings.defects.update(failed)

    def _is_indiscreet(self, body: bytes) -> bool:
        told = _told(body)
        return SECRET.search(told) is not None or any(secret.encode() in told for secret in self.secrets)


def _told(body: bytes) -> bytes:
    """What a body says; of a zip file, what its members say, but for the program in a bundle of the audit trail."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist() if not name.endswith(VERIFIER.name))
