#!/bin/sh
# Pin every dependency with its hashes. Usage: scripts/lock.sh path/to/uv
set -eu
uv=$1
export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade "$@"
}
printf 'hatchling==1.33.0\neditables==0.6\n' | compile - -o requirements/installer.txt
compile pyproject.toml --group dev -o requirements/dev.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/run.txt
compile pyproject.toml --group bench -c requirements/dev.txt -o requirements/bench.txt
