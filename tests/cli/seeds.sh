#!/bin/sh
# The same random_seed gives Caffe's initial weights, bit for bit, for every filler: training with
# max_iter 0 writes them, and the file is Caffe's to the last byte.
#   seeds.sh SOURCE-DIR BUILD-DIR
set -eu
golden=$1/tests/golden/seeds/fillers
lungo=$2/bin/lungo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$golden/." "$work"
chmod -R u+w "$work"
compared=0
for folder in "$work"/seed_*; do
    cd "$folder"
    sed -i 's/^max_iter:.*/max_iter: 0/' solver.prototxt
    "$lungo" train --solver=solver.prototxt 2> log || { tail -n 3 log; exit 1; }
    cmp snap_iter_0.caffemodel init.caffemodel
    compared=$((compared + 1))
done
echo "$compared seeds give Caffe's initial weights"
[ "$compared" -eq 3 ]
