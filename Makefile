# sixfold: make run, make test.  `make help` lists the rest.
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
HOST ?= 127.0.0.1
PORT ?= 8080
MODEL ?=
PROGRAM := build/release/bin/sixfold

.PHONY: help run build test test-release test-asan test-tsan test-fuzz fuzz-long install format lint clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: ## Install what is missing, build, and serve the built-in model (HOST=, PORT=, MODEL=)
	@tools/bootstrap build
	@tools/build release sixfold
	@exec $(PROGRAM) serve $(MODEL) --host $(HOST) --port $(PORT)

build: ## Build the program: build/release/bin/sixfold
	@tools/bootstrap build
	@tools/build release sixfold
	@echo "built $(PROGRAM)"

test: ## Install what is missing and run every test (unit, golden, conformance, end to end, sanitizers, fuzzers)
	@tools/bootstrap test
	@tools/run_tests all

test-release: ## Only the tests of the release build
	@tools/bootstrap test
	@tools/run_tests release

test-asan: ## Only the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/bootstrap test
	@tools/run_tests asan

test-tsan: ## Only the engine and server tests under ThreadSanitizer
	@tools/bootstrap test
	@tools/run_tests tsan

test-fuzz: ## Only the fuzzers, some seconds each
	@tools/bootstrap test
	@tools/run_tests fuzz

fuzz-long: ## Every fuzzer for ten minutes (SECONDS_EACH=600)
	@tools/bootstrap test
	@tools/run_tests fuzz-long

install: ## Install the program under PREFIX (default /usr/local)
	@test -x $(PROGRAM) || $(MAKE) --no-print-directory build
	@cmake --install build/release --prefix "$(abspath $(PREFIX))"

format: ## Reformat the sources
	@git ls-files '*.cc' '*.h' | xargs clang-format-14 -i

lint: ## Run clang-tidy over the sources (slow)
	@tools/build dev sixfold
	@git ls-files 'src/*.cc' | grep -v /isa_ | xargs -P 2 -n 4 clang-tidy-14 -p build/dev --quiet

clean: ## Remove the build folder
	@rm -rf build
