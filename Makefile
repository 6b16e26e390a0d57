# Balcão: every command a person or CI needs. `make` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
STAMP := $(VENV)/.installed-$(shell cat requirements/*.txt pyproject.toml | cksum | cut -d' ' -f1)
DEV_STAMP := $(STAMP)-dev
BENCH_STAMP := $(STAMP)-bench
T ?=
GRAVAR ?=

.PHONY: help install run test check format bench soak lock clean

help:
	@echo "make run      instala, prepara a demonstração e serve em http://127.0.0.1:8000"
	@echo "make test     instala e roda todas as verificações e testes"
	@echo "make install  só prepara .venv, com .venv/bin/balcao"
	@echo "make check    formato, lint, tipos e contratos de importação"
	@echo "make bench    mede contra o ChromaDB e o bm25s e imprime JSON e tabela; com GRAVAR=1, grava docs/desempenho.md"
	@echo "make soak     executa por inteiro uma verificação de docs/garantias.md e grava o resultado: make soak T=T2"
	@echo "make format   formata o código"
	@echo "make lock     refaz requirements/ a partir de pyproject.toml"

install: $(STAMP)

$(STAMP): pyproject.toml $(wildcard requirements/*.txt)
	@command -v $(PYTHON) >/dev/null || { echo "Falta o Python 3.11 ou mais novo (pacotes: python3 python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Falta o módulo venv (pacote python3-venv)."; exit 1; }
	@echo "Instalando as dependências..." && date +%s > $(VENV)/.started
	@$(PIP) --require-hashes -r requirements/installer.txt -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@echo "Instalado em $$(( $$(date +%s) - $$(cat $(VENV)/.started) )) s."
	@rm -f $(VENV)/.started $(VENV)/.installed-* && touch $@

$(DEV_STAMP): $(STAMP)
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

run: install
	@$(BIN)/balcao servir --demonstracao exemplos

test: check
	@started=$$(date +%s); $(BIN)/python -m pytest; code=$$?; \
		echo "Testes: $$(( $$(date +%s) - started )) s"; exit $$code

check: $(DEV_STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV_STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

$(BENCH_STAMP): $(DEV_STAMP)
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@

bench: $(BENCH_STAMP)
	@$(BIN)/python -m benchmarks $(if $(GRAVAR),--gravar)

soak: $(DEV_STAMP)
	@test -n "$(T)" || { echo "Diga qual: make soak T=T2, ou T=todos."; exit 2; }
	@$(BIN)/python -m tests.acceptance.soak $(T)

lock: $(DEV_STAMP)
	@scripts/lock.sh $(BIN)/uv

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
