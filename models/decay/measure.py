#!/usr/bin/env python3
"""Trains LeNet under every kind of decay, and writes what came of it.

    measure.py LUNGO OUT     from the project's folder

OUT/norms.tsv      norm of all weights (biases left out) every 100 iterations, one column per run
OUT/results.tsv    one line per run: test accuracy, last training loss, last norm
OUT/results.md     the same as a table to read
OUT/RUN.prototxt, OUT/RUN.log    each run's solver and log; not made again where both are there
"""
import glob
import math
import os
import re
import struct
import subprocess
import sys

# Strengths in a column of the table take about the same from an idle weight in one update, where
# such a number exists: SGD with momentum 0.9 makes ten times lr * weight_decay of L2.
STRENGTHS = ("weak", "medium", "strong")
DECAYS = {
    ("sgd", "L2"): (5e-4, 5e-3, 5e-2),
    ("sgd", "L1"): (1e-5, 1e-4, 1e-3),
    ("sgd", "decoupled"): (5e-3, 5e-2, 5e-1),
    ("adam", "L2"): (5e-4, 5e-3, 5e-2),
    ("adam", "L1"): (1e-5, 1e-4, 1e-3),
    ("adam", "decoupled"): (5e-2, 5e-1, 5e0),
}


def runs():
    """(name, solver, type, strength, weight_decay) of each."""
    for solver in ("sgd", "adam"):
        yield f"{solver}-none", solver, "none", "none", 0
        for (of, kind), decays in DECAYS.items():
            if of == solver:
                for strength, decay in zip(STRENGTHS, decays):
                    yield f"{solver}-{kind}-{strength}", solver, kind, strength, decay


# ---- what a .caffemodel holds ----

def fields(data):
    """(number, value) of each field of a message; value is an int or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        yield key >> 3, data[at : at + size]
        at += size


def weight_norm(path):
    """NetParameter.layer is field 100, LayerParameter.blobs 7, BlobProto.data 5."""
    with open(path, "rb") as file:
        net = memoryview(file.read())
    total = 0.0
    for number, layer in fields(net):
        if number != 100:
            continue
        blobs = [value for number, value in fields(layer) if number == 7]
        for number, values in fields(blobs[0]) if blobs else ():
            if number == 5:
                total += sum(w * w for w in struct.unpack(f"<{len(values) // 4}f", values))
    return math.sqrt(total)


# ---- running ----

def solver_text(out, name, solver, kind, decay):
    with open(f"models/decay/{solver}.prototxt") as file:
        text = file.read()
    if decay:
        text += f'regularization_type: "{kind}"\nweight_decay: {decay:g}\n'
    return text + f'snapshot_prefix: "{out}/{name}"\n'


def is_made(out, name, text):
    if not os.path.exists(f"{out}/{name}.log"):
        return False
    with open(f"{out}/{name}.prototxt") as file:
        return file.read() == text


def norms_of(out, name):
    """{iteration: norm}; the snapshots are kept no longer than this."""
    found = {}
    for path in glob.glob(f"{out}/{name}_iter_*"):
        if path.endswith(".caffemodel"):
            found[int(re.search(r"_iter_(\d+)", path)[1])] = weight_norm(path)
        os.remove(path)
    return dict(sorted(found.items()))


def train(lungo, out, name, text):
    solver, log = f"{out}/{name}.prototxt", f"{out}/{name}.log"
    if os.path.exists(log):
        os.remove(log)
    with open(solver, "w") as file:
        file.write(text)
    with open(log + ".part", "w") as file:
        done = subprocess.run([lungo, "train", f"--solver={solver}"], stderr=file)
    if done.returncode:
        raise SystemExit(f"{name}: status {done.returncode}, see {log}.part")
    with open(log + ".part", "a") as file:
        for iteration, norm in norms_of(out, name).items():
            file.write(f"norm {iteration} {norm:.6g}\n")
    os.rename(log + ".part", log)


def results_of(out, name):
    with open(f"{out}/{name}.log") as file:
        text = file.read()
    accuracy = float(re.findall(r"Test net output #0: accuracy = (\S+)", text)[-1])
    loss = float(re.findall(r"\] Iteration \d+, loss = (\S+)", text)[-1])
    norms = {int(i): float(n) for i, n in re.findall(r"^norm (\d+) (\S+)", text, re.M)}
    return accuracy, loss, norms


# ---- writing ----

COLUMNS = ("run", "solver", "type", "strength", "weight_decay", "accuracy", "loss", "norm")


def write_results(out, made):
    with open(f"{out}/results.tsv", "w") as file:
        print(*COLUMNS, sep="\t", file=file)
        for row in made:
            cells = [f"{x:.4g}" if isinstance(x, float) else str(x) for x in row[:-1]]
            print(*cells, f"{row[-1][max(row[-1])]:.4g}", sep="\t", file=file)


def write_norms(out, made):
    with open(f"{out}/norms.tsv", "w") as file:
        print("iteration", *(row[0] for row in made), sep="\t", file=file)
        for iteration in made[0][-1]:
            print(iteration, *(f"{row[-1][iteration]:.5g}" for row in made), sep="\t", file=file)


def write_table(out, made):
    """Accuracy, last norm and weight_decay of each run, as Markdown."""
    def cell(row):
        return f"{100 * row[5]:.2f} %, {row[-1][max(row[-1])]:.1f} ({row[4]:g})"

    with open(f"{out}/results.md", "w") as file:
        print("| solver | decay | none |", *(f"{s} |" for s in STRENGTHS), file=file)
        print("|---|---|---|" + "---|" * len(STRENGTHS), file=file)
        for solver, kind in DECAYS:
            cells = [cell(row) for row in made if row[1] == solver and row[2] in ("none", kind)]
            print(f"| {solver} | {kind} |", " | ".join(cells), "|", file=file)


def main():
    lungo, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    made = []
    for name, solver, kind, strength, decay in runs():
        text = solver_text(out, name, solver, kind, decay)
        if not is_made(out, name, text):
            train(lungo, out, name, text)
        made.append((name, solver, kind, strength, decay, *results_of(out, name)))
        print(f"{name:24} weight_decay {decay:<8g} accuracy {made[-1][5]:.4f}", flush=True)
    write_results(out, made)
    write_norms(out, made)
    write_table(out, made)


if __name__ == "__main__":
    main()
