#!/bin/sh
# Which part of the lines of src/ the tests run, in build-coverage/. Left out is what takes long, looks at
# the tree alone, or links liblungo.a into programs that count nothing.
#   tests/coverage.sh [CTEST-OPTION...]     prints the share of each file, the worst first, and of all
set -eu
cd "$(dirname "$0")/.."
cmake --preset coverage -G Ninja >/dev/null
cmake --build --preset coverage
find build-coverage -name '*.gcda' -exec rm {} +
ctest --test-dir build-coverage --output-on-failure \
    -E '^(tree\..*|faults\.(kill.*|tools)|cli\.(lenet|embedding|install))$' "$@" || echo "some tests failed"
cd build-coverage
find CMakeFiles/lungo.dir/src -name '*.gcda' -exec gcov -n {} + 2>/dev/null |
    awk -v root="$(cd .. && pwd)/src/" -F "[':%]" '
        /^File/ { file = $2; sub(/^\.\.\/src\//, "", file); sub(root, "", file); known = file !~ /^\// }
        /^Lines executed/ && known && file in seen == 0 {
            split($0, part, /[:%]| of /); seen[file] = 1
            lines += part[4]; run += part[4] * part[2] / 100
            printf "%6.2f %% of %4d  %s\n", part[2], part[4], file; known = 0
        }
        END { printf "%6.2f %% of %d lines of src/\n", 100 * run / lines, lines }' | sort -n
