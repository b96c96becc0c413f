# Shared by the scripts in this folder: messages, and comparison of versions.
# Sourced, never run. Everything said goes to stderr, so that stdout stays free for answers.

# The folder of the repository, whatever the caller's working directory is.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Where built tools are kept between runs and between clones.
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/hybrid-identity-operator"

say() { printf '%s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# at_least HAVE NEED: whether dotted version HAVE is NEED or newer (missing parts count as 0).
at_least() {
    local -a have need
    local i h n
    IFS=. read -ra have <<<"$1"
    IFS=. read -ra need <<<"$2"
    for i in 0 1 2; do
        h="${have[i]:-0}" n="${need[i]:-0}"
        h="${h%%[!0-9]*}" n="${n%%[!0-9]*}"
        ((10#${h:-0} > 10#${n:-0})) && return 0
        ((10#${h:-0} < 10#${n:-0})) && return 1
    done
    return 0
}

# digest FILE...: a short name for the joined content of the files.
digest() {
    if command -v sha256sum >/dev/null 2>&1; then
        cat "$@" | sha256sum | cut -c1-16
    else
        cat "$@" | shasum -a 256 | cut -c1-16
    fi
}

# with_lock FILE COMMAND...: runs COMMAND while no other process holds FILE. Where flock(1) does not
# exist (macOS) it just runs: every result is moved into place in one step, so the price is only work
# done twice.
with_lock() {
    local file="$1"
    shift
    mkdir -p "$(dirname "$file")"
    if ! command -v flock >/dev/null 2>&1; then
        "$@"
        return
    fi
    (
        if ! flock --nonblock 9; then
            say "waiting for another build that holds $file"
            flock 9
        fi
        "$@"
    ) 9>"$file"
}
