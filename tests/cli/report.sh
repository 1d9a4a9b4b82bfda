#!/bin/sh
# lungo report: what a folder holds of a run becomes one well-formed page; what is missing is named.
#   report.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
logs=$source/tests/golden/logs

# has PART: the page does.
has() {
    grep -qF -e "$1" page.html || complain "expected '$1' on the page"
}
# page ARGUMENT...: makes page.html, and keeps a copy, which is looked at in the end.
count=0
mkdir pages
page() {
    rm -f page.html
    "$lungo" report "$@" -o page.html 2> err || { complain "report $*: expected status 0"; cat err; }
    count=$((count + 1))
    cp page.html "pages/$count.html"
}

# ---- a classifier: 40 pictures of three classes, tested in 5 batches of 8 ----

python3 - << 'EOT'
import struct
labels = [(7 * i) % 3 for i in range(40)]
with open("images", "wb") as file:
    file.write(struct.pack(">4i", 2051, 40, 6, 5))
    for i, label in enumerate(labels):
        file.write(bytes((61 * label + 17 * i + 5 * j) % 256 for j in range(30)))
with open("labels", "wb") as file:
    file.write(struct.pack(">2i", 2049, 40) + bytes(labels))
EOT
"$bin/convert_mnist_data" --backend=lmdb images labels db 2> log || complain "cannot make a database"
cat > net.prototxt << 'EOT'
name: "a <net> & more"
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.004 }
  data_param { source: "db" batch_size: 8 backend: LMDB } }
layer { name: "<b>fc</b>" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
EOT
mkdir run
cat > run/solver.prototxt << 'EOT'
net: "net.prototxt" test_iter: 5 test_interval: 2 base_lr: 0.02 lr_policy: "fixed" weight_decay: 0.01
display: 1 max_iter: 4 snapshot: 2 snapshot_prefix: "run/w" random_seed: 3
EOT
"$lungo" train --solver=run/solver.prototxt 2> run/train.log || complain "cannot train"
ln -s train.log run/lungo.INFO
printf 'nothing\n' > run/build.log
mkfifo run/pipe.log
printf 'cat\n<i>dog</i>\n' > run/labels.txt
page run
has '<h1>run</h1>'
for section in summary curves metrics classifier net layers memory decay definitions commands found; do
    has "<section id=\"$section\">"
done
has '&lt;b&gt;fc&lt;/b&gt;'
has '&lt;i&gt;dog&lt;/i&gt;'
has 'a &lt;net&gt; &amp; more'
has '<svg'
has 'lungo train --solver=run/solver.prototxt'
has 'run/w_iter_4.caffemodel'
has '<td>accuracy</td><td>test</td>'
has '<td>L2</td>'
has 'forward ms'
grep -q 'class="missing"' page.html && complain "expected nothing to be missing"
grep -c 'curves and metrics' page.html | grep -qx 1 || complain "expected one log: the link is the same"

# What it counts is what lungo test measures: looked at in the end, too.
"$lungo" test --model=net.prototxt --weights=run/w_iter_4.caffemodel --iterations=5 2> log
cp log pages/1.log

# Drawn once; from here on by these, which are faster.
mkdir fast none
for program in dot gnuplot; do
    printf '#!/bin/sh\necho "<svg></svg>"\n' > fast/$program
    chmod +x fast/$program
done
PATH=$work/fast:$PATH

# ---- choices ----

page run --weights=run/w_iter_2.caffemodel
has 'run/w_iter_2.caffemodel'
cp run/w_iter_2.caffemodel run/w_iter_4.caffemodel
page run
has 'Weights: run/w_iter_2.caffemodel'
for pair in '1: 0.25' '2: null' '3: 0.75' '4: 0.5'; do
    echo "{\"iteration\": ${pair%:*}, \"time\": 1, \"phase\": \"test\", \"net\": 0, \"outputs\": {\"score\": ${pair#*: }}}"
done > run/metrics.jsonl
page run
sed 's/ class="n"//g' page.html | grep -qF '<td>score</td><td>test</td><td>0.5</td><td>4</td><td>0.25</td><td>1</td><td>0.75</td><td>3</td>' ||
    complain "expected the last, the least and the most of four scores, one of which is none"
has '<td>metrics.jsonl</td>'
grep -q '<td>train.log</td>' page.html && complain "expected metrics to come before logs"

# ---- more classes than a matrix can show, no pictures, a label that is none ----

mkdir many
cat > many/my_solver.prototxt << 'EOT'
net_param { layer { name: "x" type: "DummyData" top: "x" top: "label" dummy_data_param { shape { dim: 4 dim: 7 } shape { dim: 4 }
    data_filler { type: "gaussian" } data_filler { type: "uniform" min: 0 max: 31 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: 33 weight_filler { type: "gaussian" } } }
  layer { name: "p" type: "Softmax" bottom: "fc" top: "p" }
  layer { name: "a" type: "Accuracy" bottom: "p" bottom: "label" top: "a" include { phase: TEST } }
  layer { name: "end" type: "Silence" bottom: "p" bottom: "label" include { phase: TRAIN } } }
test_iter: 3 test_interval: 5 base_lr: 0.1 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "many/w"
EOT
page many
has 'No good snapshot of the prefix many/w was found'
has 'No log or file of metrics that holds an iteration was found in many'
"$lungo" train --solver=many/my_solver.prototxt 2> log || complain "cannot train"
page many
has 'Most confused'
has 'Of 12 items'

# ---- what is missing ----

mkdir only
cp "$logs/small_shared.log" only/old.log
page only
has 'No solver was found in only'
has 'This needs the solver'
cp run/solver.prototxt only/a_solver.prototxt
cp run/solver.prototxt only/b_solver.prototxt
page only
has '2 files in only may be the solver'
page only --solver=run/solver.prototxt
has '<td>old.log</td>'
mv db gone
page run
has 'The train net could not be run'
has 'The test net could not be run'
mv gone db
sed 's/type: "SoftmaxWithLoss" bottom: "fc" bottom: "label"/type: "EuclideanLoss" bottom: "fc" bottom: "fc"/; /Accuracy/d' net.prototxt > other.prototxt
mkdir other
sed 's/net.prototxt/other.prototxt/' run/solver.prototxt > other/solver.prototxt
page other
has 'The test net is no classifier'
sed 's/test_iter: 5 test_interval: 2//' run/solver.prototxt > other/solver.prototxt
page other
has 'The solver has no test net'
echo 'base_lr: none' > other/solver.prototxt
page other
has 'The solver other/solver.prototxt could not be opened'
has 'other/solver.prototxt:1:'

mkdir null
echo '{"iteration": 5, "time": 1, "phase": "train", "lr": null, "loss": null, "outputs": {}}' > null/metrics.jsonl
page null
has 'No run has values that can be drawn'

# Neither graphviz nor gnuplot.
PATH=$work/none "$lungo" report run -o page.html 2> err || complain "expected a page without drawings"
has 'install the Debian package graphviz'
has 'install the Debian package gnuplot-nox'

# ---- a net that writes a file leaves it alone ----

mkdir writes
cat > writes/solver.prototxt << 'EOT'
net_param { layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 4 dim: 7 } } }
  layer { name: "out" type: "HDF5Output" bottom: "x" bottom: "x" hdf5_output_param { file_name: "kept.h5" } } }
base_lr: 0.1 lr_policy: "fixed" max_iter: 1
EOT
echo precious > kept.h5
page writes
grep -qx precious kept.h5 || complain "expected kept.h5 to be left alone"

# ---- errors ----

rm page.html
refused "expected one folder" -- "$lungo" report -o a.html
refused "cannot read the folder 'absent'" -- "$lungo" report absent -o a.html
refused "expected a solver (solver.prototxt)" -- "$lungo" report none -o a.html
refused "ends in .html, got 'a.pdf'" -- "$lungo" report run -o a.pdf
refused "cannot write 'absent/a.html'" -- "$lungo" report run -o absent/a.html
refused "absent.prototxt" -- "$lungo" report run --solver=absent.prototxt -o a.html
refused "cannot read 'absent.caffemodel'" -- "$lungo" report run --weights=absent.caffemodel -o a.html
ls | grep -q '^a\.' && complain "expected no file after a failure"

"$source/tests/cli/report_page.py" pages/*.html || complain "expected pages that need nothing beside them"

finish "reports show what runs left"
