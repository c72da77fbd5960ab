# Two commands do everything on a fresh machine with a Rust toolchain:
#   make demo    sets up, builds, runs the main job
#   make test    sets up, builds, runs every test

.DEFAULT_GOAL := help
.PHONY: help setup build demo test lint bench fuzz clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch and verify the prebuilt DuckDB library
	@scripts/setup

build: setup ## build the binary
	cargo build

demo: setup ## make a log with a planted incident, load it, ask it, find the incident
	cargo build
	@scripts/demo

test: setup ## run every test
	cargo test

lint: setup ## formatting, clippy, docs, dependencies and licences
	@scripts/lint

bench: setup ## measure speed, memory and size, side by side with DuckDB's own SQL
	cargo bench --profile dev --bench load

fuzz: ## let the fuzzer look for input that breaks a parser (needs cargo-fuzz), 60 s a target
	@scripts/fuzz

clean: ## remove what was built
	cargo clean
