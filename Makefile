# Each target makes .venv on first use and takes it as it is afterwards, until setup.cfg or pyproject.toml change.
# PYTHON is the interpreter that .venv is made from: make verify PYTHON=python3.12

PYTHON ?= python3
RUN := .venv/bin/python
.PHONY: help verify test slow check figures notebooks bench docs clean

help:
	@echo "make verify      the main job: check the catalogue and print the table"
	@echo "make test        the tests"
	@echo "make check       ruff, mypy, and the tests with coverage"
	@echo "make slow        the tests that take long"
	@echo "make figures     draw the figures of the papers into build/figures"
	@echo "make notebooks   run every notebook"
	@echo "make bench       the benchmarks beside their peers; takes hours, rewrites benchmarks/RESULTS*.md"
	@echo "make docs        the catalogue, checked, as a page: docs/_build/catalogue.html"
	@echo "make clean       remove .venv and everything that was built"

verify: .venv/.run
	$(RUN) -m relutheory verify

test: .venv/.test
	$(RUN) -m pytest --numprocesses 2 --dist loadfile

slow: .venv/.test
	$(RUN) -m pytest -m slow

check: .venv/.dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest --cov --cov-report=term

figures: .venv/.run
	$(RUN) -m relutheory figures --out build/figures

notebooks: .venv/.test
	$(RUN) -m pytest tests/test_notebooks.py

bench: .venv/.test
	$(RUN) benchmarks/injectivity.py
	$(RUN) benchmarks/regions.py
	$(RUN) benchmarks/stability.py
	$(RUN) benchmarks/threshold.py
	$(RUN) benchmarks/depth.py
	$(RUN) benchmarks/univariate.py

docs: .venv/.run
	@mkdir -p docs/_build
	$(RUN) -m relutheory verify --report docs/_build/catalogue.html

clean:
	rm -rf .venv build dist htmlcov .coverage *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	rm -rf docs/_build benchmarks/.venvs paper_figs/*.pdf paper_figs/*.png

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: setup.cfg pyproject.toml | .venv/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.test .venv/.dev: .venv/.%: setup.cfg pyproject.toml | .venv/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@ .venv/.run
