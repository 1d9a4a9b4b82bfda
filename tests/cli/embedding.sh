#!/bin/sh
# The program of docs/embedding.md is built and run as it stands there, as C and as C++.
#   embedding.sh SOURCE-DIR BUILD-DIR EXTRA-FLAGS...
. "$(dirname "$0")/lib.sh"
. "$source/tests/cli/embedded_program.sh"
set -e
shift 2
embedded_program

for language in "c -std=c11" "c++ -std=c++17"; do
    # shellcheck disable=SC2086
    cc -x $language -Wall -Wextra -Werror -I "$source/include" -c program.c -o program.o
    # shellcheck disable=SC2046
    cc program.o $(PKG_CONFIG_PATH=$build pkg-config --libs lungo) "$@" -o program
    embedded_works ./program "$source/models/lenet/deploy.prototxt"
done
finish "docs/embedding.md builds and runs as C and as C++"
