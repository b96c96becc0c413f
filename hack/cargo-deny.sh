#!/usr/bin/env bash
# Runs cargo-deny with the arguments given; installs it into the user's cache first if it is not there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

VERSION=0.20.2
folder="$CACHE/cargo-deny/$VERSION"
program="$folder/bin/cargo-deny"

# install: under the lock, hence looking again. Unoptimised: it builds in a third of the time, and this
# workspace is checked in seconds all the same.
install() {
    [[ -x "$program" ]] && return 0
    local started=$SECONDS scratch
    say "installing cargo-deny $VERSION into $folder (once, 1 to 3 minutes)"
    scratch="$(mktemp -d "$CACHE/cargo-deny/building.XXXXXX")"
    if ! CARGO_TARGET_DIR="$scratch/target" cargo install --quiet --locked --debug --root "$scratch/root" \
        --version "$VERSION" cargo-deny 9>&-; then
        rm -rf "$scratch"
        die "cargo-deny $VERSION could not be installed, see above"
    fi
    rm -rf "$folder"
    mv "$scratch/root" "$folder"
    rm -rf "$scratch"
    say "installed cargo-deny in $((SECONDS - started)) s"
}

[[ -x "$program" ]] || with_lock "$CACHE/cargo-deny/lock" install

if [[ "${1:-} ${2:-}" == "check advisories" ]]; then
    "$program" fetch db ||
        die "the database of vulnerabilities could not be fetched, see above: nothing was checked (it comes from github.com/RustSec/advisory-db)"
    "$program" check --disable-fetch advisories
else
    "$program" "$@"
fi
