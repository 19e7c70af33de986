# medgan: `make app` serves the dashboard, `make test` runs every test, `make check` lint, types and layers alone.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
# On a machine without a GPU, the index of PyTorch's CPU builds saves about 4 GB (see the README).
TORCH_INDEX ?=

.PHONY: app test check lock clean

app: .venv/app.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT)

# A file of tests at a time on each core: most of them wait, for a browser, a process or one thread of torch.
test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/app.stamp: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "medgan needs Python 3.11 or newer: make app PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "This Python cannot make environments (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@if [ -n "$(TORCH_INDEX)" ]; then $(BIN)/pip install -c constraints.txt --no-deps --index-url "$(TORCH_INDEX)" torch torchvision; fi
	$(BIN)/pip install -c constraints.txt -r requirements.txt
	$(BIN)/pip install --no-deps -e .
	touch $@

.venv/dev.stamp: .venv/app.stamp requirements-dev.txt
	$(BIN)/pip install -c constraints.txt -r requirements-dev.txt
	touch $@

# Pins the whole tree anew, for every platform and Python from 3.11 on (needs uv).
lock:
	uv pip compile --universal --python-version 3.11 --no-annotate --custom-compile-command 'make lock' \
		requirements-dev.txt -o constraints.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
