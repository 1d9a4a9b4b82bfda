#!/bin/sh
# Bad input from a user's side: each is refused with status 1, with a text that names the fact and
# the place, and leaves no output behind.
#   bad_input.sh BUILD-DIR
set -u
bin=$1/bin
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 2
failures=0

# refused NAME PART... -- COMMAND...: the command ends with 1 and its stderr holds every part.
refused() {
    name=$1
    shift
    : > parts
    while [ "$1" != -- ]; do
        printf '%s\n' "$1" >> parts
        shift
    done
    shift
    "$@" > out 2> err
    status=$?
    [ "$status" -eq 1 ] || complain "$name: expected status 1, got $status"
    [ -s out ] && complain "$name: expected nothing on stdout"
    while IFS= read -r part; do
        grep -qF -e "$part" err || complain "$name: expected '$part' in the error text"
    done < parts
    ls ./*_iter_* > /dev/null 2>&1 && complain "$name: expected no snapshot"
    return 0
}

complain() {
    echo "FAIL $1"
    grep -v '^[IW][0-9]' err | sed 's/^/    /'
    failures=$((failures + 1))
}

# net_file NAME: the prototxt on stdin becomes NAME, with two inputs before it.
net_file() {
    {
        echo 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }'
        echo 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }'
        cat
    } > "$1"
}

# solver_file NAME NET LINE...
solver_file() {
    file=$1 net=$2
    shift 2
    printf 'net: "%s"\nbase_lr: 0.01\nlr_policy: "fixed"\n' "$net" > "$file"
    for line in "$@"; do printf '%s\n' "$line" >> "$file"; done
}

# ---- files ----
refused "a missing net" "absent.prototxt" "No such file" "the current folder, '$work'" -- "$bin/lungo" time --model=absent.prototxt
mkdir folder.prototxt
refused "a net that is a directory" "folder.prototxt" "Is a directory" -- "$bin/lungo" time --model=folder.prototxt
refused "a missing solver" "absent.prototxt" -- "$bin/lungo" train --solver=absent.prototxt
solver_file s.prototxt absent_net.prototxt 'max_iter: 1'
refused "a solver whose net is missing" "absent_net.prototxt" -- "$bin/lungo" train --solver=s.prototxt
refused "no solver" "train: expected --solver=FILE" -- "$bin/lungo" train
refused "a solver without its flag" "'s.prototxt'; a solver is given as --solver=FILE" -- "$bin/lungo" train s.prototxt
echo 'layer { name: "x" }' > n.prototxt
refused "a net for a solver" "unknown field 'layer' in SolverParameter; nets have one" -- "$bin/lungo" train --solver=n.prototxt
refused "a solver for a net" "unknown field 'net' in NetParameter; solvers have one" -- "$bin/lungo" time --model=s.prototxt

cat > n.prototxt <<'EOT'
layer { name: "d" type: "Data" top: "x" data_param { source: "db" batch_size: 1 backend: LMDB } transform_param { mean_file: "mean" } }
EOT
refused "a missing database" "'db': No such file" "convert_imageset" "layer 'd'" -- "$bin/lungo" time --model=n.prototxt
printf '\0\0\010\003\0\0\0\001\0\0\0\001\0\0\0\001x' > images
printf '\0\0\010\001\0\0\0\001\001' > labels
"$bin/convert_mnist_data" images labels db 2> err || complain "convert_mnist_data: expected status 0"
refused "a missing mean file" "'mean': No such file" "compute_image_mean" "layer 'd'" -- "$bin/lungo" time --model=n.prototxt
touch mean
refused "a mean file of nothing" "mean_file 'mean'" "compute_image_mean" "layer 'd'" -- "$bin/lungo" time --model=n.prototxt
sed -i 's/LMDB/LEVELDB/' n.prototxt
refused "a database of the other backend" "expected backend leveldb, got" "layer 'd'" -- "$bin/lungo" time --model=n.prototxt

# ---- definitions ----
net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolutoin" bottom: "x" top: "y" }
EOT
refused "an unknown layer type" "Convolutoin" "Convolution" "'y'" "n.prototxt:3" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolution" bottom: "x" top: "y"
  convolution_param { num_output: 2 kernal_size: 3 } }
EOT
refused "an unknown field" "n.prototxt:4:48" "kernal_size" "kernel_size" "ConvolutionParameter" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "ReLU" bottom: "z" top: "y" }
EOT
refused "a bottom nobody makes" "'z'" "'y'" "n.prototxt:3" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "a" type: "ReLU" bottom: "x" top: "y" }
layer { name: "b" type: "ReLU" bottom: "x" top: "y" }
EOT
refused "a top made twice" "'y'" "n.prototxt:4" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "SoftmaxWithLoss" bottom: "x" top: "y" }
EOT
refused "a wrong bottom count" "layer takes 2 bottoms, got 1" "'y'" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "EuclideanLoss" bottom: "x" bottom: "label" top: "y" }
EOT
refused "shapes that do not fit" "2x3x4x4" "'y'" "EuclideanLoss" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 0 } }
EOT
refused "num_output 0" "num_output" "got 0" "'y'" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 7 pad: 1 } }
EOT
refused "a kernel larger than its padded input" "kernel" "7" "6" "'y'" -- "$bin/lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 6 round_mode: FLOOR } }
EOT
refused "a pooling window larger than its input" "6" "4" "'y'" -- "$bin/lungo" time --model=n.prototxt

# ---- data ----
cat > n.prototxt <<'EOT'
layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 }
  data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "t" top: "loss" }
EOT
refused "a label out of range" "'loss'" "item 0" "expected 0 to 2" "got 3" -- "$bin/lungo" time --model=n.prototxt --iterations=1

cat > n.prototxt <<'EOT'
layer { name: "d" type: "Data" top: "d" data_param { source: "absent_lmdb" backend: LMDB batch_size: 2 } }
EOT
refused "an LMDB that is absent" "absent_lmdb" "'d'" -- "$bin/lungo" time --model=n.prototxt
mkdir empty_lmdb
sed -i 's/absent_lmdb/empty_lmdb/' n.prototxt
refused "an LMDB that is empty" "empty_lmdb" "'d'" -- "$bin/lungo" time --model=n.prototxt

# ---- weights and snapshots ----
cat > a.prototxt <<'EOT'
name: "a"
layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
EOT
sed 's/dim: 2 dim: 3/dim: 2 dim: 5/; s/"a"/"b"/' a.prototxt > b.prototxt
mkdir made
solver_file s.prototxt a.prototxt 'max_iter: 1' 'snapshot_prefix: "made/a"'
"$bin/lungo" train --solver=s.prototxt 2> err || complain "training a small net failed"
refused "weights of another shape" "ip" "4x3" "4x5" -- "$bin/lungo" test --model=b.prototxt --weights=made/a_iter_1.caffemodel --iterations=1
solver_file t.prototxt b.prototxt 'max_iter: 2' 'snapshot_prefix: "made/b"'
refused "a snapshot of another net" "4x3" "4x5" -- "$bin/lungo" train --solver=t.prototxt --snapshot=made/a_iter_1.solverstate
head -c 40 made/a_iter_1.caffemodel > cut.caffemodel
refused "weights that are cut" "cut.caffemodel" -- "$bin/lungo" test --model=a.prototxt --weights=cut.caffemodel --iterations=1
refused "a prototxt as weights" "a.prototxt" -- "$bin/lungo" test --model=a.prototxt --weights=a.prototxt --iterations=1
refused "missing weights" "absent.caffemodel" -- "$bin/lungo" test --model=a.prototxt --weights=absent.caffemodel --iterations=1
refused "a missing snapshot" "absent.solverstate" -- "$bin/lungo" train --solver=s.prototxt --snapshot=absent.solverstate

touch other.solverstate.h5
refused "a snapshot of the other format" "other.solverstate.h5 is there" -- "$bin/lungo" train --solver=s.prototxt --snapshot=other.solverstate

# ---- solvers ----
solver_file s.prototxt a.prototxt
refused "train without max_iter" "max_iter" "in solver s.prototxt" -- "$bin/lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'snapshot: 1' 'snapshot_prefix: "no/such/folder/x"'
refused "an unwritable snapshot_prefix" "no/such/folder/x" -- "$bin/lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'snapshot_prefix: "no/such/folder/x"'
refused "an unwritable prefix of the last snapshot" "no/such/folder/x" "in solver s.prototxt" -- "$bin/lungo" train --solver=s.prototxt
grep -q 'Iteration 0' err && complain "an unwritable snapshot_prefix: expected before training starts"
solver_file s.prototxt a.prototxt 'max_iter: 5' 'type: "Sgd"'
refused "an unknown solver type" "Sgd" "SGD" -- "$bin/lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'weight_decay: 0.1' 'regularization_type: "l2"'
refused "an unknown regularization" "l2" "L2" "L1" "decoupled" -- "$bin/lungo" train --solver=s.prototxt

# ---- the command line ----
refused "an unknown flag" "sover" -- "$bin/lungo" train --sover=s.prototxt
refused "an unknown command" "fly" "train" -- "$bin/lungo" fly
refused "train without a solver" "--solver" -- "$bin/lungo" train
refused "both snapshot and weights" "--snapshot" "--weights" -- "$bin/lungo" train --solver=s.prototxt --snapshot=x --weights=y
refused "test without weights" "--weights" -- "$bin/lungo" test --model=a.prototxt
refused "a number that is none" "iterations" "many" -- "$bin/lungo" time --model=a.prototxt --iterations=many

[ "$failures" -eq 0 ] && echo "bad input is refused" || echo "$failures failed"
[ "$failures" -eq 0 ]
