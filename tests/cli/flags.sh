#!/bin/sh
# Flags in every form that gflags takes, and what the tool says of itself.
#   flags.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

cat > net.prototxt <<'EOT'
name: "flags"
layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } include { min_level: 0 } }
layer { name: "deep" type: "ReLU" bottom: "x" top: "y" include { min_level: 2 stage: "a" stage: "b" } }
EOT

# passes PART -- ARGUMENT...: status 0, and the part is in what is printed.
passes() {
    part=$1
    shift 2
    "$lungo" "$@" > out 2>&1 || complain "$*: expected status 0, got $?"
    grep -qF -e "$part" out || complain "$*: expected '$part'"
}

passes "Testing for 3 iterations." -- time --model=net.prototxt --iterations=3
passes "Testing for 3 iterations." -- time -model net.prototxt -iterations 3
passes "Testing for 3 iterations." -- time -model=net.prototxt --iterations 3
passes "Testing for 3 iterations." -- --iterations=3 time --model net.prototxt
passes "Testing for 10 iterations." -- time --model=net.prototxt --iterations=010
passes "Testing for 16 iterations." -- time --model=net.prototxt --iterations=0x10
passes "--sighup_effect has no effect on 'time'" -- time --model=net.prototxt --sighup-effect=stop
passes "Testing for 3 iterations." -- time --model=net.prototxt --iterations=3 --v=1 --stderrthreshold=0 --logtostderr --noalsologtostderr
passes "--log_dir has no effect" -- time --model=net.prototxt --log_dir=.
passes "Testing for 50 iterations." -- time --model=net.prototxt
passes "Creating Layer deep" -- time --model=net.prototxt --level=2 --stage=a,b
passes "Use CPU." -- time --model=net.prototxt --gpu=0
passes "Plan: 1 layers in 1 steps" -- time --model=net.prototxt --log-plan --engine=blas
passes "layer: DummyData" -- time --model=net.prototxt --log-plan --engine=reference
passes "layer: DummyData" -- time --model=net.prototxt --log-plan --precision=float
printf 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 16 dim: 8 dim: 8 } } }
layer { name: "y" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 16 kernel_size: 3 } }
' > wide.prototxt
"$lungo" time --model=wide.prototxt --log-plan 2>&1 | grep -q "oneDNN: " && passes "Laying out weights anew after an update: " -- time --model=wide.prototxt
passes "Memory: each blob has its own" -- time --model=net.prototxt --memory
printf 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 6 } } }
layer { name: "a" type: "TanH" bottom: "x" top: "a" }
layer { name: "b" type: "TanH" bottom: "a" top: "b" }
layer { name: "c" type: "TanH" bottom: "b" top: "c" }
layer { name: "y" type: "TanH" bottom: "c" top: "y" }
' > chain.prototxt
passes "80.0 % of the" -- time --model=chain.prototxt --phase=TEST --memory
(echo "force_backward: true"; cat chain.prototxt) > forced.prototxt
passes "90.0 % of the" -- time --model=forced.prototxt --memory
passes "Peak memory of the process" -- time --model=chain.prototxt --phase=TEST --memory
# Its own, not that of the program that starts it.
python3 - "$lungo" <<'EOT' || complain "expected the peak to be the process's own"
import re, subprocess, sys
peak = r"Peak memory of the process: ([0-9.]+)"
command = [sys.argv[1], "time", "--model=chain.prototxt", "--phase=TEST", "--memory", "--iterations=1"]
alone = float(re.search(peak, subprocess.run(command, capture_output=True, text=True).stderr)[1])
large = bytearray(b"x") * (400 << 20)
beside = float(re.search(peak, subprocess.run(command, capture_output=True, text=True).stderr)[1])
sys.exit(beside > alone + 100)
EOT
passes "this build computes on the CPU" -- time --model=net.prototxt --gpu=all
passes "--snapshot has no effect on 'time'" -- time --model=net.prototxt --snapshot=x
passes "Querying GPUs" -- device_query
passes "Matrix products: OpenBLAS" -- device_query
passes "InnerProduct" -- layers
passes "num_output" -- layers InnerProduct
printf 'net: "net.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\n' > solver.prototxt
passes "shrinks by" -- decay --solver=solver.prototxt
passes "compatible with caffe version 1.0.0" -- --version
passes "commands:" -- --help
passes "commands:" -- -help
passes "commands:" --

"$lungo" time --model=net.prototxt 2>&1 | grep -q "Creating Layer deep" && complain "expected no layer of level 2"
[ -z "$("$lungo" time --model=net.prototxt --minloglevel=1 2>&1)" ] || complain "expected --minloglevel=1 to drop the lines"
[ -z "$(GLOG_minloglevel=2 "$lungo" time --model=net.prototxt --gpu=0 2>&1)" ] || complain "expected GLOG_minloglevel=2 to drop warnings"
printf 'P5 1 1 255\nx' > good.pgm
printf 'good.pgm 0\nlist 0\n' > list
cat > pictures.prototxt <<'EOT'
layer { name: "x" type: "ImageData" top: "x" top: "y" image_data_param { source: "list" } }
EOT
passes "skipped a bad record, 1 by now" -- time --model=pictures.prototxt --iterations=4 --skip-bad-records
"$lungo" time --model=pictures.prototxt --iterations=4 > out 2>&1 && complain "expected a bad picture to be an error"

[ -z "$("$lungo" time --model=net.prototxt --nologtostderr 2>/dev/null)" ] || complain "expected nothing on stdout"
refused "engine: expected reference, blas or onednn, got 'gpu'" -- "$lungo" time --model=net.prototxt --engine=gpu
refused "precision: expected float or bf16, got 'half'" -- "$lungo" time --model=net.prototxt --precision=half
refused "precision bf16: engine blas computes in float" -- "$lungo" time --model=net.prototxt --precision=bf16 --engine=blas
# From a processor without bfloat16, or of this oneDNN none at all.
refused "precision bf16: " "take precision float" -- env ONEDNN_MAX_CPU_ISA=AVX512_CORE "$lungo" time --model=net.prototxt --precision=bf16
"$lungo" layers NoSuchLayer > out 2>&1
[ $? -eq 1 ] || complain "layers NoSuchLayer: expected status 1"

# --limit reaches whatever reads definitions.
cat > two.prototxt <<'EOT'
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
layer { name: "y" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
EOT
printf 'net: "two.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 0\n' > two_solver.prototxt
"$lungo" train --solver=two_solver.prototxt > out 2>&1 || complain "expected weights of two.prototxt"
weights=$(ls two_solver_iter_0.caffemodel)

# limited NAME -- COMMAND...: refused, by the limit of that name.
limited() {
    part="limit '$1'"
    shift 2
    "$@" > out 2>&1 && complain "$*: expected a status other than 0"
    grep -qF -e "$part" out || complain "$*: expected '$part'"
}
limited layers -- "$lungo" train --solver=two_solver.prototxt --limit=layers=1
limited layers -- "$lungo" decay --solver=two_solver.prototxt --limit=layers=1
limited layers -- "$lungo" report . --solver=two_solver.prototxt --limit=layers=1 -o report.html
limited layers -- "$lungo" test --model=two.prototxt --weights="$weights" --limit=layers=1
limited layers -- "$lungo" time --model=two.prototxt --limit=layers=1
limited layers -- "$lungo" check two.prototxt --limit=layers=1
limited layers -- "$lungo" check two_solver.prototxt --limit=layers=1
limited layers -- "$lungo" info two.prototxt --limit=layers=1
limited layers -- "$lungo" gradcheck two.prototxt --limit=layers=1
limited layers -- "$lungo" draw two.prototxt -o two.svg --limit=layers=1
limited layers -- "$lungo" fold --model=two.prototxt --weights="$weights" -o folded --limit=layers=1
limited layers -- "$lungo" classify --model=two.prototxt --weights="$weights" --limit=layers=1 good.pgm
limited layers -- "$lungo" diff --model=two.prototxt "$weights" "$weights" --limit=layers=1
limited text -- "$lungo" diff two.prototxt two.prototxt --limit=text=9
limited layers -- "$bin/extract_features" "$weights" two.prototxt y out.npy 1 npy --limit=layers=1
limited text -- "$bin/upgrade_net_proto_text" two.prototxt new.prototxt --limit=text=9
limited text -- "$bin/upgrade_solver_proto_text" two_solver.prototxt new.prototxt --limit=text=9
limited string -- "$bin/upgrade_net_proto_binary" "$weights" new.caffemodel --limit=string=9
limited tops -- "$lungo" time --model=two.prototxt --limit=layers=2 --limit=tops=1
limited tops -- "$lungo" time --model=two.prototxt --limit tops=1,layers=2
passes "Testing for 1 iterations." -- time --model=two.prototxt --limit=layers=1 --limit=layers=2 --iterations=1
"$lungo" time --model=two.prototxt --limit=layrs=1 > out 2>&1
[ $? -eq 1 ] && grep -q "unknown limit 'layrs'; did you mean 'layers'?" out || complain "--limit=layrs=1: expected an error"
passes "  layers           At most so many layers of a net" -- --help
passes "--limit has no effect on 'layers'" -- layers --limit=layers=1

# How long threads spin is ours to choose only where the user has not.
spins() {
    OMP_DISPLAY_ENV=verbose "$@" "$lungo" --version 2>&1 | grep -a GOMP_SPINCOUNT | tail -n 1
}
spins env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT | grep -q "'1000'" || complain "expected threads that spin little"
spins env -u OMP_WAIT_POLICY GOMP_SPINCOUNT=77 | grep -q "'77'" || complain "expected GOMP_SPINCOUNT to be kept"

finish "flags are taken in every form"
