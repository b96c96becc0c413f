#!/usr/bin/env bash
# Builds the programs that tests, demo and chart need, once, into a cache folder of the user.
#
#   tools.sh                    makes sure that all are there
#   tools.sh --print NAME...    makes sure that these are there and prints the path of each, one a line
#
# NAME is etcd, kube-apiserver, kube-controller-manager, kubectl or helm. A program is looked for in
# $KUBEBUILDER_ASSETS first (Helm apart), then in the cache, and built only then. The folder in the
# cache is named by the digest of the module that pins the versions: a raised version is a new folder,
# and clones share one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CONTROL_PLANE="$ROOT/tests/tools"
HELM="$CONTROL_PLANE/helm"
PROGRAMS="etcd kube-apiserver kube-controller-manager kubectl"

module_of() { if [[ "$1" == helm ]]; then echo "$HELM"; else echo "$CONTROL_PLANE"; fi; }

package_of() {
    case "$1" in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    helm) echo helm.sh/helm/v4/cmd/helm ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
    esac
}

# version_of PACKAGE_MODULE FOLDER: the version that go.mod in FOLDER pins.
version_of() { awk -v module="$1" '$1 == module && $2 ~ /^v/ { print $2; exit }' "$2/go.mod"; }

# Without these the API server reports v0.0.0, which clients and Helm refuse.
link_flags() {
    local version package flags="-s -w"
    if [[ "$1" == "$HELM" ]]; then
        version="$(version_of helm.sh/helm/v4 "$HELM")"
        flags="$flags -X helm.sh/helm/v4/internal/version.version=$version"
    else
        version="$(version_of k8s.io/kubernetes "$CONTROL_PLANE")"
        for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
            flags="$flags -X $package.gitVersion=$version -X $package.gitTreeState=clean"
            flags="$flags -X $package.gitMajor=$(cut -d. -f1 <<<"${version#v}")"
            flags="$flags -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
        done
    fi
    echo "$flags"
}

bin_folder() { echo "$CACHE/tools/$(digest "$1/go.mod" "$1/go.sum")/bin"; }

# path_of NAME: where the program is or will be.
path_of() {
    if [[ "$1" != helm && -n "${KUBEBUILDER_ASSETS:-}" && -x "$KUBEBUILDER_ASSETS/$1" ]]; then
        echo "$KUBEBUILDER_ASSETS/$1"
    else
        echo "$(bin_folder "$(module_of "$1")")/$1"
    fi
}

# missing_of NAME...: those that would have to be built.
missing_of() {
    local name missing=""
    for name in "$@"; do [[ -x "$(path_of "$name")" ]] || missing="$missing $name"; done
    echo "${missing# }"
}

# build MODULE_FOLDER NAME...: runs under the lock and looks again first, as somebody may have built
# meanwhile. Programs are built aside and moved into place, so that one that is there is whole.
build() {
    local module="$1" bin started name names packages=""
    shift
    names="$(missing_of "$@")"
    [[ -n "$names" ]] || return 0
    bash "$ROOT/hack/prerequisites.sh" go
    bin="$(bin_folder "$module")"
    for name in $names; do packages="$packages $(package_of "$name")"; done

    say "building $names from source into $bin"
    say "  once for each version; on 2 cores the control plane takes 4 to 8 minutes, Helm 2 to 4"
    started=$SECONDS
    mkdir -p "$CACHE/tools"
    # Nobody else can be building: what lies there was left by a build that was killed.
    if command -v flock >/dev/null 2>&1; then rm -rf "$CACHE"/tools/building.*; fi
    SCRATCH="$(mktemp -d "$CACHE/tools/building.XXXXXX")"
    trap 'rm -rf "$SCRATCH"' EXIT
    # -mod=readonly: what is built is what go.sum says, also where GOFLAGS asks for something else.
    # 9>&-: helpers that Go leaves in the background must not hold the lock.
    # shellcheck disable=SC2086 # a list of packages
    (cd "$module" && CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false \
        -ldflags "$(link_flags "$module")" -o "$SCRATCH/" $packages 9>&-) ||
        die "building $names failed, see above (a module that cannot be downloaded needs network or a GOPROXY)"
    if [[ -f "$SCRATCH/server" ]]; then mv "$SCRATCH/server" "$SCRATCH/etcd"; fi
    mkdir -p "$bin"
    for name in $names; do mv -f "$SCRATCH/$name" "$bin/$name"; done
    rm -rf "$SCRATCH"
    say "built $names in $((SECONDS - started)) s"
}

# ensure NAME...
ensure() {
    local module name names missing
    for module in "$CONTROL_PLANE" "$HELM"; do
        names=""
        for name in "$@"; do
            if [[ "$(module_of "$name")" == "$module" ]]; then names="$names $name"; fi
        done
        # shellcheck disable=SC2086 # a list of names
        missing="$(missing_of $names)"
        [[ -n "$missing" ]] || continue
        if [[ "$module" == "$CONTROL_PLANE" && -n "${KUBEBUILDER_ASSETS:-}" ]]; then
            say "KUBEBUILDER_ASSETS ($KUBEBUILDER_ASSETS) has no $missing"
        fi
        # shellcheck disable=SC2086 # a list of names
        with_lock "$CACHE/tools/lock" build "$module" $missing
    done
}

if [[ -n "${KUBEBUILDER_ASSETS:-}" && ! -d "$KUBEBUILDER_ASSETS" ]]; then
    die "KUBEBUILDER_ASSETS is '$KUBEBUILDER_ASSETS', which is not a folder: correct or unset it"
fi

case "${1:-}" in
"")
    # With the assets of somebody else Helm is built only where a test asks for it.
    # shellcheck disable=SC2086 # a list of names
    if [[ -n "${KUBEBUILDER_ASSETS:-}" ]]; then ensure $PROGRAMS; else ensure $PROGRAMS helm; fi
    say "tools are ready: $(dirname "$(path_of kube-apiserver)")"
    ;;
--print)
    shift
    for name in "$@"; do
        case " $PROGRAMS helm " in
        *" $name "*) ;;
        *) die "tools.sh: expected one of $PROGRAMS helm, found '$name'" ;;
        esac
    done
    ensure "$@"
    for name in "$@"; do path_of "$name"; done
    ;;
*) die "tools.sh: expected no argument or --print NAME..., found '$1'" ;;
esac
