# The one front door. Each target sets itself up: a virtual environment in .venv, dependencies pinned with hashes.
# PYTHON=/path/to/python3.12 picks another interpreter (3.11 or newer).
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test browser pictures hostile simulate soak phones-proof prepare-proof night-proof check fmt lint types bench lock dist release clean
help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): locks/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "callcamp-sync needs Python 3.11 or newer; pass PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r locks/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## the whole job on sample data against the embedded Callcamp; leaves a report
	@$(BIN)/callcamp-sync demo

test: $(READY)  ## all tests
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

browser: $(READY)  ## the report in Chromium (needs chromium, chromium-driver and npm)
	@$(BIN)/python -m pytest -q tests/browser

PICTURES ?= pictures
pictures: $(READY)  ## pictures of workbooks and report in pictures/, small ones in docs/pictures/ (needs LibreOffice, Chromium, poppler)
	@$(BIN)/python docs/pictures.py $(PICTURES) --keep

MEGABYTES ?= 600
hostile: $(READY)  ## files that are made to fill the memory, in full size: make hostile MEGABYTES=600 (minutes; none may take 1 GB)
	@HOSTILE_MEGABYTES=$(MEGABYTES) $(BIN)/python -m pytest -q -n 0 -rA tests/corpus/test_corpus_memory.py

check: $(READY) fmt lint types test  ## format, lint, types, tests

fmt: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

SEEDS ?= 300
simulate: $(READY)  ## the fault simulator's long form: make simulate SEEDS=3000
	@$(BIN)/python -m tests.faults --seeds $(SEEDS)

soak: $(READY)  ## 8,000 creates on a bad network with ten deaths, then resume
	@$(BIN)/python -m tests.faults.soak

phones-proof: $(READY)  ## the phone reader against phonenumbers, 2.8 million cells (minutes)
	@$(BIN)/python -m tests.phones_proof

prepare-proof: $(READY)  ## 5 million rows through `prepare` on 2 workers of 2 GB, against one process (a minute)
	@$(BIN)/python -m benchmarks.prepared

night-proof: $(READY)  ## 12 campaigns on 2 workers, one killed: end state, and the rate by the server's log (a minute)
	@$(BIN)/python -m benchmarks.cluster_night

bench: $(READY)  ## the benchmark table
	@$(BIN)/python -m benchmarks

# What is released, and what it is tried in: an environment without the repository, and tools that never meet it.
CLEAN := build/clean
TOOLS := build/tools

dist: $(READY)  ## wheel and sdist into dist/
	@rm -rf dist && $(BIN)/python -m hatchling build -d dist -t sdist -t wheel >/dev/null
	@ls dist

$(TOOLS)/.ready: locks/release.txt
	@rm -rf $(TOOLS) && $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/release.txt
	@touch $@

# AUDIT=--required: a release that could not be audited is none.
AUDIT ?=
release: dist $(TOOLS)/.ready  ## dist/, tried in a clean environment, with SBOM, licences and audit
	@rm -rf $(CLEAN) && $(PYTHON) -m venv --without-pip $(CLEAN)
	@$(BIN)/python -m pip --python $(CLEAN)/bin/python install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r locks/run.txt
	@$(BIN)/python -m pip --python $(CLEAN)/bin/python install --quiet --disable-pip-version-check --no-deps dist/*.whl
	@mkdir $(CLEAN)/empty && cd $(CLEAN)/empty && ../bin/callcamp-sync demo --rows 200 >demo.txt 2>&1 || { cat demo.txt; exit 1; }
	@$(TOOLS)/bin/hadolint Dockerfile
	@$(TOOLS)/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(TOOLS)/bin/cyclonedx-py environment $(CLEAN)/bin/python --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json
	@$(TOOLS)/bin/pip-licenses --python $(CLEAN)/bin/python --with-urls --order license --format markdown --output-file dist/LICENSES.md >/dev/null
	@$(BIN)/python release/audit.py $(TOOLS)/bin/pip-audit locks/run.txt dist/audit.json $(AUDIT)
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

lock:  ## renew locks/ (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 pyproject.toml -o locks/run.txt -q
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 pyproject.toml --all-extras --group dev -c locks/run.txt -o locks/dev.txt -q
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --group pyproject.toml:release -c locks/run.txt -o locks/release.txt -q

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
