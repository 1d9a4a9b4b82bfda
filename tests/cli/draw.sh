#!/bin/sh
# lungo draw shows the layers of a net, what is in place, blobs with their shapes; and filters.
#   draw.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

cat > net.prototxt <<'EOT'
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 9 } } }
layer { name: "conv<1>" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 6 kernel_h: 3 kernel_w: 2 stride: 2 group: 3 } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 pad: 1 } }
layer { name: "twice" type: "Eltwise" bottom: "c" bottom: "c" top: "s" include { phase: TRAIN } }
EOT

# dot's input, as it was sent to it.
mkdir bin
cat > bin/dot <<'EOT'
#!/bin/sh
echo "$*" > arguments
exec tee script
EOT
chmod +x bin/dot
PATH=$work/bin:$PATH "$lungo" draw net.prototxt --rankdir=LR -o fake.pdf || complain "expected status 0"
grep -qx -e -Tpdf arguments || complain "expected a PDF"

# has PART: the script does.
has() {
    grep -qF -e "$1" script || complain "expected '$1' in the script"
}
has "rankdir=LR"
has "<b>conv&lt;1&gt;</b><br/>Convolution<br/>kernel 3x2 stride 2x2 group 3<br/>weights 6x1x3x2"
has "<b>pool</b><br/>Pooling<br/>kernel 2x2 pad 1x1"
has "l0 -> l1 [label=<x<br/>2x3x8x9>]"
grep "^l1 \[" script | grep -q "<b>relu</b><br/>ReLU" || complain "expected the ReLU below the convolution"
grep -q "Split" script && complain "expected no Split"
grep -c "^l1 -> l[0-9]* \[label=<c<br/>" script | grep -qx 3 || complain "expected three arrows from the convolution"
has "label=<p<br/>"
PATH=$work/bin:$PATH "$lungo" draw net.prototxt --phase=TEST -o fake.svg && grep -q "twice" script && complain "expected no layer of TRAIN"

"$lungo" draw "$source/models/lenet/deploy.prototxt" -o net.svg && grep -q ">conv2<" net.svg || complain "expected a drawing"
"$lungo" draw "$source/models/lenet/deploy.prototxt" -o net.png && head -c 4 net.png | grep -q PNG || complain "expected a PNG"

cat > solver.prototxt <<'EOT'
net_param { layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
  layer { name: "flat" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "conv" type: "Convolution" bottom: "x" top: "z" convolution_param { num_output: 7 kernel_size: 3 weight_filler { type: "xavier" } } } }
base_lr: 0.1 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "w"
EOT
"$lungo" train --solver=solver.prototxt 2> log || complain "cannot make weights"
"$lungo" draw --weights=w_iter_1.caffemodel -o filters.png && head -c 4 filters.png | grep -q PNG || complain "expected filters"
"$lungo" draw --weights=w_iter_1.caffemodel conv -o named.ppm && head -c 2 named.ppm | grep -q P6 || complain "expected filters of conv"

refused "absent.prototxt" -- "$lungo" draw absent.prototxt -o a.svg
refused "ends in .svg or .png or .pdf, got 'a.gif'" -- "$lungo" draw net.prototxt -o a.gif
refused "expected one net" -- "$lungo" draw -o a.svg
refused "expected LR, TB, BT or RL, got 'UP'" -- "$lungo" draw net.prototxt --rankdir=UP -o a.svg
refused "expected TRAIN or TEST, got 'train'" -- "$lungo" draw net.prototxt --phase=train -o a.svg
refused "expected a layer 'flat' with filters" -- "$lungo" draw --weights=w_iter_1.caffemodel flat -o a.png
refused "'svg'" -- "$lungo" draw --weights=w_iter_1.caffemodel -o a.svg
ls | grep -q '^a\.' && complain "expected no file after a failure"

finish "drawings show what nets are"
