#!/usr/bin/python3
"""Times the nets of models/ side by side: Lungo with each engine, PyTorch, OpenCV.

  bench.py BUILD-DIR OUT-DIR [--rounds N] [--engines a,b] [NET ...]

"bf16" among the engines is the fastest one with --precision=bf16. Training is forward and backward of bench.prototxt, inference forward of deploy.prototxt. The
contenders take turns, round by round, so that all see the same machine; the median counts. Writes
OUT-DIR/performance.md and performance.png. Normally called by tests/bench/run.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import cv2
import numpy
import torch
from google.protobuf import text_format

import caffe_pb2
from torch_net import CaffeNet

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETS = ["lenet", "alexnet", "googlenet", "vgg16", "resnet50", "mobilenet", "squeezenet"]
THREADS = len(os.sched_getaffinity(0))


def read_net(path):
    with open(path) as file:
        return text_format.Parse(file.read(), caffe_pb2.NetParameter())


def input_shapes(net):
    first = net.layer[0]
    shapes = first.input_param.shape or first.dummy_data_param.shape
    return {top: tuple(shape.dim) for top, shape in zip(first.top, shapes)}


# ---- contenders: each is a function that runs `iterations` passes and returns ms for one ----

def lungo(build, path, engine, training):
    choice = "--precision=" if engine == "bf16" else "--engine="
    command = [build + "/bin/lungo", "time", "--model=" + path, choice + engine,
               "--phase=" + ("TRAIN" if training else "TEST")]
    wanted = "Average Forward-Backward" if training else "Average Forward pass"

    def run(iterations):
        log = subprocess.run(command + [f"--iterations={iterations}"], text=True, check=True,
                             stderr=subprocess.PIPE).stderr
        return float(re.search(wanted + r": ([\d.]+) ms", log).group(1))
    return run


def timed(step):
    def run(iterations):
        step()
        start = time.perf_counter()
        for _ in range(iterations):
            step()
        return (time.perf_counter() - start) * 1000 / iterations
    return run


def pytorch(net, training):
    shapes = input_shapes(net)
    model = CaffeNet(net, shapes).train(training)
    inputs = {name: torch.full(shape, 0.5 if len(shape) > 1 else 3.0)
              for name, shape in shapes.items()}

    def train():
        model.zero_grad()
        model(inputs).backward()

    def infer():
        with torch.no_grad():
            model(inputs)
    return timed(train if training else infer), model.multiply_adds


def opencv(build, name, path, folder):
    solver = folder + "/solver.prototxt"
    with open(solver, "w") as file:
        file.write(f'net: "{ROOT}/models/{name}/bench.prototxt" lr_policy: "fixed" base_lr: 0 '
                   f'max_iter: 0 snapshot_prefix: "{folder}/{name}"')
    subprocess.run([build + "/bin/lungo", "train", "--solver=" + solver], check=True,
                   stderr=subprocess.DEVNULL)
    net = cv2.dnn.readNetFromCaffe(path, f"{folder}/{name}_iter_0.caffemodel")
    shape = next(iter(input_shapes(read_net(path)).values()))
    blob = numpy.full(shape, 0.5, numpy.float32)

    def infer():
        net.setInput(blob)
        net.forward()
    return timed(infer)


# ---- measuring ----

def measure(contenders, rounds):
    """The median of each contender in ms; a first round, not counted, tells how many passes."""
    passes = {name: max(1, min(50, int(300 / run(1)))) for name, run in contenders.items()}
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(run(passes[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def contenders_of(args, name, training, folder):
    path = f"{ROOT}/models/{name}/{'bench' if training else 'deploy'}.prototxt"
    runs = {("Lungo " + engine).strip(): lungo(args.build, path, engine, training)
            for engine in args.engines.split(",")}
    runs["PyTorch"], multiply_adds = pytorch(read_net(path), training)
    if not training:
        runs["OpenCV"] = opencv(args.build, name, path, folder)
    return runs, 2e-9 * multiply_adds * (3 if training else 1)


def measure_all(args, training):
    rows = []
    for name in args.nets:
        with tempfile.TemporaryDirectory() as folder:
            runs, gflop = contenders_of(args, name, training, folder)
            times = measure(runs, args.rounds)
        shape = next(iter(input_shapes(read_net(
            f"{ROOT}/models/{name}/{'bench' if training else 'deploy'}.prototxt")).values()))
        rows.append((name, shape[0], gflop, times))
        print(name, {key: round(value, 2) for key, value in times.items()}, file=sys.stderr)
    return rows


# ---- memory ----

def measure_memory(args, name, training):
    """MiB of blobs, of one buffer for each, and of the whole process at its peak."""
    path = f"{ROOT}/models/{name}/{'bench' if training else 'deploy'}.prototxt"
    log = subprocess.run([args.build + "/bin/lungo", "time", "--model=" + path, "--iterations=1",
                          "--phase=" + ("TRAIN" if training else "TEST"), "--memory"],
                         text=True, check=True, stderr=subprocess.PIPE).stderr
    taken, whole = re.search(r"Memory of blobs: ([\d.]+) MiB.* the ([\d.]+) MiB", log).groups()
    peak = re.search(r"Peak memory of the process: ([\d.]+) MiB", log).group(1)
    return float(taken), float(whole), float(peak)


def memory_table(args, rows, training):
    lines = ["| net | batch | blobs MiB | of one buffer per blob | peak of the process MiB |",
             "|---|---|---|---|---|"]
    for name, batch, *_ in rows:
        taken, whole, peak = measure_memory(args, name, training)
        lines.append(f"| {name} | {batch} | {taken:.3g} | {100 * taken / whole:.0f} % | {peak:.0f} |")
    return "\n".join(lines)


# ---- telling ----

def milliseconds(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows, peak):
    names = list(rows[0][3])
    others = [name for name in names if not name.startswith("Lungo")]
    head = ["net", "batch"] + [name + " ms" for name in names]
    head += ["times faster than " + name for name in others] + ["of peak"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, batch, gflop, times in rows:
        ours = times[names[0]]
        cells = [name, str(batch)] + [milliseconds(times[n]) for n in names]
        cells += [f"{times[n] / ours:.2f}" for n in others]
        cells += [f"{100 * gflop / (ours * 1e-3) / peak:.0f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


PLOT = """
set terminal pngcairo size 1000,420 font "sans,11"
set output "{png}"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set grid ytics lc rgb "#dddddd"
set yrange [0:*]
set ylabel "images a second, relative to PyTorch"
set key top left
set title "Forward and backward of models/, same machine, same run"
set linetype 1 lc rgb "#0072b2"
set linetype 2 lc rgb "#56b4e9"
set linetype 3 lc rgb "#b2dfdb"
set linetype 4 lc rgb "#999999"
plot for [i=2:{last}] "{data}" using i:xtic(1) title columnheader(i)
"""


def plot(rows, folder):
    names = [name for name in rows[0][3] if name != "OpenCV"]
    data = folder + "/performance.tsv"
    with open(data, "w") as file:
        file.write("\t".join(["net"] + [f'"{name}"' for name in names]) + "\n")
        for name, _, _, times in rows:
            file.write("\t".join([name] + [f"{times['PyTorch'] / times[n]:.3f}" for n in names]) + "\n")
    script = PLOT.format(png=folder + "/performance.png", data=data, last=len(names) + 1)
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read()).group(1)
    return f"{model}, {THREADS} threads; PyTorch {torch.__version__}, OpenCV {cv2.__version__}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engines", default=",onednn,blas")
    parser.add_argument("nets", nargs="*", default=NETS)
    args = parser.parse_intermixed_args()
    torch.set_num_threads(THREADS)
    cv2.setNumThreads(THREADS)
    limits = subprocess.run([args.build + "/bin/peak"], text=True, check=True,
                            stdout=subprocess.PIPE).stdout.strip()
    peak = float(re.search(r"fma_gflops (\d+)", limits).group(1))
    training, inference = measure_all(args, True), measure_all(args, False)
    os.makedirs(args.out, exist_ok=True)
    plot(training, args.out)
    with open(args.out + "/performance.md", "w") as file:
        file.write(f"""# Performance

Measured by `tests/bench/run`: {machine()}.
This machine's limits, measured in the same run: `{limits}`.
All contenders take turns in one run; the medians of {args.rounds} rounds are shown. "Of peak" counts the
multiply-adds of convolutions and fully connected layers (three times for training) against the FMA limit; where
Winograd's filtering does with fewer of them, more than all of it can come out.

![images a second relative to PyTorch](performance.png)

## Training: forward and backward of bench.prototxt

{table(training, peak)}

## Inference: forward of deploy.prototxt

{table(inference, peak)}

## Memory

Blobs share memory: in training their gradients, in inference their values. "Of one buffer per blob"
compares with row-major values, and gradients where there are some, of every blob. The peak includes
weights, their gradients and what they are packed to. (`lungo time --memory`)

Training:

{memory_table(args, training, True)}

Inference:

{memory_table(args, inference, False)}

Weights are read from a `.caffemodel` straight to their place: loading takes a few MiB beside the
net's own memory, whatever the size of the file.
""")
    with open(args.out + "/performance.md") as file:
        print(file.read())


if __name__ == "__main__":
    main()
