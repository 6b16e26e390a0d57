"""The real documents of the neighbouring folder, which is no part of this repository."""

import os
from pathlib import Path

import pytest

REAL_DOCUMENTS = Path(
    os.environ.get("BALCAO_DADOS_REAIS", Path(__file__).resolve().parents[2] / "shared" / "data"), "docs"
)
needs_real_documents = pytest.mark.skipif(
    not REAL_DOCUMENTS.is_dir(), reason="the real documents are not here; set BALCAO_DADOS_REAIS to their folder"
)
