# Sourced by embedding.sh and install.sh: the program of docs/embedding.md and what it is called with.
# shellcheck shell=sh

# embedded_program SOURCE-DIR: makes program.c and solver.prototxt here.
embedded_program() {
    awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$1/docs/embedding.md" > program.c
    [ -s program.c ] || { echo "docs/embedding.md holds no program"; exit 1; }
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
    grep -q '^prob\[9\] = 0.1' output || { cat output; echo "$1: expected ten probabilities"; exit 1; }
    grep -q 'after 10 iterations$' output || { cat output; echo "$1: expected 10 iterations"; exit 1; }
}
