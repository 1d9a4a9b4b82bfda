#!/bin/sh
# docs/layers/ says what the source says.
#   layer_pages.sh SOURCE-DIR BUILD-DIR           fails, with the difference, when a page is stale
#   layer_pages.sh SOURCE-DIR BUILD-DIR --write   makes the pages anew
. "$(dirname "$0")/lib.sh"
set -e

mkdir layers
"$lungo" layers --markdown > layers/README.md
"$lungo" layers | while read -r type _; do
    "$lungo" layers "$type" --markdown > "layers/$type.md"
done
page_is layers "${3:-}"
finish "docs/layers says what the source says"
