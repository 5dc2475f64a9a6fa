# `make` alone lists what there is. Everything it installs lies in .venv/ and in Deno's cache.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# A Python of 3.11 or later: the first of these that there is.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name) 2>/dev/null)))

BIN := .venv/bin
LOCAL := $(BIN)/python -m gateway.local
DENO := $(BIN)/deno
DENO_CONFIG := --config supabase/local/deno.json
DENO_LOCAL := supabase/local/server.ts supabase/local/system_schema.ts
DENO_FUNCTIONS := $(wildcard supabase/functions/*/index.ts)
# As they are deployed: without what the local stack needs.
FUNCTIONS_CONFIG := --config supabase/functions/deno.json
DENO_SOURCES := $(wildcard supabase/clients/typescript/*.ts supabase/local/*.ts supabase/functions/*.ts supabase/functions/*/*.ts)
DENO_TESTS := $(wildcard tests/conformance/*.ts tests/contract/*.ts tests/e2e/*.ts tests/e2e/browser/*.ts tests/integration/local_stack/*.ts)
# Public generators of clients, with what they need: not of the stack, nor of its tests.
GENERATORS_CONFIG := --config tests/contract/generators/deno.json
GENERATORS := tests/contract/generators/generate.ts tests/contract/generators/types.ts
EXAMPLES := $(wildcard docs/examples/*/*.js)
# They run in Node, whose globals Deno's linter does not allow.
FOR_NODE := $(wildcard gateway/adopt/injected/node/*.mjs gateway/adopt/probes/*.cjs)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# As pip and git do: a company's proxy signs with a certificate that only the system's store knows.
export DENO_TLS_CA_STORE ?= mozilla,system

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^# --- / { gsub(/^# -+ | -+$$/, ""); title = $$0 } /^[a-z0-9-]+:.*## / { \
	  if (title) { print "\n" title; title = "" } printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Settings: TIDEGATE_HOME (.tidegate), GATEWAY_PORT (8000), OPERATIONS_PORT (8001),"
	@echo "  SUPABASE_PORT (54321), POSTGRES_PORT (54322)"
	@echo "  With SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY and DATABASE_URL set, that project is used."

# --- The stack ---------------------------------------------------------------------------------------------------

.PHONY: run
run: .venv/run.stamp .venv/deno.stamp ## Start everything; Ctrl-C stops it
	@exec $(LOCAL) run --stop-with=$$PPID

.PHONY: migrate
migrate: .venv/run.stamp .venv/deno.stamp ## Apply pending migrations to DATABASE_URL, else to the running local stack
	@$(LOCAL) migrate

.PHONY: seed
seed: .venv/run.stamp ## Put the demonstration data into the running stack (again)
	@$(LOCAL) seed

.PHONY: demo-large
demo-large: .venv/run.stamp ## Add a big corpus to the running stack: the PostgreSQL manual
	@$(LOCAL) demo-large

.PHONY: psql
psql: .venv/run.stamp ## Open a database session on the running stack
	@$(LOCAL) psql

.PHONY: retry
retry: .venv/run.stamp ## Retry what could not be embedded or read
	@set -a; . "$${TIDEGATE_HOME:-.tidegate}/env"; exec $(BIN)/python -m gateway.worker retry

.PHONY: observe
observe: .venv/prometheus.stamp ## Start Prometheus beside the running stack, with the alerts of docs/observability
	@home="$${TIDEGATE_HOME:-.tidegate}"; mkdir -p "$$home"; \
	sed -e "s/:8001/:$${OPERATIONS_PORT:-8001}/; s/:8002/:$${WORKER_METRICS_PORT:-8002}/" \
	  -e "s|\[alerts.yml\]|[$(CURDIR)/docs/observability/alerts.yml]|" docs/observability/prometheus.yml >"$$home/prometheus.yml"; \
	exec prometheus --config.file="$$home/prometheus.yml" --log.level=warn \
	  --storage.tsdb.path="$$home/prometheus" --web.listen-address=127.0.0.1:$${PROMETHEUS_PORT:-9090}

.PHONY: reset
reset: .venv/run.stamp ## DELETES the local database, keys and files
	@$(LOCAL) reset

.PHONY: clear-files
clear-files: .venv/run.stamp ## DELETES files from Storage whose document is gone
	@$(LOCAL) clear-files

# --- Checks ------------------------------------------------------------------------------------------------------

LOCAL_STACK := tests/integration/local_stack
# So that both halves of the suite take equally long.
MOVED := $(filter-out %_turns.py,$(wildcard tests/integration/test_worker*.py)) \
  tests/integration/test_removals.py tests/integration/test_rotation.py
# What needs the frameworks of applications is `make test-adopt`.
PROOFS := tests/adopt --ignore=tests/adopt/whole tests/isolation tests/unit tests/contract tests/ingestion tests/answers $(LOCAL_STACK) $(MOVED) tests/e2e
OTHERS := tests/integration $(patsubst %,--ignore=%,$(LOCAL_STACK) $(MOVED))

.PHONY: test
test: ## Check style and types, then run the whole suite on real PostgreSQL
	@$(MAKE) --no-print-directory --jobs=2 .venv/deno-tests.stamp .venv/debian.stamp .venv/generators.stamp
	@$(MAKE) --no-print-directory --jobs=2 --output-sync lint
	$(DENO) test --quiet --cached-only --allow-net=127.0.0.1 --allow-env \
	  $(FUNCTIONS_CONFIG) supabase/functions
	@# Side by side: the proofs keep one core busy, what starts processes and waits for them hardly the other. Chaos comes
	@# alone: how soon everything is well again is not to be seen on a machine that is kept busy.
	@mkdir -p .test-logs; \
	$(BIN)/python -m pytest $(PROOFS) >.test-logs/proofs.log 2>&1 & proofs=$$!; \
	trap 'kill $$proofs' INT TERM; \
	$(BIN)/python -m pytest $(OTHERS); status=$$?; \
	wait $$proofs || status=$$?; cat .test-logs/proofs.log; \
	$(BIN)/python -m pytest tests/chaos || status=$$?; exit $$status

# The inner loop: what needs no more than one database. Cutting hostile texts takes as long as all other unit tests.
.PHONY: test-fast
test-fast: .venv/dev.stamp .venv/deno.stamp .venv/generators.stamp ## Run the unit tests, the contracts and the access matrix
	@mkdir -p .test-logs; $(BIN)/python -m pytest -q tests/unit --ignore=tests/unit/test_hostile_texts.py \
	  >.test-logs/unit.log 2>&1 & unit=$$!; \
	trap 'kill $$unit' INT TERM; \
	$(BIN)/python -m pytest -q tests/contract tests/isolation/test_matrix.py; status=$$?; \
	wait $$unit || status=$$?; cat .test-logs/unit.log; exit $$status

# Hosted projects run 17. What starts no scratch server of its own would only say the same again.
.PHONY: test-postgres-17
test-postgres-17: export TEST_POSTGRES := .venv/postgres-17
test-postgres-17: .venv/deno.stamp .venv/debian.stamp .venv/dev.stamp .venv/postgres-17.stamp
test-postgres-17: ## Run the access rules and the integration tests on PostgreSQL 17
	@mkdir -p .test-logs; $(BIN)/python -m pytest tests/isolation >.test-logs/isolation-17.log 2>&1 & proofs=$$!; \
	trap 'kill $$proofs' INT TERM; \
	$(BIN)/python -m pytest tests/integration --ignore=$(LOCAL_STACK); status=$$?; \
	wait $$proofs || status=$$?; cat .test-logs/isolation-17.log; exit $$status

.PHONY: test-adopt
test-adopt: .venv/dev.stamp .venv/deno.stamp .venv/adopt.stamp .venv/adopt-node.stamp ## Adopt the small applications of tests/adopt, and run them as they become
	@$(BIN)/python -m pytest tests/adopt

.PHONY: test-retrievers
test-retrievers: .venv/dev.stamp .venv/deno.stamp .venv/retrievers.stamp ## Ask the gateway by the retrievers for LangChain and LlamaIndex
	@$(BIN)/python -m pytest tests/contract/test_retrievers.py

.PHONY: adopt
adopt: .venv/dev.stamp ## Show what an existing application is: make adopt APP=path; PROVE=1, WRITE=1, UNDO=1
	@$(BIN)/python -m gateway.adopt $(APP) $(if $(WRITE),--write) $(if $(UNDO),--undo) $(if $(PROVE),--prove) $(if $(ENTRY),--entry '$(ENTRY)')

.PHONY: lint
lint: lint-python lint-typescript ## Check style and types of Python and TypeScript

.PHONY: lint-python
lint-python: .venv/dev.stamp ## Check style and types of Python
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

.PHONY: lint-typescript
lint-typescript: .venv/deno-tests.stamp .venv/generators.stamp ## Check style and types of TypeScript
	@echo "deno fmt, lint and check"
	@$(DENO) fmt --quiet --check $(DENO_CONFIG) $(DENO_SOURCES) $(DENO_TESTS) $(EXAMPLES) $(FOR_NODE)
	@$(DENO) lint --quiet $(DENO_CONFIG) $(DENO_SOURCES) $(DENO_TESTS) $(EXAMPLES)
	@$(DENO) check --quiet --cached-only $(DENO_CONFIG) $(DENO_SOURCES) $(DENO_TESTS)
	@# call.ts is compiled with what it imports, by a test.
	@$(DENO) fmt --quiet --check $(GENERATORS_CONFIG) $(dir $(firstword $(GENERATORS)))*.ts
	@$(DENO) lint --quiet $(GENERATORS_CONFIG) $(dir $(firstword $(GENERATORS)))*.ts
	@$(DENO) check --quiet --cached-only $(GENERATORS_CONFIG) $(GENERATORS)

.PHONY: format
format: .venv/dev.stamp ## Format Python and TypeScript
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format
	$(DENO) fmt --quiet $(DENO_CONFIG) $(DENO_SOURCES) $(DENO_TESTS) $(EXAMPLES) $(FOR_NODE)
	$(DENO) fmt --quiet $(GENERATORS_CONFIG) $(dir $(firstword $(GENERATORS)))*.ts

.PHONY: check-sql
check-sql: .venv/dev.stamp ## Check the schema (DATABASE_URL, else a scratch one) and the new migrations
	@$(BIN)/python -m tests.check_sql

.PHONY: prove
prove: .venv/dev.stamp ## Compare a million random statements with the access rules
	@$(BIN)/python -m tests.isolation

.PHONY: prove-orders
prove-orders: .venv/dev.stamp ## Search all states of orders, charges and refunds, and run 10,000 random histories
	@$(BIN)/python -m tests.support.prove_orders

.PHONY: prove-answers
prove-answers: .venv/dev.stamp .venv/deno.stamp ## Have everybody ask 300 questions while things fail, and look for secrets
	@$(BIN)/python -m tests.answers

.PHONY: prove-removals
prove-removals: .venv/dev.stamp ## Leave, close and delete with a hundred thousand rows of everything
	@PLANTED_ROWS=100000 $(BIN)/python -m pytest tests/integration/test_removals.py

.PHONY: conformance
conformance: .venv/dev.stamp .venv/deno-tests.stamp ## Compare what the local stack, or SUPABASE_URL, answers to supabase-js with hosted
	@$(BIN)/python -m tests.conformance $(WRITE)

.PHONY: chaos
chaos: .venv/dev.stamp .venv/deno.stamp ## Break PostgreSQL, the way to it, Supabase, embedder, models and worker under load
	@$(BIN)/python -m tests.chaos

.PHONY: chaos-alerts
chaos-alerts: .venv/dev.stamp .venv/deno.stamp .venv/prometheus.stamp ## Break the same, and see that each fault fires its own alert
	@$(BIN)/python -m tests.chaos.alerts

.PHONY: test-scale
test-scale: .venv/dev.stamp .venv/deno.stamp .venv/scale.stamp ## Replace, kill and fail over three gateways, two workers and PostgreSQL under load
	@$(BIN)/python -m tests.scale

# --- The image ---------------------------------------------------------------------------------------------------

# All of it lies in .image: no Docker, no daemon. It wants root, as chroot isolation does; behind an index of your own also
# IMAGE_FLAGS, such as --secret id=pip,src=pip.conf.
BUILDAH := buildah --storage-driver vfs --root $(CURDIR)/.image/storage --runroot $(CURDIR)/.image/run
BASE := docker.io/library/debian:bookworm-slim
IMAGE := tidegate

.PHONY: image
image: .venv/buildah.stamp ## Build the container image, and say how large it is
	$(BUILDAH) build --layers --isolation chroot --format docker --file Containerfile \
	  --timestamp $$(git log -1 --format=%ct) --build-arg BASE=$(BASE) --build-arg REVISION=$$(git rev-parse HEAD) \
	  --build-arg VERSION=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' gateway/__init__.py) $(IMAGE_FLAGS) --tag $(IMAGE) .
	@$(BUILDAH) images --format '{{.Name}} {{.ID}} {{.Size}}' $(IMAGE)

# Where no public image can be pulled. Debian's own leaves the same out.
.PHONY: image-base
image-base: .venv/buildah.stamp ## Make the image's base from Debian's packages, under the public one's name
	@rm -rf .image/base && mkdir -p .image
	debootstrap --variant=minbase bookworm .image/base
	@cd .image/base && rm -rf var/cache/apt/* var/lib/apt/lists/* usr/share/doc/* usr/share/man/* usr/share/locale/*
	@container=$$($(BUILDAH) from scratch) && $(BUILDAH) copy --quiet $$container .image/base / && \
	$(BUILDAH) commit --quiet $$container $(BASE) && $(BUILDAH) rm $$container >/dev/null
	@rm -rf .image/base

.PHONY: test-image
test-image: export TEST_IMAGE := $(IMAGE)
test-image: .venv/deno-tests.stamp .venv/buildah.stamp ## Run the end-to-end tests of clients on gateway and worker of the image
	$(BIN)/python -m pytest -s tests/e2e/test_image.py tests/e2e/test_sdks.py

.PHONY: check-deploy
check-deploy: .venv/kubernetes.stamp ## Check the Kubernetes manifests and systemd units of docs/deploy by their own tools
	kubectl kustomize docs/deploy/kubernetes >.image-manifests.yaml && \
	  $(BIN)/kubernetes-validate --strict .image-manifests.yaml; status=$$?; rm -f .image-manifests.yaml; exit $$status
	@folder=$$(mktemp -d) && trap 'rm -r '$$folder EXIT && for unit in docs/deploy/systemd/*.service; do \
	  sed 's|=/opt/tidegate/bin/[a-z-]*|=/bin/true|' $$unit >$$folder/$${unit##*/}; done && \
	systemd-analyze verify $$folder/*.service && echo "systemd-analyze finds nothing in docs/deploy/systemd"

# --- Made from the code ------------------------------------------------------------------------------------------

# Until the first release; from then on a change edits the schema file and adds a migration (docs/schema.md).
.PHONY: baseline
baseline: ## Write the baseline migrations from supabase/schemas
	@rm -f supabase/migrations/2026112810*.sql
	@for file in supabase/schemas/*.sql; do name=$${file##*/}; \
	  cp $$file supabase/migrations/2026112810$${name%%_*}00_$${name#*_}; done

.PHONY: types
types: .venv/dev.stamp .venv/deno.stamp .venv/generators.stamp ## Write the types of clients: of the database from the migrations, of the gateway
	@$(BIN)/python -m tests.support.database_types
	@$(BIN)/python -m tests.support.client_types

CLIENTS := dist/clients

.PHONY: clients
clients: .venv/dev.stamp .venv/generators.stamp ## Build the clients of the gateway as packages, into dist/clients
	@$(PIP) wheel --no-deps --wheel-dir $(CLIENTS) supabase/clients/python
	@rm -rf $(CLIENTS)/npm && mkdir -p $(CLIENTS)/npm
	@$(DENO) run --quiet --allow-all --cached-only --frozen $(GENERATORS_CONFIG) npm:typescript/tsc \
	  --project supabase/clients/typescript --outDir $(CLIENTS)/npm
	@cd supabase/clients/typescript && cp package.json README.md LICENSE $(abspath $(CLIENTS))/npm
	@# As npm pack does it, where there is no npm.
	@version=$$(sed -n 's/^  "version": "\(.*\)",/\1/p' supabase/clients/typescript/package.json); \
	tar --directory $(CLIENTS)/npm --transform 's,^\.,package,' --sort=name --create --gzip \
	  --file $(CLIENTS)/tidegate-client-$$version.tgz . && rm -r $(CLIENTS)/npm
	@ls $(CLIENTS)

.PHONY: docs
docs: .venv/run.stamp .venv/deno.stamp ## Write what docs/ has from the code: settings, dashboard, OpenAPI of the functions
	@$(BIN)/python docs/scripts/settings.py
	@$(BIN)/python docs/scripts/dashboard.py
	@$(DENO) run --quiet --cached-only $(FUNCTIONS_CONFIG) supabase/functions/openapi.ts >docs/edge-functions.openapi.json

.PHONY: screenshot
screenshot: .venv/deno-tests.stamp .venv/debian.stamp ## Draw the picture of the example shop in docs/browser.md
	@SCREENSHOT=docs/images/shop.png $(BIN)/python -m pytest -q tests/e2e/browser/test_shop_orders.py

# The files name no package index: pip asks whichever it is set up with.
LOCK_APART := $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
LOCK := $(LOCK_APART) pyproject.toml

.PHONY: lock
lock: .venv/pyvenv.cfg ## Pin the dependencies with hashes; newer versions with UPGRADE=1
	$(PIP) install uv
	@# What a server and a checkout get is what the tests ran with.
	$(LOCK) --extra local --extra dev --output-file requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock --output-file requirements-server.lock
	$(LOCK) --extra local --constraint requirements-dev.lock --output-file requirements.lock
	$(LOCK) --extra local --extra dev --extra bench --constraint requirements-dev.lock --output-file requirements-bench.lock
	$(LOCK_APART) --group adopt --output-file requirements-adopt.lock
	$(LOCK_APART) --group retrievers --output-file requirements-retrievers.lock
	$(LOCK_APART) --group image --output-file requirements-build.lock
	$(LOCK_APART) --group deploy --constraint requirements-dev.lock --output-file requirements-deploy.lock

# --- Benchmarks --------------------------------------------------------------------------------------------------

.PHONY: bench-answers
bench-answers: .venv/bench.stamp .venv/deno.stamp ## Measure answers without a model on a collection: make bench-answers DATA=folder
	@$(BIN)/python -m tests.bench.answers $(DATA)

.PHONY: plot-relevance
plot-relevance: .venv/bench.stamp ## Draw the thresholds of docs/answers.md from what make bench-answers measured
	@$(BIN)/python -m tests.bench.relevance

.PHONY: plot-trace
plot-trace: .venv/dev.stamp .venv/deno.stamp ## Draw the trace of docs/observability.md from the spans of real processes
	@$(BIN)/python -m tests.bench.trace

.PHONY: plot-dashboard
plot-dashboard: .venv/bench.stamp ## Draw the dashboard of docs/observability under the faults that make chaos-alerts watched
	@$(BIN)/python -m tests.bench.dashboard

.PHONY: bench-answers-speed
bench-answers-speed: .venv/dev.stamp .venv/deno.stamp ## Measure what the gateway adds to a model that streams to 20 clients
	@$(BIN)/python -m tests.bench.answers_speed

.PHONY: bench-bounds
bench-bounds: .venv/bench.stamp ## Look for the dearest query that is accepted, against plain ones of its length
	@$(BIN)/python -m tests.bench.bounds

.PHONY: bench-chain
bench-chain: .venv/bench.stamp ## Measure what deadlines, breakers and the rest cost a search
	@$(BIN)/python -m tests.bench.chain

.PHONY: bench-cutting
bench-cutting: .venv/dev.stamp ## Measure the cutting of hostile texts
	@$(BIN)/python -m tests.bench.cutting

.PHONY: bench-fairness
bench-fairness: .venv/bench.stamp ## Measure what one caller that asks ten times the peak takes from 99 others
	@$(BIN)/python -m tests.bench.fairness

.PHONY: bench-scale
bench-scale: .venv/bench.stamp .venv/deno.stamp .venv/scale.stamp ## Measure one, two and three gateways, and what each part of a search costs
	@$(BIN)/python -m tests.bench.scale

.PHONY: bench-ingestion
bench-ingestion: .venv/dev.stamp ## Measure reading files: pages and megabytes a second, against the bare parser
	@$(BIN)/python -m tests.bench.ingestion

.PHONY: bench-observability
bench-observability: .venv/bench.stamp ## Measure what metrics, logs and traces cost a search
	@$(BIN)/python -m tests.bench.observability

.PHONY: bench-orders
bench-orders: .venv/dev.stamp .venv/deno.stamp ## Measure orders a second against pgbench
	@$(BIN)/python -m tests.bench.orders

.PHONY: bench-overload
bench-overload: .venv/bench.stamp ## Measure what the gateway does with four times what it can serve
	@$(BIN)/python -m tests.bench.overload

.PHONY: bench-quality
bench-quality: .venv/bench.stamp .venv/deno.stamp ## Measure the ranking on a collection: make bench-quality DATA=folder
	@$(BIN)/python -m tests.bench.quality $(DATA)

.PHONY: bench-recall
bench-recall: .venv/bench.stamp ## Measure search by how much a caller sees, on real texts: CHUNKS=204800
	@$(BIN)/python -m tests.bench.recall $(CHUNKS)

.PHONY: bench-recommendations
bench-recommendations: .venv/bench.stamp ## Measure recommendations: recall on planted structure, cost of each source
	@$(BIN)/python -m tests.bench.recommendations

.PHONY: bench-rls
bench-rls: .venv/dev.stamp ## Measure statements under row level security and without it
	$(BIN)/python -m tests.bench.rls

.PHONY: bench-search
bench-search: .venv/bench.stamp ## Measure search under the policies and without, and by one round trip or five
	@$(BIN)/python -m tests.bench.search

.PHONY: bench-stack
bench-stack: .venv/dev.stamp ## Measure the running stack: search, insert to searchable, memory
	$(BIN)/python -m tests.bench.stack

.PHONY: bench-timing
bench-timing: .venv/dev.stamp ## Measure whether a stranger's waits grow with hidden data
	$(BIN)/python -m tests.bench.timing

.PHONY: bench-worker
bench-worker: .venv/dev.stamp .venv/deno.stamp ## Measure the worker against the bare model
	$(BIN)/python -m tests.bench.worker

# --- Installed once, and again when a lock file changes ------------------------------------------------------------

.venv/pyvenv.cfg:
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Python 3.11 or later is needed; name one: make PYTHON=/path/to/python3 ..." >&2; exit 1; fi
	@# Debian keeps what venv needs in a package of its own.
	@if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  package=$$($(PYTHON) -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing $$package"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$package; } \
	      >/dev/null; \
	  else echo "$(PYTHON) cannot make virtual environments; install it first: sudo apt-get install $$package" >&2; exit 1; fi; fi
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/run.stamp: requirements.lock | .venv/pyvenv.cfg
	@echo "Installing the Python packages of requirements.lock"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock | .venv/pyvenv.cfg
	@echo "Installing the Python packages of requirements-dev.lock"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@ .venv/run.stamp

# An environment of its own, as an application that is adopted has.
.venv/adopt.stamp: requirements-adopt.lock | .venv/pyvenv.cfg
	@echo "Installing the Python packages of requirements-adopt.lock"
	@$(BIN)/python -m venv .venv/adopt
	@.venv/adopt/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements-adopt.lock
	@touch $@

.venv/adopt-node.stamp: tests/adopt/node/package-lock.json gateway/adopt/injected/node/package-lock.json
	@echo "Installing the Node packages of tests/adopt/node and of what is injected"
	@for folder in tests/adopt/node gateway/adopt/injected/node; do \
	  target=.venv/adopt-node/$$(basename $$(dirname $$folder)); mkdir -p $$target; cp $$folder/package*.json $$target/; \
	  npm ci --prefix $$target --ignore-scripts --no-audit --no-fund --prefer-offline --silent || exit 1; done
	@touch $@

.venv/bench.stamp: requirements-bench.lock | .venv/dev.stamp
	@echo "Installing the Python packages of requirements-bench.lock"
	@$(PIP) install --require-hashes --requirement requirements-bench.lock
	@touch $@

.venv/deno.stamp: supabase/local/deno.lock supabase/local/deno.json | .venv/run.stamp
	@echo "Fetching the modules of supabase/local/deno.lock"
	@$(DENO) cache --quiet --frozen $(DENO_CONFIG) $(DENO_LOCAL) $(DENO_FUNCTIONS)
	@touch $@

.venv/deno-tests.stamp: supabase/local/deno.lock supabase/local/deno.json $(DENO_TESTS) | .venv/dev.stamp
	@echo "Fetching the modules of the TypeScript tests"
	@$(DENO) cache --quiet --frozen $(DENO_CONFIG) $(DENO_LOCAL) $(DENO_FUNCTIONS) $(DENO_TESTS)
	@$(DENO) cache --quiet --frozen $(FUNCTIONS_CONFIG) $(DENO_FUNCTIONS)
	@# Deno fetches its bundler when it is first used.
	@$(DENO) bundle --quiet $(DENO_CONFIG) --platform browser --output .venv/page.js tests/e2e/browser/page.ts
	@touch $@ .venv/deno.stamp

.venv/generators.stamp: tests/contract/generators/package.json tests/contract/generators/deno.lock | .venv/dev.stamp
	@echo "Fetching the generators of clients"
	@$(DENO) cache --quiet --frozen $(GENERATORS_CONFIG) $(GENERATORS)
	@touch $@

# An environment of its own: what other frameworks want to be installed is not what the gateway was tested with.
.venv/retrievers.stamp: requirements-retrievers.lock | .venv/pyvenv.cfg
	@echo "Installing the Python packages of requirements-retrievers.lock"
	@$(BIN)/python -m venv .venv/retrievers
	@.venv/retrievers/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements-retrievers.lock
	@touch $@

# From Debian's packages, into a folder: nothing is installed.
.venv/postgres-17.stamp: tests/support/postgres_17.py | .venv/dev.stamp
	@echo "Fetching PostgreSQL 17"
	@$(BIN)/python -m tests.support.postgres_17 .venv/postgres-17
	@touch $@

# Programs of Debian's packages. What needs one that cannot be installed is skipped and says so.
# $(call debian,program:package+package …)
define debian
@missing=; for each in $(1); do \
  PATH="$$PATH:/usr/sbin" command -v "$${each%%:*}" >/dev/null || missing="$$missing $$(echo "$${each#*:}" | tr + ' ')"; done; \
if [ -n "$$missing" ]; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "Installing$$missing"; \
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; } \
      >/dev/null; \
  else echo "Not installed, so what needs them is skipped (sudo apt-get install$$missing):$$missing" >&2; fi; fi
@touch $@
endef

PROMETHEUS := promtool:prometheus+prometheus-node-exporter
BROWSER := $(if $(or $(CHROMIUM),$(shell command -v chromium-browser google-chrome)),,chromium:chromium+fonts-dejavu-core)

.venv/prometheus.stamp: | .venv/pyvenv.cfg
	$(call debian,$(PROMETHEUS))

.venv/scale.stamp: | .venv/pyvenv.cfg
	$(call debian,haproxy:haproxy redis-server:redis-server pgbouncer:pgbouncer)

.venv/buildah.stamp: | .venv/pyvenv.cfg
	$(call debian,buildah:buildah debootstrap:debootstrap)

.venv/kubernetes.stamp: requirements-deploy.lock | .venv/dev.stamp
	@echo "Installing the Python packages of requirements-deploy.lock"
	@$(PIP) install --require-hashes --requirement requirements-deploy.lock
	@touch $@

# Shared rates, pools, alerts and browsers are tested with real ones.
.venv/debian.stamp: | .venv/pyvenv.cfg
	$(call debian,redis-server:redis-server pgbouncer:pgbouncer $(PROMETHEUS) $(BROWSER))
