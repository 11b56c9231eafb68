# `make` prints the targets. Set-up needs Python 3.10 or 3.11 and a network for the first time.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
NOTEBOOK := .venv-notebook
ARCADEDB := .venv-arcadedb
LOCK := requirements.lock
SERVE_LOCK := requirements-serve.lock
INSTALLED := $(VENV)/.installed
# Measured with empty caches on Linux; tests/test_setup.py holds the number to the lock.
PACKAGES := 141
DOWNLOAD := 3.1 GB
ON_DISK := 5.8 GB
UV_VERSION := 0.13.9
CYCLONEDX_VERSION := 7.5.0
UV := $(BIN)/uv --quiet
# One thread each: two processes have the two cores that the tests are meant for.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2
ARGS ?=

# Two threads each are plenty for the graphs of the tests, and keep a shared machine usable.
export OMP_NUM_THREADS ?= 2
export DGLBACKEND := pytorch
# Certificates of the machine, as pip does it: a company's own mirror is not among the bundled ones.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup quickstart test test-full pytest notebooks packaged-notebooks databases browser fuzz semantics sparql-suites sparql-semantics test-docker lint format tables lock sbom clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## create .venv with the locked dependencies (every target below does this itself)

quickstart: $(INSTALLED) ## the whole path on a sample graph; ARGS=--once ends after the answers
	$(BIN)/gremlink quickstart $(ARGS)

test: lint ## linter, formatter, type checker, quick tests, one story on a real server: five minutes
	$(PYTEST) -m "not slow and not integration" --ignore=tests/integration --durations=5

# The other half of the tests: nothing runs twice.
test-full: test ## `make test`, then the slow tests and those with real servers: 20 minutes
	$(PYTEST) -m "slow or integration" --durations=20

pytest: $(INSTALLED) ## all tests and nothing else, in two processes; or what ARGS says, as in ARGS=tests/grammar
	$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),$(PYTEST) --durations=20)

notebooks: $(INSTALLED) $(NOTEBOOK)/.installed ## AWS's notebook magics against the proxy, about five minutes
	NOTEBOOK_PYTHON=$(CURDIR)/$(NOTEBOOK)/bin/python $(BIN)/python -m pytest tests/notebook $(ARGS)

packaged-notebooks: $(INSTALLED) $(NOTEBOOK)/.installed ## the notebooks inside graph-notebook, whole data sets, a while
	PACKAGED_NOTEBOOKS=1 NOTEBOOK_PYTHON=$(CURDIR)/$(NOTEBOOK)/bin/python \
		$(BIN)/python -m pytest -s tests/packaged_notebooks $(ARGS)

databases: $(INSTALLED) $(ARCADEDB)/.installed ## JanusGraph, OrientDB, ArcadeDB's openCypher, Fuseki, fetched once (390 MB); minutes
	GREMLINK_DATABASES=1 ARCADEDB_PYTHON=$(CURDIR)/$(ARCADEDB)/bin/python $(BIN)/python -m pytest tests/databases \
		tests/integration/sparql/test_shapes.py tests/integration/sparql/test_federation.py $(ARGS)

browser: $(INSTALLED) ## the pages in a real Chromium, two minutes; screenshots in build/browser
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq \
		--no-install-recommends chromium >/dev/null; } || \
		{ echo "make browser needs Chromium: install Debian's package chromium"; exit 1; }
	$(BIN)/python -m pytest tests/integration/browser $(ARGS)

fuzz: $(INSTALLED) ## a million mutated requests through the codecs; ARGS="--messages 10000 --seed 2"
	$(BIN)/python tests/fuzz/fuzz_grammar.py $(ARGS)

semantics: $(INSTALLED) ## many more queries with inferences beside the same with stored answers; EXAMPLES=1000
	SEMANTICS_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/python -m pytest -q tests/integration/test_semantics.py $(ARGS)

sparql-suites: $(INSTALLED) ## the W3C's SPARQL suites through the proxy and beside it, in every form
	SPARQL_SUITES=1 $(BIN)/python -m pytest -q -s tests/integration/sparql/test_suites.py $(ARGS)

sparql-semantics: $(INSTALLED) ## many more SPARQL queries with inferences beside the same as a federation; EXAMPLES=3000
	SPARQL_EXAMPLES=$(or $(EXAMPLES),3000) $(BIN)/python -m pytest -q -s \
		tests/integration/sparql/test_federation.py $(ARGS)

test-faults: $(INSTALLED) ## 10,000 requests through a breaking network, minutes; ARGS="--seed 2"
	$(BIN)/python tests/faults/run_faults.py $(ARGS)

test-soak: $(INSTALLED) ## mixed load for half an hour, and what the proxy holds; ARGS="--minutes 5"
	$(BIN)/python tests/faults/soak.py $(ARGS)

test-docker: $(INSTALLED) ## both images and the compose file, with a Docker that runs; BUILD="--network host"
	TEST_DOCKER=1 DOCKER_BUILD="$(BUILD)" $(BIN)/python -m pytest -s tests/containers $(ARGS)

gherkin: $(INSTALLED) ## TinkerPop's own feature suite through the proxy and beside it, some minutes
	$(BIN)/python tests/gherkin/run_gherkin.py $(ARGS)

lint: $(INSTALLED) ## linter, formatter check, type checker
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(INSTALLED) ## rewrite the sources as the linter and the formatter want them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench-%: $(INSTALLED) ## run benchmarks/%.py; ARGS goes to it
	$(BIN)/python benchmarks/$*.py $(ARGS)

tables: $(INSTALLED) ## write the parse tables of grammar/script/gremlin.lark
	$(BIN)/python -m tests.support.parse_tables

lock: $(BIN)/uv ## resolve pyproject.toml anew into both lock files
	$(UV) pip compile --universal --python-version 3.10 --extra dev --upgrade --generate-hashes \
		--constraint .ci/tested-versions.txt --custom-compile-command "make lock" \
		--output-file $(LOCK) pyproject.toml
	$(UV) pip compile --universal --python-version 3.10 --group serve --generate-hashes \
		--constraint $(LOCK) --custom-compile-command "make lock" --output-file $(SERVE_LOCK)

sbom: $(BIN)/uv ## what is locked, as a CycloneDX bill of materials in build/sbom.json
	mkdir -p build
	$(UV) tool run --python $(BIN)/python --from cyclonedx-bom==$(CYCLONEDX_VERSION) \
		cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom.json $(LOCK)

clean: ## remove .venv, caches and build products; data directories stay
	rm -rf $(VENV) $(NOTEBOOK) $(ARCADEDB) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate has to run (version managers leave stubs that only fail), to be of a version with
# wheels for everything, and to be able to make virtual environments.
$(BIN)/uv:
	@found=; for candidate in $(PYTHON) python3.11 python3.10 python3; do \
		if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' >/dev/null 2>&1; then \
			found="$$candidate"; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No usable Python: tried $(PYTHON) python3.11 python3.10 python3." >&2; \
		echo "Install Python 3.10 or 3.11 with its venv module (Debian and Ubuntu: python3-venv)," >&2; \
		echo "or name one: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	echo "Creating $(VENV) with $$found ($$("$$found" --version))"; \
	"$$found" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# An environment of its own: graph-notebook pins other versions of what we use.
$(NOTEBOOK)/.installed: tests/notebook/requirements.txt | $(BIN)/uv
	$(BIN)/python -m venv --clear $(NOTEBOOK)
	$(UV) pip install --python $(NOTEBOOK)/bin/python -r $< \
		|| $(NOTEBOOK)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(ARCADEDB)/.installed: tests/databases/requirements.txt | $(BIN)/uv
	$(BIN)/python -m venv --clear $(ARCADEDB)
	$(UV) pip install --python $(ARCADEDB)/bin/python -r $< \
		|| $(ARCADEDB)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Where only pip knows the mirror or the certificates, uv fails and pip does the same work slower.
$(INSTALLED): pyproject.toml $(LOCK) | $(BIN)/uv
	@echo "Installing $(PACKAGES) locked packages: $(DOWNLOAD) to fetch the first time, $(ON_DISK) on disk"
	$(UV) pip sync --require-hashes --python $(BIN)/python $(LOCK) \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
