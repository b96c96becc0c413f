#!/usr/bin/env bash
# Runs the tests of the workspace and sums them up: test.sh [CARGO OPTION...] [-- TEST OPTION...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

log="$(mktemp)"
trap 'rm -f "$log"' EXIT

started=$SECONDS
code=0
# What properties are tried on is the same in every run, so that a run fails for what was changed and for nothing else. The long run draws
# anew, and more. A failure names its input.
case " $* " in
*" --include-ignored "*) export PROPTEST_CASES="${PROPTEST_CASES:-200}" ;;
*) export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-20261122}" ;;
esac

# Suites start the programs of this workspace, which `cargo test` alone does not build.
options=()
for option in "$@"; do
    [[ $option == -- ]] && break
    options+=("$option")
done
cargo build --workspace --bins "${options[@]}"

# All failures at once, not only those of the first binary. Colours would hide from the summary what it counts.
cargo test --workspace --no-fail-fast --color never "$@" 2>&1 | tee "$log" || code=$?

awk -v seconds="$((SECONDS - started))" -v code="$code" '
    /^test result: / { binaries++; passed += $4; failed += $6; ignored += $8 }
    /^test .* \.\.\. FAILED$/ { names = names "  " $2 "\n" }
    END {
        printf "\n%d tests passed, %d failed, %d ignored, in %d test binaries and %d s\n", \
            passed, failed, ignored, binaries, seconds
        if (names != "") {
            printf "failed:\n%s", names
            print "run one again with `cargo test --package PACKAGE NAME -- --nocapture`"
        } else if (code != 0) {
            print "the tests could not all be built or run, see above"
        }
    }' "$log"
exit "$code"
