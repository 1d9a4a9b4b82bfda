#!/bin/sh
# A Caffe checkout after tools/caffe_links: shell scripts that are written as Caffe's are, data set and
# training, work unchanged; `caffe` is lungo. A build/ of Caffe's own is left alone.
#   caffe_links.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
links=$source/tools/caffe_links

# ---- a checkout ----
mkdir -p checkout/examples/mnist checkout/data
refused "expected a Caffe checkout" -- "$links" . "$bin"
refused "no lungo in $work" -- "$links" checkout "$work"
refused "no folder none" -- "$links" checkout none
refused "got 0 words" -- "$links"
[ -e checkout/build ] && complain "after errors: expected no build/"
mkdir checkout/build
refused "move it away first" -- "$links" checkout "$bin"
rmdir checkout/build
# As it stands in the source tree, where tools/lungo is a folder, and installed.
mkdir -p tree/tools/lungo tree/build installed
cp "$links" tree/tools
cp "$links" installed
ln -s "$bin" tree/build/bin
ln -s "$lungo" installed
for place in tree/tools installed; do
    "$place/caffe_links" checkout > out || complain "$place: expected status 0"
    checkout/build/tools/caffe --version > out 2>&1 || complain "$place: expected its programs to be found"
done
"$links" checkout "$bin" > out || complain "with a folder of programs: expected status 0"
cd checkout || exit 2
for link in build/tools/* build/examples/mnist build/examples/cifar10; do
    [ -x "$link" ] || complain "$link leads nowhere"
done
for program in $(companions); do
    name=build/tools/$program
    [ -x "$name" ] || complain "expected $name"
    [ -x "$name.bin" ] || complain "expected $name.bin"
done

# ---- MNIST's forms with 20 items of 2x2, as its scripts handle them ----
printf '\000\000\010\003\000\000\000\024\000\000\000\002\000\000\000\002' > data/images
printf '%080d' 0 | tr 0 'x' >> data/images
printf '\000\000\010\001\000\000\000\024' > data/labels
printf '%020d' 0 | tr 0 '\001' >> data/labels
cat > examples/mnist/create.sh <<'EOT2'
#!/usr/bin/env sh
set -e
BUILD=build/examples/mnist
rm -rf examples/mnist/train_lmdb
$BUILD/convert_mnist_data.bin data/images data/labels examples/mnist/train_lmdb --backend=lmdb
./build/tools/compute_image_mean -backend=lmdb examples/mnist/train_lmdb examples/mnist/mean.binaryproto
EOT2
cat > examples/mnist/train.sh <<'EOT2'
#!/usr/bin/env sh
set -e
TOOLS=./build/tools
$TOOLS/caffe train --solver=examples/mnist/solver.prototxt $@
$TOOLS/caffe.bin train --solver=examples/mnist/solver_lr1.prototxt --snapshot=examples/mnist/net_iter_4.solverstate $@
EOT2
cat > examples/mnist/net.prototxt <<'EOT2'
layer { name: "d" type: "Data" top: "data" top: "label" transform_param { mean_file: "examples/mnist/mean.binaryproto" }
        data_param { source: "examples/mnist/train_lmdb" batch_size: 5 backend: LMDB } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
EOT2
cat > examples/mnist/solver.prototxt <<'EOT2'
net: "examples/mnist/net.prototxt" base_lr: 0.01 lr_policy: "fixed" display: 2 max_iter: 4
snapshot_prefix: "examples/mnist/net" solver_mode: GPU
EOT2
sed 's/max_iter: 4/max_iter: 6/; s/0.01/0.001/' examples/mnist/solver.prototxt > examples/mnist/solver_lr1.prototxt
sh examples/mnist/create.sh 2> err || complain "create.sh: expected status 0"
sh examples/mnist/train.sh --gpu=0,1 2> err || complain "train.sh: expected status 0"
[ -s examples/mnist/net_iter_6.caffemodel ] || complain "train.sh: expected a snapshot of iteration 6"
grep -q "^W.*--gpu=0,1: .* multiply batch_size" err || complain "two GPUs: expected a warning about the batch"

# ---- the command's name ----
"$lungo" train --help > expected
build/tools/caffe train --help | cmp -s - expected || complain "caffe train --help: expected lungo's"
ln -s "$lungo" caffe
PATH=$PWD:$PATH caffe device_query > out 2>&1 || complain "caffe in PATH: expected status 0"
refused "unknown command 'trian'; did you mean 'train'?" -- env PATH="$PWD:$PATH" caffe trian

finish "scripts for Caffe work"
