#!/bin/sh
# Bad input from a user's side: each is refused with status 1, with a text that names the fact and
# the place, and leaves no output behind.
#   bad_input.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# refuses NAME PART... -- COMMAND...: it is refused, and no snapshot is written.
refuses() {
    about=$1
    shift
    refused "$@"
    ls ./*_iter_* > /dev/null 2>&1 && complain "expected no snapshot"
    about=
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
    printf '%s\n' "net: \"$net\"" 'base_lr: 0.01' 'lr_policy: "fixed"' "$@" > "$file"
}

# ---- files ----
refuses "a missing net" "absent.prototxt" "No such file" "the current folder, '$work'" -- "$lungo" time --model=absent.prototxt
mkdir folder.prototxt
refuses "a net that is a directory" "folder.prototxt" "Is a directory" -- "$lungo" time --model=folder.prototxt
refuses "a missing solver" "absent.prototxt" -- "$lungo" train --solver=absent.prototxt
solver_file s.prototxt absent_net.prototxt 'max_iter: 1'
refuses "a solver whose net is missing" "absent_net.prototxt" -- "$lungo" train --solver=s.prototxt
refuses "no solver" "train: expected --solver=FILE" -- "$lungo" train
refuses "a solver without its flag" "'s.prototxt'; a solver is given as --solver=FILE" -- "$lungo" train s.prototxt
echo 'layer { name: "x" }' > n.prototxt
refuses "a net for a solver" "unknown field 'layer' in SolverParameter; nets have one" -- "$lungo" train --solver=n.prototxt
refuses "a solver for a net" "unknown field 'net' in NetParameter; solvers have one" -- "$lungo" time --model=s.prototxt

cat > n.prototxt <<'EOT'
layer { name: "d" type: "Data" top: "x" data_param { source: "db" batch_size: 1 backend: LMDB } transform_param { mean_file: "mean" } }
EOT
refuses "a missing database" "'db': No such file" "convert_imageset" "layer 'd'" -- "$lungo" time --model=n.prototxt
printf '\0\0\010\003\0\0\0\001\0\0\0\001\0\0\0\001x' > images
printf '\0\0\010\001\0\0\0\001\001' > labels
"$bin/convert_mnist_data" images labels db 2> err || complain "convert_mnist_data: expected status 0"
refuses "a missing mean file" "'mean': No such file" "compute_image_mean" "layer 'd'" -- "$lungo" time --model=n.prototxt
touch mean
refuses "a mean file of nothing" "mean_file 'mean'" "compute_image_mean" "layer 'd'" -- "$lungo" time --model=n.prototxt
sed -i 's/LMDB/LEVELDB/' n.prototxt
refuses "a database of the other backend" "expected backend leveldb, got" "layer 'd'" -- "$lungo" time --model=n.prototxt

# ---- definitions ----
net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolutoin" bottom: "x" top: "y" }
EOT
refuses "an unknown layer type" "Convolutoin" "Convolution" "'y'" "n.prototxt:3" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolution" bottom: "x" top: "y"
  convolution_param { num_output: 2 kernal_size: 3 } }
EOT
refuses "an unknown field" "n.prototxt:4:48" "kernal_size" "kernel_size" "ConvolutionParameter" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "ReLU" bottom: "z" top: "y" }
EOT
refuses "a bottom nobody makes" "'z'" "'y'" "n.prototxt:3" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "a" type: "ReLU" bottom: "x" top: "y" }
layer { name: "b" type: "ReLU" bottom: "x" top: "y" }
EOT
refuses "a top made twice" "'y'" "n.prototxt:4" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "SoftmaxWithLoss" bottom: "x" top: "y" }
EOT
refuses "a wrong bottom count" "layer takes 2 bottoms, got 1" "'y'" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "EuclideanLoss" bottom: "x" bottom: "label" top: "y" }
EOT
refuses "shapes that do not fit" "2x3x4x4" "'y'" "EuclideanLoss" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 0 } }
EOT
refuses "num_output 0" "num_output" "got 0" "'y'" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 7 pad: 1 } }
EOT
refuses "a kernel larger than its padded input" "kernel" "7" "6" "'y'" -- "$lungo" time --model=n.prototxt

net_file n.prototxt <<'EOT'
layer { name: "y" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 6 round_mode: FLOOR } }
EOT
refuses "a pooling window larger than its input" "6" "4" "'y'" -- "$lungo" time --model=n.prototxt

# ---- data ----
cat > n.prototxt <<'EOT'
layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 }
  data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "t" top: "loss" }
EOT
refuses "a label out of range" "'loss'" "item 0" "expected 0 to 2" "got 3" -- "$lungo" time --model=n.prototxt --iterations=1

cat > n.prototxt <<'EOT'
layer { name: "d" type: "Data" top: "d" data_param { source: "absent_lmdb" backend: LMDB batch_size: 2 } }
EOT
refuses "an LMDB that is absent" "absent_lmdb" "'d'" -- "$lungo" time --model=n.prototxt
mkdir empty_lmdb
sed -i 's/absent_lmdb/empty_lmdb/' n.prototxt
refuses "an LMDB that is empty" "empty_lmdb" "'d'" -- "$lungo" time --model=n.prototxt

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
"$lungo" train --solver=s.prototxt 2> err || complain "training a small net failed"
refuses "weights of another shape" "ip" "4x3" "4x5" -- "$lungo" test --model=b.prototxt --weights=made/a_iter_1.caffemodel --iterations=1
solver_file t.prototxt b.prototxt 'max_iter: 2' 'snapshot_prefix: "made/b"'
refuses "a snapshot of another net" "4x3" "4x5" -- "$lungo" train --solver=t.prototxt --snapshot=made/a_iter_1.solverstate
head -c 40 made/a_iter_1.caffemodel > cut.caffemodel
refuses "weights that are cut" "cut.caffemodel" -- "$lungo" test --model=a.prototxt --weights=cut.caffemodel --iterations=1
refuses "a prototxt as weights" "a.prototxt" -- "$lungo" test --model=a.prototxt --weights=a.prototxt --iterations=1
refuses "missing weights" "absent.caffemodel" -- "$lungo" test --model=a.prototxt --weights=absent.caffemodel --iterations=1
refuses "a missing snapshot" "absent.solverstate" -- "$lungo" train --solver=s.prototxt --snapshot=absent.solverstate

touch other.solverstate.h5
refuses "a snapshot of the other format" "other.solverstate.h5 is there" -- "$lungo" train --solver=s.prototxt --snapshot=other.solverstate

# ---- solvers ----
solver_file s.prototxt a.prototxt
refuses "train without max_iter" "max_iter" "in solver s.prototxt" -- "$lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'snapshot: 1' 'snapshot_prefix: "no/such/folder/x"'
refuses "an unwritable snapshot_prefix" "no/such/folder/x" -- "$lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'snapshot_prefix: "no/such/folder/x"'
refuses "an unwritable prefix of the last snapshot" "no/such/folder/x" "in solver s.prototxt" -- "$lungo" train --solver=s.prototxt
grep -q 'Iteration 0' err && complain "an unwritable snapshot_prefix: expected before training starts"
solver_file s.prototxt a.prototxt 'max_iter: 5' 'type: "Sgd"'
refuses "an unknown solver type" "Sgd" "SGD" -- "$lungo" train --solver=s.prototxt
solver_file s.prototxt a.prototxt 'max_iter: 5' 'weight_decay: 0.1' 'regularization_type: "l2"'
refuses "an unknown regularization" "l2" "L2" "L1" "decoupled" -- "$lungo" train --solver=s.prototxt

# ---- the command line ----
refuses "an unknown flag" "sover" -- "$lungo" train --sover=s.prototxt
refuses "an unknown command" "fly" "train" -- "$lungo" fly
refuses "train without a solver" "--solver" -- "$lungo" train
refuses "both snapshot and weights" "--snapshot" "--weights" -- "$lungo" train --solver=s.prototxt --snapshot=x --weights=y
refuses "test without weights" "--weights" -- "$lungo" test --model=a.prototxt
refuses "a number that is none" "iterations" "many" -- "$lungo" time --model=a.prototxt --iterations=many

finish "bad input is refused"
