# Sourced by embedding.sh and install.sh: the program of docs/embedding.md and what it is called with.
# shellcheck shell=sh

# embedded_program: makes program.c and solver.prototxt here.
embedded_program() {
    blocks c embedding.md > program.c
    [ -s program.c ] || give_up "docs/embedding.md holds no program"
    cat > solver.prototxt <<'EOT'
net_param {
  layer { name: "x" type: "DummyData" top: "x" top: "t"
    dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
      data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
  layer { name: "y" type: "InnerProduct" bottom: "x" top: "y"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
}
base_lr: 0.1
lr_policy: "fixed"
EOT
}

# embedded_works PROGRAM DEPLOY: it does what the page says.
embedded_works() {
    "$1" "$2" solver.prototxt > output
    grep -q '^prob\[9\] = 0.1' output || give_up "$1: expected ten probabilities, got $(cat output)"
    grep -q 'after 10 iterations$' output || give_up "$1: expected 10 iterations, got $(cat output)"
}
