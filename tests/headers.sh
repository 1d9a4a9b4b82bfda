#!/bin/sh
# Every public header compiles alone, as C11 and as C++17, without any folder but include/.
#   tests/headers.sh [ROOT]
set -u
root=$(cd "${1:-$(dirname "$0")/..}" && pwd) || exit 2
failed=0
for header in "$root"/include/lungo/*.h; do
    name=lungo/$(basename "$header")
    for language in "c -std=c11" "c++ -std=c++17"; do
        printf '#include <%s>\n' "$name" |
            cc -x $language -Wall -Wextra -pedantic -Werror -fsyntax-only -I "$root/include" - ||
            { echo "$name does not compile alone as $language"; failed=1; }
    done
done
[ "$failed" -eq 0 ] && echo "headers compile alone"
exit "$failed"
