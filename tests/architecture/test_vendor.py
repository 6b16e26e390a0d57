"""The files of others are those that VENDOR.md says they are, and all that it says."""

import hashlib
import re

from tests.conftest import REPOSITORY

VENDOR = REPOSITORY / "src" / "balcao" / "interface" / "web" / "vendor"
LISTED = re.findall(
    r"^\| `([^`]+)` \| `[^`]+` \| `([0-9a-f]{64})` \|$",
    (VENDOR / "VENDOR.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_every_file_is_listed_with_its_hash() -> None:
    files = [path for path in VENDOR.iterdir() if path.name != "VENDOR.md"]
    assert dict(LISTED) == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert len(LISTED) == len(files)


def test_every_script_and_style_comes_with_its_licence() -> None:
    names = {name for name, _ in LISTED}
    assert {"redoc.LICENSE", "swagger-ui-dist.LICENSE"} <= names
    for name in names:
        if name.endswith(".js"):
            assert f"{name}.LICENSE.txt" in names
