# The only entry point: `make help` lists it, and continuous integration calls the same targets.
# Rust and Go are the two things that must be there; each target gets what else it lacks, once, and says so.

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# In continuous integration nothing may change Cargo.lock unnoticed.
LOCKED := $(if $(CI),--locked)

# What `make generate` writes, each a folder that holds nothing else.
GENERATED := crds/yaml charts/hybrid-identity-operator/templates/crds

# Tests run on the cluster of KUBECONFIG where that is set: then nothing has to be built beforehand.
CLUSTER := $(if $(KUBECONFIG),,tools)

.PHONY: help run test test-all simulate lint fmt generate check-generated audit tools cluster clean clean-tools rust

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Needed: Rust and Go. Built tools are kept in a cache folder of the user and shared by all clones."

##@ Try

run: rust $(CLUSTER) ## Move a simulated organisation off Connect: EXPORT=folder for a real configuration, CHAOS=1, MODES=name or JSON, SEED=n, KEEP=1
	@bash hack/run.sh $(LOCKED) -- $(if $(EXPORT),--export "$(EXPORT)") $(if $(KEEP_BUILD),--keep-build) $(if $(KEEP),--keep) \
		$(if $(SEED),--seed $(SEED)) $(if $(SPEED),--speed-factor $(SPEED)) $(if $(CHAOS),--chaos) $(if $(MODES),--mode-set '$(MODES)')

cluster: rust ## Run a Kubernetes control plane with the kinds of this project until Ctrl-C; nothing is left then
	@cargo run $(LOCKED) --quiet --package tests --bin cluster -- --crds crds/yaml

##@ Check

test: rust $(CLUSTER) ## Run all tests but the slow ones, on a real API server where they need one
	@bash hack/test.sh $(LOCKED)

test-all: rust $(CLUSTER) ## Run all tests
	@bash hack/test.sh $(LOCKED) -- --include-ignored

simulate: rust ## Simulate whole migrations on a virtual clock: SEEDS=0..2000, TRACE=1 to read along
	@cargo run $(LOCKED) --release --package simulation --bin simulate -- --seeds $(or $(SEEDS),0..2000) $(if $(TRACE),--trace)

lint: rust ## Check formatting, lints, licences, banned crates and sources
	cargo fmt --all --check
	cargo clippy $(LOCKED) --workspace --all-targets -- --deny warnings
	@bash hack/cargo-deny.sh check licenses bans sources

check-generated: rust ## Check that what is generated is up to date and committed
	@bash hack/check-generated.sh $(GENERATED)

audit: rust ## Check dependencies for known vulnerabilities (fetches a database)
	@bash hack/cargo-deny.sh check advisories

##@ Change

fmt: rust ## Format the code
	cargo fmt --all

generate: rust ## Write what is generated: the CustomResourceDefinitions in crds/yaml and in the chart
	@bash hack/generate.sh crds/yaml cargo run $(LOCKED) --quiet --package crds --bin crdgen --
	@bash hack/generate.sh charts/hybrid-identity-operator/templates/crds bash hack/chart-crds.sh crds/yaml

##@ House

tools: ## Build the control plane and Helm from source, once for each version
	@bash hack/tools.sh

clean: ## Remove what was built here; the built tools stay
	cargo clean

clean-tools: ## Remove the built tools from the cache folder of the user
	@bash hack/clean-tools.sh

rust:
	@bash hack/prerequisites.sh rust
