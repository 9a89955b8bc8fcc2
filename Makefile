# Each target sets up what it needs, in .venv and target/, and does again only what has changed.

LISTEN ?= 127.0.0.1:8080
REQUESTS ?= 200000
SWEEP ?= 100000
CARGO_DENY := 0.20.2

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# Where rustup puts cargo and Debian puts nginx, for shells that do not look there.
export PATH := $(PATH):$(HOME)/.cargo/bin:/usr/sbin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

bin := .venv/bin
target := $(or $(CARGO_TARGET_DIR),target)
cargo-deny := $(target)/tools-$(CARGO_DENY)/bin/cargo-deny
rust := Cargo.toml Cargo.lock $(shell find rust/core rust/python -name '*.rs' -o -name Cargo.toml)
pin := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --quiet $(ARGS)
# With what maturin sets for cargo, cargo's other runs do not build pyo3 anew, nor the next maturin.
signature = import sys; print("%s-%d.%d-64bit" % (sys.implementation.name, *sys.version_info[:2]))
cargo = PYO3_PYTHON=$(CURDIR)/$(bin)/python PYO3_BUILD_EXTENSION_MODULE=1 \
  PYO3_ENVIRONMENT_SIGNATURE=$$($(bin)/python -c '$(signature)') cargo
wheel = $(bin)/maturin build --interpreter $(bin)/python --release --locked --quiet
# Each profile-guided build has flags of its own, so nothing that it compiles serves the next one.
pgo = rm -rf $(target)/pgo && $(wheel) --pgo --target-dir $(target)/pgo
provider := tests/provider/node_modules/.package-lock.json
comma := ,
fail = { echo "error: $(1)" >&2; exit 1; }

.PHONY: help run test test-rust test-python lint bench bench-http bench-growth bench-knobs bench-profile native-pgo soak sweep mutants dist fmt pins clean tools proxies missing

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.native .venv/.server ## Build, then serve with generated keys on LISTEN (127.0.0.1:8080)
	@exec $(bin)/jwtfast dev --listen $(LISTEN)

test: lint test-rust test-python ## Lint, then every test: Rust, Python, real proxies

test-rust: .venv/.requirements | tools ## The Rust tests alone
	@echo cargo test
	@$(cargo) test --release --locked --workspace --quiet

test-python: .venv/.native .venv/.server $(provider) | proxies ## The Python tests alone (ARGS='-k name' narrows them)
	$(bin)/python -m pytest $(ARGS)

lint: .venv/.native .venv/.server $(cargo-deny) ## Format, lints, types, stubs, licences
	$(bin)/ruff format --check --quiet .
	$(bin)/ruff check --quiet .
	$(bin)/mypy
	$(bin)/python -m mypy.stubtest --concise jwtfast._core
	cargo fmt --all --check
	@echo cargo clippy
	@$(cargo) clippy --release --locked --workspace --all-targets --quiet -- --deny warnings
	cargo fetch --locked --quiet
	$(cargo-deny) --offline --locked --log-level error check bans licenses sources

bench: .venv/.native .venv/.server .venv/.bench | proxies ## Measure: bare signatures, then bench-http, bench-growth and bench-profile (make native-pgo before it)
	@echo cargo bench
	@$(cargo) bench --quiet --locked --package jwtfast-core --bench verify
	$(bin)/python -m benches.http $(HTTP)
	$(bin)/python -m benches.growth $(GROWTH)
	$(bin)/python -m benches.profile

bench-http: .venv/.native .venv/.server .venv/.bench | proxies ## The library and the service beside others (HTTP=--quick; HTTP='--runs 3'; HTTP='--peer NAME=URL')
	$(bin)/python -m benches.http $(HTTP)
	$(bin)/python -m benches.growth --page

bench-growth: .venv/.native .venv/.server .venv/.bench ## How cost grows, and docs/capacity.md from all results (GROWTH=--quick)
	$(bin)/python -m benches.growth $(GROWTH)

bench-knobs: .venv/.native .venv/.server .venv/.bench | proxies ## What granian's settings are worth to serve (KNOBS=--quick)
	$(bin)/python -m benches.knobs $(KNOBS)

bench-profile: .venv/.native .venv/.server .venv/.bench ## Where the instructions of a request go (needs valgrind)
	$(bin)/python -m benches.profile

native-pgo: .venv/.native ## Replace the native module by a profile-guided build, as releases are; bench it then
	$(pgo) --out $(target)/pgo/wheel
	$(bin)/python -m zipfile --extract $(target)/pgo/wheel/*.whl $(target)/pgo/wheel
	mv $(target)/pgo/wheel/jwtfast/_core*.so python/jwtfast/
	rm -rf $(target)/pgo
	sha256sum python/jwtfast/_core*.so > $(target)/profile-guided
	@touch .venv/.native

soak: .venv/.native .venv/.server $(provider) | proxies ## Rotate keys and reload under a long load (REQUESTS=200000 each)
	SOAK_REQUESTS=$(REQUESTS) $(bin)/python -m pytest -s tests/proxies/test_rotation.py $(ARGS)

sweep: .venv/.native .venv/.server | proxies ## Hosts, paths and header names through each real proxy (SWEEP=100000 each; SEED=1)
	SWEEP_REQUESTS=$(SWEEP) $(if $(SEED),SWEEP_SEED=$(SEED)) $(bin)/python -m pytest -s --timeout 3600 tests/proxies -k Sweep $(ARGS)

mutants: .venv/.native ## Take out each check behind a promise and see its tests fail (ARGS=crit narrows)
	$(bin)/python -m tests.advisories.mutants $(ARGS)

dist: .venv/.requirements | tools ## Build wheels and source archives into dist/ (PGO=1: profile-guided, as releases are)
	rm -rf dist
	$(if $(PGO),$(pgo),$(wheel)) --out dist
	$(bin)/maturin sdist --out dist
	cd server && ../$(bin)/hatchling build --directory ../dist
	@ls -l dist

fmt: .venv/.requirements | tools ## Format Rust and Python
	$(bin)/ruff format --quiet .
	$(bin)/ruff check --fix-only --quiet .
	cargo fmt --all

pins: ## Write requirements/*.txt anew (needs uv; ARGS=--upgrade takes newer versions)
	cd requirements && $(pin) dev.in --output-file dev.txt
	cd requirements && for name in server bench; do \
	  $(pin) --constraint dev.txt $$name.in --output-file $$name.txt; done

clean: ## Remove everything that was built or installed here
	rm -rf .venv target dist .jwtfast-dev .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage*
	rm -rf python/jwtfast/*.so tests/provider/node_modules

# What the targets need. The files named .venv/.* are stamps.

tools:
	@command -v cargo >/dev/null || $(call fail,no cargo on the PATH: install Rust 1.88 or newer with rustup)
	@[ "$$(rustc --version | cut -d . -f 2)" -ge 88 ] || $(call fail,$$(rustc --version) is too old: install Rust 1.88 or newer with rustup)
	@command -v cc >/dev/null || $(call fail,no C compiler on the PATH: on Debian$(comma) apt install gcc libc6-dev)

.venv/bin/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  $$python -m venv .venv && exit; rm -rf .venv; \
	  $(call fail,$$python cannot make a virtual environment: on Debian$(comma) apt install python3-venv); \
	done; $(call fail,no Python 3.11 or newer on the PATH)

.venv/.requirements: requirements/dev.txt | .venv/bin/python
	@echo "installing the pinned Python packages into .venv"
	@$(bin)/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

.venv/.bench: requirements/bench.txt | .venv/.requirements
	@$(bin)/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

.venv/.native: .venv/.requirements $(rust) pyproject.toml $(if $(wildcard python/jwtfast/_core*.so),,missing) | tools
	@echo "building the native module; the first time takes some minutes"
	@VIRTUAL_ENV=.venv $(bin)/maturin develop --release --locked
	@touch $@

.venv/.server: .venv/.requirements server/pyproject.toml
	@$(bin)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable server
	@touch $@

$(cargo-deny): | tools
	@echo "building cargo-deny $(CARGO_DENY), once"
	CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --locked --quiet --debug --no-default-features \
	  --version $(CARGO_DENY) --root $(target)/tools-$(CARGO_DENY) --target-dir $(target)/tools-build
	@rm -rf $(target)/tools-build

# The OpenID provider that the tests rotate the keys of.
$(provider): tests/provider/package-lock.json
	@if ! command -v npm >/dev/null; then echo "warning: not installed: npm" >&2; else \
	  echo "installing the OpenID provider of the tests"; \
	  { cd tests/provider && npm ci --silent && touch $(CURDIR)/$@; } || \
	  echo "warning: not installed: the OpenID provider of the tests" >&2; fi

# Caddy and Envoy are among the Python packages.
proxies:
	@for proxy in nginx haproxy wrk redis-server php-cgi; do command -v $$proxy >/dev/null || missing="$${missing:-} $$proxy"; done; \
	[ -n "$${missing:-}" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing$$missing"; export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -qq --no-install-recommends $$missing >/dev/null && exit; \
	fi; echo "warning: not installed:$$missing" >&2
