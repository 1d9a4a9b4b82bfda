#!/bin/sh
# Static analysis of src/ and tools/: core, unix and deadcode of clang's analyzer.
#   tests/analyze.sh BUILD           shallow, under a minute of computing
#   tests/analyze.sh BUILD --deep    through calls of any size: ten minutes
# BUILD holds compile_commands.json. Exits 1 after printing what was found. What is no fault is
# marked in its line, NOLINT with the reason.
set -u
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
clang="-extra-arg=-Xclang -extra-arg"
mode="$clang=-analyzer-config $clang=mode=shallow"
# Of five calls in each other, which is what it looks at else, an error's way up is often longer.
[ "${2:-}" = --deep ] && mode="$clang=-analyzer-inline-max-stack-depth $clang=12"
found=$(mktemp) || exit 2
trap 'rm -f "$found" "$found.files"' EXIT

find src tools -name '*.c' | grep -v '_absent\.c$' | sort >"$found.files"
# shellcheck disable=SC2086
xargs -P 2 -n 8 clang-tidy -p "$build" --quiet \
    '--checks=-*,clang-analyzer-core*,clang-analyzer-unix*,clang-analyzer-deadcode*' $mode \
    <"$found.files" >"$found" 2>/dev/null
status=$?
[ -s "$found.files" ] || status=2
grep -q 'warning:\|error:' "$found" && status=1
[ "$status" -eq 0 ] || cat "$found"
exit "$status"
