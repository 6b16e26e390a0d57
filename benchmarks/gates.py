"""``python -m benchmarks.gates RUN.json``: which targets a run's JSON meets; ends with 1 when a gate is missed."""

import json
import sys
from pathlib import Path

from benchmarks.measurement import Measurement


def main() -> int:
    """Print the lines that have a target."""
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = [Measurement(**line) for line in run["lines"]]
    for line in lines:
        if line.passes is not None:
            verdict = "atingida" if line.passes else "NÃO atingida" if line.gate else "não atingida (alvo)"
            print(f"{line.size or '':>7} {line.name:<24}{line.value:>12g} {line.target:<9} {verdict}")
    return 1 if any(line.gate and line.passes is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
