# medgan: `make app` serves the dashboard, `make test` runs every test, `make check` lint, types, layers and audit alone,
# `make reliability` faults, attacks, the cluster and the long use in full (about an hour and a half on two cores).
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
# On a machine without a GPU, the index of PyTorch's CPU builds saves about 4 GB (see the README).
TORCH_INDEX ?=
# What is looked through for secrets: every file of text; hexadecimal numbers in it are hashes of published files.
NOT_OURS := .git .venv *_cache .hypothesis __pycache__ *.egg-info workspace checkpoints shared secrets.toml
NUMBERS := *.png *.safetensors *.npy *.parquet *.jsonl *.csv
any = -false $(foreach name,$(1),-o -name '$(name)')

.PHONY: app test check types lint layers audit reliability lock clean

app: .venv/app.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT)

# A file of tests at a time on each core: most of them wait, for a browser, a process or one thread of torch.
test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# Two at a time: the types alone take as long as the rest.
check: .venv/dev.stamp
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target types lint layers audit

types: .venv/dev.stamp
	$(BIN)/mypy

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

layers: .venv/dev.stamp
	$(BIN)/lint-imports

# Known weaknesses and licences of what medgan is built on, and secrets in its files.
audit: .venv/dev.stamp
	$(BIN)/python scripts/audit.py
	$(BIN)/pip-licenses >/dev/null
	@find . \( $(call any,$(NOT_OURS)) \) -prune -o -type f ! \( $(call any,$(NUMBERS)) \) -print0 | \
		xargs -0 -n 150 -P 2 $(BIN)/detect-secrets-hook --disable-plugin HexHighEntropyString

reliability: .venv/dev.stamp
	mkdir -p workspace
	OMP_NUM_THREADS=1 $(BIN)/python -m reliability --report workspace/faults.json
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/security tests/jobs/test_ray.py
	OMP_NUM_THREADS=1 $(BIN)/python -m reliability.soak --report workspace/soak.json

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
