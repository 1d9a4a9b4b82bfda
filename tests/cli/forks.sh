#!/bin/sh
# Prototxts as forks of Caffe have them: refused with the fork and what to do, or taken with
# --unknown-fields=warn, or taken because Caffe can do what they say.
#   forks.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# net LINE...: net.prototxt, with an input before the lines.
net() {
    echo 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 6 dim: 6 } } }' > net.prototxt
    printf '%s\n' "$@" >> net.prototxt
}

# refuses NAME PART...: the net is refused; passes NAME PART...: it is not, with --unknown-fields=warn.
refuses() {
    about=$1
    shift
    refused "$@" -- "$lungo" time --model=net.prototxt --iterations=1
    about=
}
passes() {
    about=$1
    shift
    run 0 "$lungo" time --model=net.prototxt --iterations=1 --unknown-fields=warn
    says "$@"
    about=
}

conv='convolution_param { num_output: 4 kernel_size: 3'

# ---- layers that Caffe lacks ----
net 'layer { name: "n" type: "Normalize" bottom: "x" top: "n"' '  norm_param { across_spatial: false scale_filler { value: 20 } } }'
refuses "SSD" "net.prototxt:3:14: unknown field 'norm_param' in LayerParameter: the settings of Normalize, a layer of SSD"
net 'layer { name: "p" type: "Permute" bottom: "x" top: "p" }'
refuses "SSD without settings" "unknown layer type 'Permute': a layer of SSD" "in layer 'p'" "net.prototxt:2"
refused "unknown layer type 'Permute'" -- "$lungo" time --model=net.prototxt --unknown-fields=warn
net 'layer { name: "b" type: "BN" bottom: "x" top: "b" bn_param { bn_mode: INFERENCE } }'
refuses "SegNet" "net.prototxt:2:60: unknown field 'bn_param'" "a layer of SegNet, ENet, PSPNet" "write BatchNorm, then Scale"
net 'layer { name: "i" type: "Interp" bottom: "x" top: "i" interp_param { zoom_factor: 2 } }'
refuses "DeepLab" "a layer of DeepLab"
net 'layer { name: "r" type: "ROIPooling" bottom: "x" bottom: "x" top: "r" roi_pooling_param { pooled_h: 2 } }'
refuses "py-faster-rcnn" "a layer of py-faster-rcnn"
net "layer { name: 'd' type: 'ConvolutionDepthwise' bottom: 'x' top: 'd' $conv } }"
refuses "MobileNet" "unknown layer type 'ConvolutionDepthwise'" "write Convolution with group equal to the channels"

# ---- fields ----
net "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' $conv engine: MKL2017 relu: true }" \
    '  quantization_param { bw_layer_in: 8 scale_in: [1.5, 2] } forward_type: FLOAT16 }'
refuses "Intel Caffe" "unknown value 'MKL2017' for 'engine': a value of Intel Caffe" "--unknown-fields=warn passes over it"
passes "Intel Caffe, passed over" \
    "net.prototxt:2:117: unknown value 'MKL2017' for 'engine' is passed over" \
    "net.prototxt:2:125: unknown field 'relu' in ConvolutionParameter is passed over: a field of Intel Caffe: write a ReLU layer behind it" \
    "net.prototxt:3:3: unknown field 'quantization_param' in LayerParameter is passed over" \
    "net.prototxt:3:60: unknown field 'forward_type' in LayerParameter is passed over: a field of NVCaffe"
net "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' $conv } own { field: 1 } }"
sed -i 1d net.prototxt
sed -i '1i input: "x" input_dim: 1 input_dim: 4 input_dim: 6 input_dim: 6' net.prototxt
passes "an unknown field of a V1 layer" "unknown field 'own' in V1LayerParameter is passed over"

# ---- solvers and what they name ----
net "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: 1 } odd: 1 }" \
    "layer { name: 'l' type: 'EuclideanLoss' bottom: 'c' bottom: 'c' top: 'l' }"
printf '%s\n' 'net: "net.prototxt"' 'base_lr: 0.1 lr_policy: "fixed"' 'max_iter: 1' \
    'eval_type: "detection" warmup_iter: 5' 'test_iter: 1 test_interval: 1' 'snapshot_prefix: "s"' > solver.prototxt
refused "solver.prototxt:4:10: unknown field 'eval_type' in SolverParameter: a field of SSD" -- "$lungo" train --solver=solver.prototxt
run 0 "$lungo" train --solver=solver.prototxt --unknown-fields=warn
says "solver.prototxt:4:1: unknown field 'eval_type'" \
    "solver.prototxt:4:24: unknown field 'warmup_iter'" "net.prototxt:2:99: unknown field 'odd'"
run 0 "$lungo" decay --solver=solver.prototxt --unknown-fields=warn
for command in "draw -o net.svg" gradcheck; do
    # shellcheck disable=SC2086
    run 0 "$lungo" $command net.prototxt --unknown-fields=warn
    says "net.prototxt:2:99: unknown field 'odd'"
done
run 0 "$lungo" test --model=net.prototxt --weights=s_iter_1.caffemodel --iterations=1 --unknown-fields=warn
run 0 "$bin/extract_features" -unknown-fields=warn s_iter_1.caffemodel net.prototxt c c.npy 1 npy
refused "unknown-fields: expected error or warn, got 'ignore'" -- "$lungo" time --model=net.prototxt --unknown-fields=ignore

# ---- what Caffe can do ----
pool='layer { name: "y" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 3 stride: 2'
# shape_of SETTINGS: the height of a pooled 6x6 plane.
shape_of() {
    net "$pool $1 } }"
    "$lungo" time --model=net.prototxt --iterations=1 2> err > out
    sed -n 's/.*Top shape: 2 4 [0-9]* \([0-9]*\) .*/\1/p' err | tail -1
}
[ "$(shape_of '')" = 3 ] || complain "CEIL is the default"
[ "$(shape_of 'ceil_mode: true')" = 3 ] || complain "ceil_mode: true"
[ "$(shape_of 'ceil_mode: false')" = 2 ] || complain "ceil_mode: false"
[ "$(shape_of 'torch_pooling: true')" = 2 ] || complain "torch_pooling: true"
net "$pool ceil_mode: false } }"
run 0 "$bin/upgrade_net_proto_text" net.prototxt new.prototxt
grep -q 'round_mode: FLOOR' new.prototxt && ! grep -q ceil_mode new.prototxt || complain "upgrade: round_mode"

finish "forks' prototxts are refused, passed over or taken as they should be"
