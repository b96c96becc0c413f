#!/usr/bin/env bash
# Replaces a generated folder as a whole: generate.sh FOLDER COMMAND...
# COMMAND gets a new folder as its last argument. Files of things that no longer exist go, and a command that
# fails changes nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

folder="$1"
shift
mkdir -p target
fresh="$(mktemp -d target/generate.XXXXXX)"
trap 'rm -rf "$fresh"' EXIT
"$@" "$fresh/new"
[[ -n "$(ls -A "$fresh/new")" ]] || die "$* wrote nothing: $folder is left as it is"
if [[ -e "$folder" ]]; then mv "$folder" "$fresh/old"; fi
mkdir -p "$(dirname "$folder")"
mv "$fresh/new" "$folder"
say "generated $folder ($(find "$folder" -type f | wc -l | tr -d ' ') files)"
