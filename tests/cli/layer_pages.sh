#!/bin/sh
# docs/layers/ says what the source says.
#   layer_pages.sh SOURCE-DIR BUILD-DIR           fails, with the difference, when a page is stale
#   layer_pages.sh SOURCE-DIR BUILD-DIR --write   makes the pages anew
set -eu
pages=$1/docs/layers
lungo=$2/bin/lungo
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$lungo" layers --markdown > "$made/README.md"
"$lungo" layers | while read -r type _; do
    "$lungo" layers "$type" --markdown > "$made/$type.md"
done
if [ "${3:-}" = --write ]; then
    mkdir -p "$pages"
    rm -f "$pages"/*.md
    cp "$made"/*.md "$pages"
elif ! diff -r "$pages" "$made"; then
    echo "docs/layers/ is stale; make it anew: tests/cli/layer_pages.sh $1 $2 --write"
    exit 1
fi
