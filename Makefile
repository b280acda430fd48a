# What people and CI run; `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
READY_DOCS := .venv/.ready-docs

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-cuda test-install test-docs check format article article-cuda bench bench-cuda \
	simulate dist docs clean

help:  ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(READY): constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

run: $(READY)  ## compare four activations on the bundled digits (about a minute), report in out/quick
	$(BIN)/reluctant run quick

article: $(READY)  ## the study of the article on the whole of MNIST (22 minutes on two busy cores)
	$(BIN)/reluctant run article

article-cuda: $(READY)  ## the same on an NVIDIA GPU, in out/article-cuda; prints how long the whole takes
	began=$$(date +%s); $(BIN)/reluctant run article --device cuda -o out/article-cuda && \
	echo "the whole study took $$(($$(date +%s) - began)) s"

# Without compiled modules on disk every process of the tests would compile our source again.
test: $(READY)  ## the tests (minutes; no network needed)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(READY)  ## the long tests: kills, simulations (at most 40 minutes)
	$(BIN)/python -m pytest -m slow -n 2 --dist load --timeout=2400

test-cuda: $(READY)  ## the tests that need an NVIDIA GPU
	$(BIN)/python -m pytest -m cuda

test-install: $(READY)  ## builds the release and installs the wheel into empty environments (needs a package index)
	$(BIN)/python -m pytest -m install tests/test_install.py

test-docs: $(READY_DOCS)  ## builds the site and checks its links, and its pages in Chromium
	$(BIN)/python -m pytest -m site tests/docs

check: $(READY)  ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed against the plain PyTorch loop (OpenBLAS picks its kernels itself)
	env -u OPENBLAS_CORETYPE $(BIN)/python -m benchmarks.bench

bench-cuda: $(READY)  ## time of a training step on an NVIDIA GPU: plain loop, skilled loop, our packs (minutes)
	$(BIN)/python -m benchmarks.cuda

simulate: $(READY)  ## the simulations behind docs/statistics.md (about a minute)
	$(BIN)/python -m benchmarks.simulate

dist: $(READY)  ## the release in dist/: sdist and wheel, checked by twine
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*

$(READY_DOCS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $(READY_DOCS)

docs: $(READY_DOCS)  ## the documentation site, in out/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "open out/site/index.html; its search needs a server: $(BIN)/python -m http.server -d out/site"

clean:  ## remove the environment, caches and results in out/
	rm -rf .venv out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
