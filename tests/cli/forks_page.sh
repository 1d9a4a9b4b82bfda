#!/bin/sh
# docs/forks.md shows what src/proto/forks.def says.
#   forks_page.sh SOURCE-DIR BUILD-DIR           fails, with the difference, when the page is stale
#   forks_page.sh SOURCE-DIR BUILD-DIR --write   makes its tables anew
. "$(dirname "$0")/lib.sh"
set -e

# Tables stand below a heading's two lines; a line <!-- LAYER --> above them says which it is.
awk -v proto="$source/src/proto" '
    /^<!-- [A-Z]+ -->$/ { kind = $2; print; head = 2; next }
    head > 0 { print; head--
               if (head == 0) { command = "awk -v kind=" kind " -f " proto "/forks.awk " proto "/forks.def"
                                while ((command | getline line) > 0) print line
                                in_table = 1 }
               next }
    in_table && /^\|/ { next }
    { in_table = 0; print }' "$source/docs/forks.md" > forks.md
page_is forks.md "${3:-}"
finish "docs/forks.md shows what forks.def says"
