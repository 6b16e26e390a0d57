#!/usr/bin/env python3
"""Confere uma trilha de auditoria exportada pelo Balcão. Precisa só do Python 3.9 ou mais novo; nada é instalado.

    python3 verificar.py                        confere o pacote da pasta em que este programa está
    python3 verificar.py --cabecas ARQUIVO      confere também com as cabeças publicadas (arquivo, e-mail ou webhook)

O que se confere: cada entrada tem o SHA-256 de cinco linhas, separadas por uma quebra de linha (\\n) e em UTF-8:

    balcao-auditoria-v1
    o identificador da cadeia (o da prefeitura; só zeros para a da instalação)
    o número da entrada, a partir de 1
    o hash da entrada anterior, em hexadecimal (64 zeros antes da primeira)
    o registro, como está no arquivo

Quem muda, tira, põe ou troca uma entrada quebra a cadeia ali. Quem refaz todas as seguintes, ou corta o fim, muda a
cabeça: só as cabeças publicadas antes, guardadas por outra pessoa, mostram isso. Sem --cabecas isso não se descobre.

Saída: 0 se a trilha está íntegra, 1 se está quebrada (e em qual entrada), 2 se o pacote não pôde ser lido.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
Manifest = dict[str, Any]
Fault = tuple[object, str]


def hash_of(chain: str, number: int, previous: str, record: str) -> str:
    """O hash que a entrada precisa ter."""
    lines = ["balcao-auditoria-v1", chain, str(number), previous, record]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def published_heads(path: Path, chain: str) -> dict[int, str]:
    """Número da entrada -> hash publicado; as linhas que não são cabeças (o texto de um e-mail) são puladas."""
    heads: dict[int, str] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip().startswith("{"):
                head = json.loads(line)
                if head["cadeia"] == chain:
                    number = int(head["numero"])
                    if heads.setdefault(number, head["hash"]) != head["hash"]:
                        raise ValueError(f"as cabeças publicadas se contradizem na entrada {number}")
    return heads


def fault_of(folder: Path, manifest: Manifest, heads: dict[int, str]) -> tuple[Fault | None, int]:
    """(entrada, motivo) do primeiro defeito, ou None; e até que entrada a cadeia está íntegra."""
    chain, expected, previous = manifest["cadeia"], 1, GENESIS
    with (folder / "entradas.jsonl").open(encoding="utf-8", newline="\n") as file:
        for line in file:
            try:
                entry = json.loads(line)
                number = entry["numero"]
                link, digest, record = entry["anterior"], entry["hash"], entry["registro"]
                computed = hash_of(chain, number, link, record)
            except (ValueError, TypeError, KeyError):
                return (expected, "a linha não é uma entrada"), expected - 1
            if number != expected:
                if isinstance(number, int) and number > expected:
                    return (expected, "a entrada não existe"), expected - 1
                return (number, "a entrada está fora de ordem ou repetida"), expected - 1
            if computed != digest:
                return (number, "o conteúdo da entrada não é o que foi gravado"), expected - 1
            if link != previous:
                return (number, "a entrada não continua a anterior: uma das duas foi trocada"), expected - 1
            if heads.get(number, digest) != digest:
                return (number, "a entrada não é a que foi publicada: ela, ou uma anterior, foi refeita"), expected - 1
            expected, previous = expected + 1, digest
    last, head = expected - 1, manifest["cabeca"]
    if any(number > last for number in heads) or head["numero"] > last:
        return (expected, "a entrada não existe"), last
    if head["numero"] != last or head["hash"] != previous:
        return (last, "a última entrada não é a que o banco anotou como última"), last
    return None, last


def main() -> int:
    """Confere e conta o que achou; o código de saída."""
    parser = argparse.ArgumentParser(description="Confere uma trilha de auditoria exportada pelo Balcão.")
    parser.add_argument("pasta", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--cabecas", metavar="ARQUIVO", type=Path, help="as cabeças publicadas que você guardou")
    options = parser.parse_args()
    try:
        with (options.pasta / "manifesto.json").open(encoding="utf-8") as file:
            manifest = json.load(file)
        heads = published_heads(options.cabecas, manifest["cadeia"]) if options.cabecas else {}
        fault, last = fault_of(options.pasta, manifest, heads)
    except (OSError, ValueError, TypeError, KeyError) as error:
        print(f"O pacote ou o arquivo de cabeças não pôde ser lido: {error!r}", file=sys.stderr)
        return 2
    print(f"Cadeia {manifest['cadeia']} ({manifest['nome']})")
    print(f"Cabeças publicadas comparadas: {len(heads)}")
    if fault:
        print(f"QUEBRADA na entrada {fault[0]}: {fault[1]}. Íntegra até a entrada {last}.")
        return 1
    print(f"ÍNTEGRA: {last} entradas; última com hash {manifest['cabeca']['hash']}")
    if not heads:
        print("Sem cabeças publicadas: um corte do fim, ou um trecho final todo refeito, não apareceria.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
