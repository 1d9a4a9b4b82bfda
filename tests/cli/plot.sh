#!/bin/sh
# lungo plot reads Caffe's logs, ours and files of metrics, and draws what they hold.
#   plot.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"
logs=$source/tests/golden/logs

# gnuplot's input, as it was sent to it.
mkdir bin
cat > bin/gnuplot <<'EOT'
#!/bin/sh
exec tee script
EOT
chmod +x bin/gnuplot

# draws FILE... : the script stands in `script`.
draws() {
    PATH=$work/bin:$PATH "$lungo" plot "$@" -o fake.svg || complain "plot $*: expected status 0"
}
# has LINE: the script does.
has() {
    grep -qxF -e "$1" script || complain "expected the line '$1' in the script"
}

draws "$logs/small_scale_tests.log"
has "0 1.37489"   # loss of iteration 0, smoothed
has "0 0.772308"  # output 0 of the test net
has "2 0.0408248" # lr
has 'set ylabel "half"'
grep -c '^plot ' script | grep -qx 4 || complain "expected panels of loss, gate, half and lr"
draws "$logs/small_scale_tests.log" --y='half[3]'
has "0 -0.283103"
draws "$logs/small_scale_tests.log" --y=loss --smooth=2
has "2 0.8264255" # the mean of 1.37489 and 0.277961

cat > a.jsonl <<'EOT'
{"iteration": 0, "time": 0.5, "phase": "test", "net": 0, "outputs": {"accuracy": 0.25}}
{"iteration": 0, "time": 60, "phase": "train", "lr": 0.1, "loss": 4, "outputs": {"loss": 5, "pair": [1, 2]}}
{"iteration": 10, "time": 120, "phase": "train", "lr": 0.1, "loss": null, "outputs": {"loss": 3}}
{"iteration": 20, "time": 180, "phase": "train", "lr": 0.1, "loss": 2.5, "outputs": {"loss": 2}}
{"iteration": 30, "time": 1
EOT
draws a.jsonl
has "0 4"
has "20 2.5"
has "0 0.25"
draws a.jsonl --x=time --y=loss
has "3 2.5"
draws a.jsonl "$logs/small_shared.log" --y='loss,lr'
grep -q 'title "train, a.jsonl"' script || complain "expected the runs to be named"

# A day that ends, and a resumed run behind the first.
cat > night.log <<'EOT'
I1231 23:59:00.000000 1 solver.cpp:239] Iteration 10 (1 iter/s, 1s/10 iters), loss = 4
I20260101 00:01:00.000000 1 solver.cpp:239] Iteration 20 (1 iter/s, 1s/10 iters), loss = 3
EOT
printf 'I0101 00:01:00.000000 1 solver.cpp:239] Iteration 20 (1 iter/s, 1s/10 iters), loss = 3\n' > tail.log
head -n 1 night.log | cat - tail.log > year.log
draws year.log --x=time
has "2 3"
cat "$logs/small_shared.log" "$logs/small_shared.log" > twice.log
draws twice.log --y=loss
sed -n '/EOD/,/EOD/p' script | grep -c '^0 ' | grep -qx 1 || complain "expected iteration 0 once"

# What has no extent gets one; what has no value to draw is left out. gnuplot has nothing to say.
cat > point.jsonl <<'EOT'
{"iteration": 5, "time": 0.5, "phase": "train", "lr": 0.1, "loss": 4, "outputs": {"zero": 0, "none": null}}
EOT
sed 'p; s/5,/15,/' point.jsonl > constant.jsonl
draws point.jsonl
has "set xrange [4.95:5.05]"
has "set yrange [3.96:4.04]"
has "set yrange [-1:1]"
grep -qx 'set ylabel "none"' script && complain "expected no panel of a curve without values"
draws constant.jsonl --y=loss
has "set xrange [*:*]"
has "set yrange [3.96:4.04]"
for file in point.jsonl constant.jsonl; do
    for scale in "" --log-scale; do
        # shellcheck disable=SC2086
        run 0 "$lungo" plot $file $scale -o real.svg
        [ -s err ] && complain "$ran: expected nothing on stderr"
    done
done
refused "no run has a curve 'none' with values that can be drawn" -- "$lungo" plot point.jsonl --y=none -o a.svg
refused "no run has a curve 'zero' with" -- "$lungo" plot point.jsonl --y=zero --log-scale -o a.svg
sed 's/0\.1/null/; s/4,/null,/; s/: 0,/: null,/' point.jsonl > null.jsonl
refused "no run has values that can be drawn" -- "$lungo" plot null.jsonl -o a.svg

"$lungo" plot "$logs/small_shared.log" -o real.png && head -c 4 real.png | grep -q PNG || complain "expected a PNG"
run 0 "$lungo" plot "$logs/small_shared.log" -o real.svg
[ -s err ] && complain "$ran: expected nothing on stderr"
grep -q '</svg>' real.svg || complain "expected an SVG"

refused "cannot read 'absent'" -- "$lungo" plot absent -o a.svg
refused "holds no iteration" -- "$lungo" plot bin/gnuplot -o a.svg
refused "no run has a curve 'acuracy' with" -- "$lungo" plot a.jsonl --y=acuracy -o a.svg
refused "ends in .svg or .png, got 'a.gif'" -- "$lungo" plot a.jsonl -o a.gif
refused "expected iteration or time" -- "$lungo" plot a.jsonl --x=epoch -o a.svg
refused "expected 1 or more" -- "$lungo" plot a.jsonl --smooth=0 -o a.svg
printf '#!/bin/sh\nexit 3\n' > bin/gnuplot
refused "'gnuplot' failed" -- env PATH="$work/bin:$PATH" "$lungo" plot a.jsonl -o a.svg
rm bin/gnuplot
PATH=$work/bin "$lungo" plot a.jsonl -o a.svg > out 2>&1
grep -q "the Debian package gnuplot-nox has it" out || complain "expected to hear what to install"
ls | grep -q '^a\.svg' && complain "expected no file after a failure"

finish "plots show what logs and metrics hold"
