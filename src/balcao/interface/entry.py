"""The way into the commands: it loads them, which takes half a second, and may be interrupted meanwhile."""

import sys
from typing import NoReturn

_EXIT_INTERRUPTED = 130  # runtime.EXIT_INTERRUPTED, which takes as long to load as what is interrupted


def main() -> NoReturn:
    """Entry of the ``balcao`` script."""
    try:
        from balcao.interface.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("Interrompido.\n")
        sys.exit(_EXIT_INTERRUPTED)
    run()


def ingest_documents() -> NoReturn:
    """Entry of v2.0's ``ingest-documents`` script: the same as ``balcao ingerir``."""
    sys.argv.insert(1, "ingerir")
    main()
