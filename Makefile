# Every verb of the project. Each target sets up what it needs; `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEED ?=
SIZE ?=
FULL ?=

.PHONY: help setup demo test prove lint format bench up down status logs clean lock docs

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## build the environment in .venv; a running Airflow is drained, migrated, restarted
	@$(BIN)/gaung upgrade

# uv is pinned by hash like everything else; where it cannot reach the index that pip is configured for, pip does the work.
$(READY): requirements/dev.txt requirements/base.in pyproject.toml
	@python=$$(sh .ci/find-python) || exit 1; \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
		echo "Creating $(VENV) with $$python …"; \
		"$$python" -m venv --clear $(VENV) || { \
			echo "Could not create $(VENV): this Python lacks venv or ensurepip (Debian, Ubuntu: the package python3-venv)." >&2; exit 1; }; \
	fi
	@if [ -x $(BIN)/gaung ] && [ -f $(READY) ]; then \
		$(BIN)/gaung upgrade --drain || echo "A running Airflow could not be drained: make down stops it." >&2; \
	fi
	@rm -f $(READY)
	@if ! $(BIN)/uv --version >/dev/null 2>&1; then \
		$(BIN)/python -m ensurepip >/dev/null 2>&1; \
		awk '/^uv==/{found=1} found{print} found&&!/\\$$/{exit}' requirements/dev.txt > $(VENV)/uv.txt; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; \
	fi
	@echo "Installing $$(grep -c '==' requirements/dev.txt) pinned packages (about 1.3 GB on disk) …"
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt || { \
		echo "uv could not install; trying pip with its own configuration (slower) …" >&2; \
		$(BIN)/python -m ensurepip >/dev/null 2>&1; \
		$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements/dev.txt; }
	@$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)
	@$(BIN)/gaung upgrade

demo: $(READY) ## see it work: synthetic posts, from files to published tables; SIZE=full for over 100,000
	@$(BIN)/gaung demo run $(if $(SIZE),--size $(SIZE))

test: $(READY) ## the tests: real Postgres, Airflow, dbt and Great Expectations (a quarter of an hour on two cores)
	$(BIN)/pytest -m 'not prove' --numprocesses 2 --dist loadfile --no-loadscope-reorder

prove: $(READY) ## the long proofs; SEED=… repeats one; figures go to var/prove as JSON
	@mkdir -p var/prove
	@seed="$(SEED)"; [ -n "$$seed" ] || seed=$$($(BIN)/python -c 'import secrets; print(secrets.randbelow(2**31))'); \
	echo "seed $$seed"; GAUNG_PROVE_SEED=$$seed $(BIN)/pytest -m prove --timeout 3600 -rA

lint: $(READY) ## every check that changes nothing: ruff, mypy, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy include plugins
	$(BIN)/sqlfluff lint --processes 2 dbt_project

format: $(READY) ## let ruff and sqlfluff rewrite what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 dbt_project

bench: $(READY) ## how fast: formats, loader, texts, ticks; FULL=1 all of it; figures go to var/bench as JSON
	@$(BIN)/gaung bench $(if $(FULL),--full)

up: $(READY) ## start the database and Airflow (scheduler, DAG processor, triggerer, web)
	@$(BIN)/gaung up

down: ## stop everything that this clone started
	@if [ -x $(BIN)/gaung ]; then $(BIN)/gaung down; else echo "Nothing to stop: there is no $(VENV)."; fi

status: $(READY) ## what runs, what is published, what failed
	@$(BIN)/gaung status

logs: $(READY) ## the last lines of Airflow's components
	@$(BIN)/gaung logs

clean: down ## delete the environment and all local data; var/secrets stays
	@if [ -x $(BIN)/gaung ]; then $(BIN)/gaung clean; fi
	@if [ -d var ]; then find var -mindepth 1 -maxdepth 1 ! -name secrets -exec rm -rf {} +; fi
	rm -rf $(VENV) build include/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -type d -prune -exec rm -rf {} +

lock: $(READY) ## resolve requirements/*.in again into hashed requirements
	for name in base dev celery transformer; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
			requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

docs: $(READY) ## write the glossary and table docs from the models' own descriptions
	@$(BIN)/gaung docs
