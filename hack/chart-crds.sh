#!/usr/bin/env bash
# Makes chart templates of CustomResourceDefinitions: chart-crds.sh FROM TO
# A chart cannot read outside its folder, so it carries its own copy, with a switch and the annotation that keeps
# the definitions, and with them all objects, when the release is uninstalled.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

from="$1" to="$2"
mkdir -p "$to"
for file in "$from"/*.yaml; do
    [[ -f "$file" ]] || die "expected CustomResourceDefinitions in $from, found none: generate them first"
    # Braces in a description are text, not a template.
    awk '
        NR == 1 { print; print "{{- if .Values.crds.enabled }}"; next }
        { gsub(/\{\{/, "{{ \"{{\" }}"); print }
        /^metadata:$/ && !done {
            done = 1
            print "  {{- if .Values.crds.keep }}"
            print "  annotations:"
            print "    helm.sh/resource-policy: keep"
            print "  {{- end }}"
        }
        END {
            print "{{- end }}"
            if (!done) exit 1
        }' "$file" >"$to/$(basename "$file")" ||
        die "$file has no metadata at the top level: expected a CustomResourceDefinition as crdgen writes it"
done
