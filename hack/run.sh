#!/usr/bin/env bash
# Builds the programs of the demo and runs it: run.sh [CARGO OPTION...] -- [DEMO OPTION...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

cargo_options=()
while (($#)) && [[ $1 != -- ]]; do
    cargo_options+=("$1")
    shift
done
shift || true

say "building the operator, the agent, the simulated Microsoft side and the demo (minutes the first time)"
cargo build --quiet "${cargo_options[@]}" --package operator --package agent --package estate --package cli --package tests --bins
exec "${CARGO_TARGET_DIR:-target}/debug/demo" "$@"
