#!/bin/sh
# What the library in a build folder gives the linker: names that begin with lungo_, and in the static
# one those of the schema, caffe__, which a shared one hides (src/lungo.map).
#   tests/symbols.sh BUILD
set -u
build=$1
if [ -f "$build/liblungo.so" ]; then
    strangers=$(nm -D --defined-only "$build/liblungo.so" | awk 'NF == 3 && $3 !~ /^lungo_/ { print $3 }')
    found=$(nm -D --defined-only "$build/liblungo.so" | grep -c ' T lungo_net_open$')
else
    strangers=$(nm -g --defined-only "$build/liblungo.a" | awk 'NF == 3 && $3 !~ /^(lungo_|caffe__)/ { print $3 }' |
        grep -vE '^(__asan_|__odr_asan|__tsan|__ubsan)')
    found=$(nm -g --defined-only "$build/liblungo.a" | grep -c ' T lungo_net_open$')
fi
[ -z "$strangers" ] || { echo "names that are not ours:"; echo "$strangers"; exit 1; }
[ "$found" -eq 1 ] || { echo "expected the symbol lungo_net_open once, got it $found times"; exit 1; }
echo "symbols are lungo_*"
