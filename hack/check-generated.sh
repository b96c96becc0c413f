#!/usr/bin/env bash
# Generates everything and fails where the result is not what is committed: check-generated.sh FOLDER...
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

git rev-parse --is-inside-work-tree >/dev/null 2>&1 ||
    die "check-generated compares with what is committed, and this is not a git work tree"
make generate
# Against the index: what is staged is about to be committed.
changed="$(git diff --name-status -- "$@" && git ls-files --others --exclude-standard -- "$@" | sed 's/^/?       /')"
if [[ -n "$changed" ]]; then
    git --no-pager diff -- "$@" >&2
    say ""
    say "generated files differ from what is committed (M changed, D gone, ? new):"
    say "$changed"
    die "run \`make generate\` and commit the result"
fi
say "generated files are up to date: $*"
