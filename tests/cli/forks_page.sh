#!/bin/sh
# docs/forks.md shows what src/proto/forks.def says.
#   forks_page.sh SOURCE-DIR           fails, with the difference, when the page is stale
#   forks_page.sh SOURCE-DIR --write   makes its tables anew
set -eu
page=$1/docs/forks.md
proto=$1/src/proto
made=$(mktemp)
trap 'rm -f "$made"' EXIT

# Tables stand below a heading's two lines; a line <!-- LAYER --> above them says which it is.
awk -v proto="$proto" '
    /^<!-- [A-Z]+ -->$/ { kind = $2; print; head = 2; next }
    head > 0 { print; head--
               if (head == 0) { command = "awk -v kind=" kind " -f " proto "/forks.awk " proto "/forks.def"
                                while ((command | getline line) > 0) print line
                                in_table = 1 }
               next }
    in_table && /^\|/ { next }
    { in_table = 0; print }' "$page" > "$made"
if [ "${2:-}" = --write ]; then
    cp "$made" "$page"
elif ! diff "$page" "$made"; then
    echo "docs/forks.md is stale; make it anew: tests/cli/forks_page.sh $1 --write"
    exit 1
fi
