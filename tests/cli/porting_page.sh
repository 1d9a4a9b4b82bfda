#!/bin/sh
# The program of docs/porting.md, run as it stands there.
#   porting_page.sh SOURCE-DIR BUILD-DIR
set -eu
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
awk '/^```python$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/docs/porting.md" > program.py
[ "$(wc -l < program.py)" -gt 10 ] || { echo "expected a program in docs/porting.md"; exit 1; }

# What it reads: the library where an installation or a build has it, a net and weights of one step.
mkdir -p build models
ln -s "$build/lib" build/lib
ln -s "$source/models/lenet" models/lenet
cat > solver.prototxt <<'EOT2'
net: "models/lenet/bench.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "step" random_seed: 1
EOT2
"$build/bin/lungo" train --solver=solver.prototxt 2> train.log || { tail -n 3 train.log; exit 1; }
mv step_iter_1.caffemodel lenet_iter_10000.caffemodel
/usr/bin/python3 program.py > out
grep -Eq '^\(1, 10\) (1\.0|0\.9999)' out || { echo "expected ten probabilities that sum to 1"; exit 1; }
echo "the program of docs/porting.md works"
