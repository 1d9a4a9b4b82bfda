# What the scripts of this folder share. They are called with SOURCE-DIR BUILD-DIR, and source this
# first; it brings them into an empty folder, which goes when they end.
# shellcheck shell=sh disable=SC2034
set -u
source=$(cd "$1" && pwd) || exit 2
build=$(cd "$2" && pwd) || exit 2
bin=$build/bin
lungo=$bin/lungo
work=$(mktemp -d) || exit 2
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 2
failures=0
about= # names the case in complaints, where the command's words do not

# complain WHAT: the test goes on, and has failed.
complain() {
    echo "FAIL ${about:+$about: }$*"
    [ -s err ] && grep -v '^I[0-9]' err | sed 's/^/    /'
    failures=$((failures + 1))
}

# give_up WHAT: the test has failed, and nothing further can be tested.
give_up() {
    complain "$@"
    exit 1
}

# run STATUS COMMAND...: what it prints is in the file out, what it says in the file err.
run() {
    expected=$1
    shift
    ran=$*
    status=0
    "$@" > out 2> err || status=$?
    [ "$status" -eq "$expected" ] || complain "$ran: expected status $expected, got $status"
}

# says PART...: the command that was run says every part.
says() {
    for part in "$@"; do
        grep -qF -e "$part" err || complain "$ran: expected '$part' in what it says"
    done
}

# refused PART... -- COMMAND...: ends with 1, prints nothing, and says every part.
refused() {
    : > parts
    while [ "$1" != -- ]; do
        printf '%s\n' "$1" >> parts
        shift
    done
    shift
    run 1 "$@"
    [ -s out ] && complain "$ran: expected nothing on stdout"
    while IFS= read -r part; do says "$part"; done < parts
}

# commands: the names of lungo's.
commands() {
    "$lungo" --help | sed -n '/^commands:/,/^$/s/^  \([a-z_]*\) .*/\1/p'
}

# companions: the names of the tools beside lungo.
companions() {
    for file in "$source"/tools/*.c; do basename "$file" .c; done
}

# blocks LANGUAGE PAGE: what docs/PAGE shows as such.
blocks() {
    awk -v begin="\`\`\`$1" '$0 == begin { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/docs/$2"
}

# page_is MADE MODE: docs/ has this file or folder as it was made; with the mode --write it gets it.
page_is() {
    if [ "$2" = --write ]; then
        rm -rf "$source/docs/$1"
        cp -R "$1" "$source/docs"
    elif ! diff -r "$source/docs/$1" "$1"; then
        complain "docs/$1 is stale; make it anew: tests/cli/$(basename "$0") . BUILD-DIR --write"
    fi
}

# finish TEXT: says it, if nothing failed.
finish() {
    [ "$failures" -eq 0 ] || exit 1
    echo "$*"
}
