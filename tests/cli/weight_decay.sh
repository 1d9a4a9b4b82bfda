#!/bin/sh
# Every prototxt of docs/weight-decay.md opens, and the table shown there is what `lungo decay` prints.
#   weight_decay.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
set -e
page=$source/docs/weight-decay.md
cp "$source/models/lenet/bench.prototxt" train_test.prototxt

# block-N.prototxt, in the page's order; and the table.
awk '/^```prototxt$/ { inside = 1; name = sprintf("block-%02d.prototxt", ++count); next }
     /^```$/ { inside = 0 }
     inside { print > name }' "$page"
blocks text weight-decay.md > expected-table

# A layer's block becomes a net behind an input, and its biases must not decay.
solvers=0
layers=0
for block in block-*.prototxt; do
    case $(head -c 5 "$block") in
    layer)
        { echo 'layer { name: "in" type: "DummyData" top: "data" dummy_data_param { shape { dim: 2 dim: 9 } } }'
          cat "$block"; } > net.prototxt
        printf 'net: "net.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\nweight_decay: 0.5\n' > solver.prototxt
        "$lungo" decay --solver=solver.prototxt > table
        for row in '0 .* L2 ' '1 .* none '; do
            grep -q "^ip1 *$row" table || give_up "$block: expected '$row', got $(cat table)"
        done
        layers=$((layers + 1)) ;;
    *)
        "$lungo" decay --solver="$block" > "table-$block" 2> err || give_up "$block is refused: $(cat "$block")"
        solvers=$((solvers + 1)) ;;
    esac
done
[ "$solvers $layers" = "7 1" ] || give_up "expected 7 solvers and 1 layer, got $solvers and $layers"

cat table-block-*.prototxt | grep -q 'decoupled NONE AFTER_UPDATE' || give_up "expected Hinton's decay"
adamw=$(grep -l 'adam_delta' block-*.prototxt | head -n 1)
diff expected-table "table-$adamw" || give_up "the table of docs/weight-decay.md is not what lungo decay prints"
finish "docs/weight-decay.md says what lungo does"
