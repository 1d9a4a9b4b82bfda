#!/bin/sh
# The program of docs/embedding.md is built and run as it stands there, as C and as C++.
#   embedding.sh SOURCE-DIR BUILD-DIR EXTRA-FLAGS...
set -eu
source=$1
build=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/docs/embedding.md" > "$work/program.c"
[ -s "$work/program.c" ] || { echo "docs/embedding.md holds no program"; exit 1; }

cat > "$work/solver.prototxt" <<EOT
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

for language in "c -std=c11" "c++ -std=c++17"; do
    # shellcheck disable=SC2086
    cc -x $language -Wall -Wextra -Werror -I "$source/include" -c "$work/program.c" -o "$work/program.o"
    # shellcheck disable=SC2046
    cc "$work/program.o" $(PKG_CONFIG_PATH=$build pkg-config --libs lungo) "$@" -o "$work/program"
    (cd "$work" && ./program "$source/models/lenet/deploy.prototxt" solver.prototxt) > "$work/output"
    grep -q '^prob\[9\] = 0.1' "$work/output" || { cat "$work/output"; echo "expected ten probabilities"; exit 1; }
    grep -q 'after 10 iterations$' "$work/output" || { cat "$work/output"; echo "expected 10 iterations"; exit 1; }
done
echo "docs/embedding.md builds and runs as C and as C++"
