#!/bin/sh
# A training that is stopped by signals, at whatever moment they come, and resumed, is the training
# that was not stopped: weights, state and watch file to the last byte, metrics and log but for times.
# Of the logs are compared the lines of training: those of the run that was stopped up to the
# snapshot, then those of the run that was resumed; less rates, notes of Lungo's own and lines of
# snapshots.
#   resume.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# ---- six pictures, as a database and as a list ----
for i in 1 2 3 4 5 6; do
    printf 'P2 5 5 255\n' > p$i.pgm
    awk -v i=$i 'BEGIN { for (k = 0; k < 25; k++) print (37 * i + 11 * k * i) % 256 }' >> p$i.pgm
    echo "p$i.pgm $((i % 3))" >> list
done
"$bin/convert_imageset" --gray --backend=lmdb ./ list records 2> convert || { cat convert; exit 1; }

cat > net.prototxt <<'EOT'
name: "small"
layer { name: "data" type: "Data" top: "x" top: "l" include { phase: TRAIN } transform_param { crop_size: 4 mirror: true scale: 0.01 }
  data_param { source: "../records" backend: LMDB batch_size: 4 shuffle: true reader_threads: 2 } }
layer { name: "test" type: "ImageData" top: "x" top: "l" include { phase: TEST } transform_param { crop_size: 4 scale: 0.01 }
  image_data_param { source: "../list" root_folder: "../" is_color: false batch_size: 5 shuffle: true } }
layer { name: "ip1" type: "InnerProduct" bottom: "x" top: "ip1" inner_product_param { num_output: 8 weight_filler { type: "xavier" } } }
layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "l" top: "loss" }
EOT
cat > solver.prototxt <<'EOT'
net: "../net.prototxt"
lr_policy: "step" gamma: 0.5 stepsize: 1000 base_lr: 0.01 momentum: 0.9 weight_decay: 0.001
display: 10 average_loss: 20 test_iter: 30 test_interval: 20 max_iter: 3000 random_seed: 5
snapshot_prefix: "s"
EOT
sed 's/random_seed: 5/random_seed: 6/' solver.prototxt > other_seed.prototxt

# lines LOG: of training, without times, rates and what is said of snapshots and stops.
lines() {
    sed -nE 's/^([IWE])[0-9]+ [0-9:.]+ +[0-9]+ ([a-z_]+\.c[a-z]*):[0-9]+\] /\1 \2 /p' "$1" |
        sed -E 's/ \([^ ]+ iter\/s, [^)]*\)//' |
        sed '1,/ Starting Optimization$/d' |
        grep -vE '^I lungo\.c |Snapshotting|^I solver\.cpp (Solving|Learning Rate Policy)'
}

# until ITER LOG: those lines up to the snapshot after iteration ITER; a test that it interrupted
# begins anew in the run that is resumed.
until_snapshot() {
    sed "/Snapshotting solver state to binary proto file s_iter_$1\.solverstate/,\$d" "$2" > cut
    lines cut | sed "/ Iteration $1, Testing net/,\$d"
}

# train FOLDER FLAG...: in the background; $! is its process.
train() {
    folder=$1
    shift
    cd "$folder" || exit 2
    "$lungo" train --watch=watch.tsv --metrics=metrics.jsonl "$@" 2>> log &
    cd .. || exit 2
}

# metrics FOLDER: without times.
metrics() {
    sed -E 's/ "time": [0-9.]+,//' "$1/metrics.jsonl" > "$1/metrics"
}

# wait_for FOLDER TEXT: until the log has it.
wait_for() {
    until grep -q "$2" "$1/log" 2> /dev/null; do sleep 0.01; done
}

mkdir whole
train whole --solver=../solver.prototxt
wait $! || complain "the run that is not stopped: $(tail -n 3 whole/log)"
lines whole/log > whole/lines
metrics whole

# check NAME: folder NAME holds a run that was stopped; it is resumed with another seed.
check() {
    state=$(ls -t "$1"/s_iter_*.solverstate | head -n 1)
    iter=$(echo "$state" | sed -E 's/.*s_iter_([0-9]+)\..*/\1/')
    [ "$iter" -lt 3000 ] || echo "note: $1 came too late to stop anything"
    until_snapshot "$iter" "$1/log" > "$1/lines"
    rm "$1/log"
    train "$1" --solver=../other_seed.prototxt --snapshot="${state#"$1/"}"
    wait $! || complain "$1: resuming from iteration $iter: $(tail -n 3 "$1/log")"
    lines "$1/log" >> "$1/lines"
    metrics "$1"
    for file in lines metrics watch.tsv s_iter_3000.caffemodel s_iter_3000.solverstate; do
        cmp "whole/$file" "$1/$file" || complain "$1: $file of the run resumed from iteration $iter"
    done
    echo "$1: resumed from iteration $iter"
}

for signal in INT TERM; do
    mkdir $signal
    train $signal --solver=../solver.prototxt
    wait_for $signal "Iteration 60,"
    kill -$signal $!
    wait $! || complain "$signal: $(tail -n 3 $signal/log)"
    check $signal
done

mkdir HUP
train HUP --solver=../solver.prototxt
wait_for HUP "Iteration 40, Testing net"
kill -HUP $!
wait_for HUP "Snapshotting solver state to"
sleep 0.05
kill -KILL $! 2> /dev/null
wait $! 2> /dev/null
rm -f HUP/s_iter_3000.*
check HUP

finish "trainings that are stopped and resumed are those that were not"
