#!/bin/sh
# LeNet on Fashion-MNIST against real Caffe's run, from the IDX files on: the databases hold what
# Caffe's converter writes, four trainings follow Caffe's, Caffe's own weights score as in Caffe, and
# testing and timing log what Caffe logs. Without Debian's package dataset-fashion-mnist it ends with
# 77: skipped.
#   lenet.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
set -e
images=/usr/share/datasets/fashion-mnist
golden=$source/tests/golden/lenet_fashion
if [ ! -f "$images/train-images-idx3-ubyte.gz" ]; then
    echo "skipped: the package dataset-fashion-mnist is not installed"
    exit 77
fi
export GLOG_minloglevel=1
# The envelope is of runs with Haswell's and five other kernels of OpenBLAS; on a newer processor it may take others.
export OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-Haswell}"
# Sums are split by threads: other numbers of them round otherwise.
export OMP_NUM_THREADS=2

"$bin/convert_mnist_data" "$images/train-images-idx3-ubyte.gz" "$images/train-labels-idx1-ubyte.gz" fashion_train_lmdb
"$bin/convert_mnist_data" "$images/t10k-images-idx3-ubyte.gz" "$images/t10k-labels-idx1-ubyte.gz" fashion_test_lmdb

cp "$golden/net.prototxt" "$golden/sgd_l2/final.caffemodel" .
GLOG_minloglevel=0 "$lungo" test --model=net.prototxt --weights=final.caffemodel --iterations=100 2> log
correct=$(sed -n 's/.*\] accuracy = \([0-9.]*\).*/\1/p' log | awk '{ printf "%.0f", 10000 * $1 }')
echo "real Caffe's weights: $correct of 10000 images right, in real Caffe 8055"
[ "$correct" -ge 8052 ] && [ "$correct" -le 8058 ]

GLOG_minloglevel=0 "$source/tests/cli/logs.py" "$build" "$golden"/logs/*.log

"$bin/golden_lenet" . "$golden/sgd_l2" "$golden/sgd_l1" "$golden/adam_l2" "$golden/sgd_decay0bias"
# Where the build has oneDNN: in its own rounding.
"$lungo" time --model=net.prototxt --engine=onednn --iterations=1 2> log || grep -q "has no oneDNN" log
grep -q "has no oneDNN" log || "$bin/golden_lenet" --engine=onednn . "$golden/sgd_l2"

# The same solver in float and in bfloat16, where the processor has it: they learn as much.
cat > short.prototxt <<'EOT'
net: "net.prototxt" base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "fixed"
max_iter: 200 test_iter: 20 test_interval: 200 random_seed: 7 snapshot_prefix: "short"
EOT
# accuracy_in PRECISION: of 2000 test images, as a part of 10000
accuracy_in() {
    GLOG_minloglevel=0 "$lungo" train --solver=short.prototxt --precision="$1" 2> log || return 1
    sed -n 's/.*accuracy = \([0-9.]*\).*/\1/p' log | tail -n 1 | awk '{ printf "%.0f", 10000 * $1 }'
}
if "$lungo" time --model=net.prototxt --precision=bf16 --iterations=1 2> log; then
    floats=$(accuracy_in float)
    narrow=$(accuracy_in bf16)
    echo "200 iterations: $floats of 10000 in float, $narrow in bf16"
    [ "$narrow" -ge $((floats - 250)) ] && [ "$floats" -ge 5000 ]
else
    grep "precision bf16: " log
fi
