#!/bin/sh
# The same random_seed gives Caffe's initial weights, bit for bit, for every filler: training with
# max_iter 0 writes them, and the file is Caffe's to the last byte.
#   seeds.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
set -e
cp -R "$source/tests/golden/seeds/fillers/." .
chmod -R u+w .
compared=0
for folder in "$work"/seed_*; do
    cd "$folder"
    sed -i 's/^max_iter:.*/max_iter: 0/' solver.prototxt
    "$lungo" train --solver=solver.prototxt 2> err || give_up "$folder: expected status 0"
    cmp snap_iter_0.caffemodel init.caffemodel
    compared=$((compared + 1))
done
[ "$compared" -eq 3 ] || complain "expected 3 seeds, got $compared"
finish "$compared seeds give Caffe's initial weights"
