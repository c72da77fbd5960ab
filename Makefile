# Two commands do everything on a fresh machine with a Rust toolchain:
#   make demo    sets up, builds, shows a living system in a browser
#   make test    sets up, builds, runs every test

.DEFAULT_GOAL := help
.PHONY: help setup build demo test lint bench score soak fuzz clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch and verify the prebuilt DuckDB library
	@scripts/setup

build: setup ## build the binary
	cargo build

demo: setup ## a living system: synthetic logs on a dashboard, http://127.0.0.1:8501
	cargo build
	cargo run --quiet -- demo

test: setup ## run every test
	@scripts/test-tools
	cargo test

lint: setup ## formatting, clippy, docs, dependencies and licences
	@scripts/lint

bench: setup ## measure speed, memory and size, side by side with DuckDB's own SQL
	cargo bench --profile dev --bench load --bench serve --bench receive --bench ticks --bench values --bench history

score: setup ## score the detectors on cases with known truth (needs their folder, see scripts/score)
	@scripts/score

soak: setup ## an hour of mixed load, ten minutes of more than the disk can take
	PINTAIL_SOAK_SECONDS=3600 PINTAIL_BACKPRESSURE_SECONDS=600 \
		cargo test --test soak --test backpressure -- --nocapture

fuzz: ## let the fuzzer look for input that breaks a parser (needs cargo-fuzz), 60 s a target
	@scripts/fuzz

clean: ## remove what was built
	cargo clean
