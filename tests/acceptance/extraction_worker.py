"""A worker that reads one file after the other, told on its standard input; no hostile file may end it.

It writes a line of JSON for each: "text" and "error" (one of them null), "seconds", and the highest "peak" of memory,
in bytes, of any process it started so far. Its argument holds limits other than the usual ones, in JSON.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from balcao.domain.errors import UnusableFile
from balcao.infrastructure.external.extraction.extractor import ChildProcessTextExtractor
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits

_SEEN = 20_000  # characters of a text


async def _read(extractor: ChildProcessTextExtractor, path: Path) -> dict[str, object]:
    started = time.monotonic()
    text = error = None
    try:
        text = "\n".join(page.text for page in (await extractor.extract(path)).pages)[:_SEEN]
    except UnusableFile as refusal:
        error = refusal.message
    seconds = time.monotonic() - started
    return {"text": text, "error": error, "seconds": seconds, "peak": _peak()}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def main() -> None:
    """Read every file named on standard input, a path a line, until it is closed."""
    extractor = ChildProcessTextExtractor(ExtractionLimits(**json.loads(sys.argv[1])))
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_read(extractor, Path(line.rstrip("\n"))))), flush=True)


if __name__ == "__main__":
    main()
