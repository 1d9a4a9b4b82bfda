#!/bin/sh
# The program of docs/porting.md, run as it stands there.
#   porting_page.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
set -e
blocks python porting.md > program.py
[ "$(wc -l < program.py)" -gt 10 ] || give_up "expected a program in docs/porting.md"

# What it reads: the library where an installation or a build has it, a net and weights of one step.
mkdir -p build models
ln -s "$build/lib" build/lib
ln -s "$source/models/lenet" models/lenet
cat > solver.prototxt <<'EOT2'
net: "models/lenet/bench.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "step" random_seed: 1
EOT2
run 0 "$lungo" train --solver=solver.prototxt
mv step_iter_1.caffemodel lenet_iter_10000.caffemodel
/usr/bin/python3 program.py > out
grep -Eq '^\(1, 10\) (1\.0|0\.9999)' out || give_up "expected ten probabilities that sum to 1"
finish "the program of docs/porting.md works"
