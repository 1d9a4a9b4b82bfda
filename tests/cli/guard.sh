#!/bin/sh
# The guard from a user's side: a rate far too high ends with status 1, a report, and the snapshots
# from before, which can be resumed; weights that grow slowly are warned of long before; the watch
# file is written.
#   guard.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

cat > net.prototxt <<'EOT2'
name: "regression"
layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 8 dim: 4 } shape { dim: 8 dim: 2 }
  data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "ip1" type: "InnerProduct" bottom: "x" top: "ip1" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "t" top: "loss" }
EOT2

# solver NAME LINE...
solver() {
    file=$1
    shift
    printf '%s\n' 'net: "net.prototxt"' 'lr_policy: "fixed"' 'random_seed: 3' "$@" > "$file"
}

# ---- a rate far too high, after two iterations with a good one ----
solver hot.prototxt 'lr_policy: "multistep"' 'base_lr: 0.01' 'gamma: 1e6' 'stepvalue: 2' 'max_iter: 50' 'snapshot: 2' 'snapshot_prefix: "hot"'
sed -i '/"fixed"/d' hot.prototxt
run 1 "$lungo" train --solver=hot.prototxt --watch=hot.tsv
says "lungo: iteration " ", lr 10000: " "expected" "the first value that is not finite" "|gradient|" \
    "the last snapshot is hot_iter_" "in TRAIN net 'regression'"
last=$(sed -n 's/.*the last snapshot is \(hot_iter_[0-9]*\).*/\1/p' err)
[ -f "$last.solverstate" ] && [ -f "$last.caffemodel" ] || complain "expected the snapshot $last"
[ "$(ls hot_iter_*.caffemodel | wc -l)" -eq "$(ls hot_iter_*.solverstate | wc -l)" ] || complain "expected whole snapshots"
[ -f hot_iter_50.caffemodel ] && complain "expected no snapshot after the stop"
head -n 1 hot.tsv | grep -q "^iteration	layer	param	weight_norm" || complain "expected a watch file with a header"

# ---- the first snapshot goes on with a better rate, in the same watch file ----
solver cool.prototxt 'base_lr: 0.01' 'max_iter: 12' 'snapshot_prefix: "cool"'
run 0 "$lungo" train --solver=cool.prototxt --snapshot=hot_iter_2.solverstate --watch=hot.tsv
[ "$(wc -l < hot.tsv)" -eq 49 ] || complain "expected 12 iterations of 4 parameters in the watch file, got $(wc -l < hot.tsv) lines"
refused "nothing is overwritten" -- "$lungo" train --solver=cool.prototxt --watch=hot.tsv

# ---- slow growth: every update makes the weights a tenth larger, and no loss holds them ----
sed 's/shape { dim: 8 dim: 2 }/shape { dim: 8 }/; s/EuclideanLoss/SoftmaxWithLoss/' net.prototxt > class.prototxt
solver slow.prototxt 'base_lr: 0.01' 'weight_decay: -10' 'max_iter: 5000' 'snapshot: 100' 'snapshot_prefix: "slow"'
sed -i 's/net.prototxt/class.prototxt/' slow.prototxt
run 1 "$lungo" train --solver=slow.prototxt
says "has grown from a root mean square of"
warned=$(sed -n 's/.*\] iteration \([0-9]*\), lr.*has grown.*/\1/p' err | head -n 1)
stopped=$(sed -n 's/^lungo: iteration \([0-9]*\),.*/\1/p' err)
[ "$warned" -lt $((stopped / 2)) ] || complain "expected a warning long before iteration $stopped, got one at $warned"

# ---- flags ----
run 0 "$lungo" train --solver=hot.prototxt --guard=off
refused "--guard: expected on or off, got 'perhaps'" -- "$lungo" train --solver=cool.prototxt --guard=perhaps
refused "--guard-growth: expected 2 or more, got 1" -- "$lungo" train --solver=cool.prototxt --guard-growth=1

finish "the guard stops, warns and leaves what was good (warned at $warned, stopped at $stopped)"
