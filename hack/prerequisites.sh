#!/usr/bin/env bash
# Says clearly what is missing before anything is built: prerequisites.sh rust|go ...
# Rust (with the C compiler that it links with) and Go are all that this repository asks for;
# everything else is fetched or built by the targets that need it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_rust() {
    local need have
    need="$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml")"
    command -v cargo >/dev/null 2>&1 && command -v rustc >/dev/null 2>&1 ||
        die "Rust $need or newer is needed and was not found on PATH: install it with https://rustup.rs"
    have="$(cd "$ROOT" && rustc --version | cut -d' ' -f2)" ||
        die "Rust $need or newer is needed, and \`rustc --version\` failed: repair the installation (https://rustup.rs)"
    at_least "$have" "$need" ||
        die "Rust $need or newer is needed, $have was found ($(command -v rustc)): run \`rustup update stable\`"
    command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 ||
        die "Rust links with a C compiler and none was found on PATH (cc, gcc or clang): install one, for example the package gcc"
}

need_go() {
    local need have
    need="$(sed -n 's/^go //p' "$ROOT/tests/tools/go.mod")"
    command -v go >/dev/null 2>&1 ||
        die "Go $need or newer is needed to build the Kubernetes control plane for tests and was not found on PATH:" \
            "install it from https://go.dev/dl, or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver," \
            "kube-controller-manager and kubectl"
    # Asked for inside the module: a Go that may fetch the right toolchain by itself answers with that one.
    have="$(cd "$ROOT/tests/tools" && go env GOVERSION)" ||
        die "Go $need or newer is needed, and \`go env\` failed: repair or update Go (https://go.dev/dl)"
    at_least "${have#go}" "$need" ||
        die "Go $need or newer is needed, ${have#go} was found ($(command -v go)): install a newer one from https://go.dev/dl"
}

for name in "$@"; do
    case "$name" in
    rust) need_rust ;;
    go) need_go ;;
    *) die "prerequisites.sh: expected rust or go, found '$name'" ;;
    esac
done
