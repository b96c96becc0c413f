#!/usr/bin/env bash
# Removes the built tools; the next target that needs them builds them again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -d "$CACHE" ]] || exit 0
say "removing $CACHE"
rm -rf "$CACHE"
