# Two commands are all a newcomer needs: `make demo` and `make test`. Each makes .venv first if it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The package is installed in place, in setuptools' strict editable mode: a link for each file, so that type
# checkers see it too. A file that is added or removed therefore needs the install once more: the stamp's name
# holds a checksum of the file list.
SOURCES := ops_assistant graph agents tools kb_seed
FILE_LIST := $(shell find $(SOURCES) -type f ! -name '*.pyc' | LC_ALL=C sort | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/.installed-$(FILE_LIST)
INSTALL := install --quiet --constraint constraints.txt --editable '.[dev]'

.PHONY: demo test check notebooks bench studio clean

demo: $(STAMP)
	$(BIN)/ops-assistant demo

test: $(STAMP)
	$(BIN)/pytest -n 2
	$(BIN)/pytest --nbmake --nbmake-timeout 300 notebooks

# mypy runs beside the links of the editable install: from here it would take the folder `ops_assistant` alone for the package.
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd build && ../$(BIN)/mypy --config-file ../pyproject.toml --python-executable ../$(BIN)/python
	$(BIN)/pytest -q tests/unit/test_layers.py

notebooks: $(STAMP)
	$(BIN)/pytest --nbmake --nbmake-timeout 300 notebooks

# Timings, as ratios; benchmarks/README.md says what there is.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps drain3==0.9.11 jsonpickle cachetools
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/digest.py
	$(BIN)/python benchmarks/retrieval.py recall
	$(BIN)/python benchmarks/execution.py --quick

studio: $(STAMP)
	$(BIN)/langgraph dev

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@rm -f $(VENV)/.installed-*
	@# uv is many times faster; where it does not know the package index that pip is set up for, pip does it.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip $(INSTALL) --python $(BIN)/python --config-setting editable_mode=strict || \
		$(BIN)/python -m pip $(INSTALL) --disable-pip-version-check --config-settings editable_mode=strict
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .langgraph_api
