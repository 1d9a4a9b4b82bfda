#!/bin/sh
# Snapshots from a user's side: how many are kept, the best one, going on from the newest good one
# after damage, and what is said when none can be written.
#   snapshots.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# there FILES: these files of the prefix are there, and no others.
there() {
    [ "$(echo run_*)" = "$1" ] || complain "expected $1, got $(echo run_*)"
}

# limited FLAG...: with a quota of 512 bytes a file, which the log must not meet.
limited() {
    (ulimit -f 1; "$lungo" train --solver=solver.prototxt --snapshot=auto "$@" 2>&1; echo "status $?") | cat > err
}

# train STATUS FLAG...
train() {
    expected=$1
    shift
    run "$expected" "$lungo" train --solver=solver.prototxt "$@"
}

cat > net.prototxt <<'EOT'
layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 dim: 400 } } }
layer { name: "x" type: "DummyData" top: "t" dummy_data_param { shape { dim: 1 dim: 400 } data_filler { value: 1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "w" bottom: "t" top: "loss" }
EOT
cat > solver.prototxt <<'EOT'
net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 8 snapshot: 2 snapshot_prefix: "run"
test_iter: 1 test_interval: 4
EOT

# ---- no snapshot yet: weights are for a fresh start ----
train 0 --snapshot=auto --keep-snapshots=2 --keep-best=loss
says "No good snapshot of prefix 'run': training starts afresh" "Removed snapshot run_iter_4.solverstate" "Best loss so far"
there "run_best.caffemodel run_best.solverstate run_iter_6.caffemodel run_iter_6.solverstate run_iter_8.caffemodel run_iter_8.solverstate"

# ---- the newest is damaged, and a killed run left something ----
printf 'x' | dd of=run_iter_8.caffemodel bs=1 seek=100 conv=notrunc 2> /dev/null
: > run_iter_8.solverstate.tmp.aB3dE6
rm run_best.solverstate
sed -i 's/max_iter: 8/max_iter: 10/' solver.prototxt
train 0 --snapshot=auto --weights=absent.caffemodel
says "weights 'run_iter_8.caffemodel' are damaged or not those that were saved with" "snapshot run_iter_8.solverstate is passed over" \
    "Resuming from run_iter_6.solverstate" "Removed run_iter_8.solverstate.tmp.aB3dE6, left over from a run that was killed"
[ -f run_iter_10.solverstate ] || complain "expected run_iter_10"

# ---- a damaged one that is named ----
dd if=/dev/null of=run_iter_10.solverstate bs=1 seek=500 2> /dev/null
train 1 --snapshot=run_iter_10.solverstate
says "run_iter_10.solverstate" "while restoring run_iter_10.solverstate"

# ---- a quota: training goes on to its end, which cannot be saved ----
rm run_*
train 0 --snapshot=auto
rm run_iter_[468]* run_iter_10*
limited
says "status 1" "Resuming from run_iter_2.solverstate" "cannot write 'run_iter_4.caffemodel': File too large" "the newest good snapshot is run_iter_2.solverstate" \
    "no snapshot of iteration 8; training goes on" "cannot write 'run_iter_10.caffemodel'"
there "run_iter_2.caffemodel run_iter_2.solverstate"
limited --snapshot-errors=stop
says "status 1" "cannot write 'run_iter_4.caffemodel': File too large" "in iteration 4"

# ---- flags ----
train 1 --snapshot-errors=ignore
says "--snapshot-errors: expected stop or warn, got 'ignore'"
train 1 --keep-snapshots=-1
says "--keep-snapshots: expected 0 (all) or more, got -1"
train 1 --keep-best=accuracy
says "keep_best: expected an output of a test net (loss), got 'accuracy'"

finish "snapshots are kept, found and missed as they should be"
