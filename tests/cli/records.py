#!/usr/bin/env python3
"""What a training leaves beside its log: metrics and event files, decoded here, say what the log says.

    records.py BUILD-DIR

The training is stopped at a snapshot and resumed. Event files are read as TensorBoard reads them: in the
order of their names, each START event voiding what came from its step on. Every check sum is computed anew.
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys

from checks import LUNGO, expect, in_folder

NET = """
layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
  data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2
  weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
layer { name: "s" type: "DummyData" top: "pair" dummy_data_param { shape { dim: 2 } data_filler { value: 0.25 } } }
"""
SOLVER = """
net: "net.prototxt" test_state { stage: "a" } test_state { stage: "b" } base_lr: 0.01 lr_policy: "exp" gamma: 0.9
random_seed: 3 display: 2 average_loss: 3 max_iter: 12 test_iter: 1 test_iter: 2 test_interval: 4 snapshot: 6
snapshot_prefix: "s"
"""


def train(*arguments):
    command = [LUNGO, "train", "--solver=solver.prototxt", "--metrics=m.jsonl", "--tensorboard=runs/one",
               "--tensorboard-histograms=6", "--watch=w.jsonl", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    expect("status 0", done.returncode == 0, done.stderr)
    return done.stderr


# ---- the log: {(run, tag, iteration): value}, by the names that event files have ----

def tag_of(run, name, index):
    tag = f"batch/{name}" if run == "train" and name in ("loss", "lr") else name
    return f"{tag}[{index}]" if index else tag


def values_of_log(text):
    values, seen, run, iteration = {}, {}, "train", 0
    for line in text.splitlines():
        if match := re.search(r"Iteration (\d+).*?, (loss|lr) = (\S+)$", line):
            run, iteration, seen = "train", int(match[1]), {}
            values[run, match[2], iteration] = float(match[3])
        elif match := re.search(r"Iteration (\d+), Testing net \(#(\d+)\)", line):
            run, iteration, seen = "test" if match[2] == "0" else f"test_{match[2]}", int(match[1]), {}
        elif match := re.search(r"net output #\d+: (\S+) = (\S+)", line):
            index = seen[match[1]] = seen.get(match[1], -1) + 1
            values[run, tag_of(run, match[1], index), iteration] = float(match[2])
    return values


# ---- metrics ----

def values_of_metrics(path):
    values, times = {}, []
    with open(path) as file:
        for row in map(json.loads, file):
            run = "train" if row["phase"] == "train" else f"test_{row['net']}" if row["net"] else "test"
            times.append(row["time"])
            for name in ("loss", "lr"):
                if name in row:
                    values[run, name, row["iteration"]] = row[name]
            for name, output in row["outputs"].items():
                for index, value in enumerate(output if isinstance(output, list) else [output]):
                    values[run, tag_of(run, name, index), row["iteration"]] = value
            for param, norms in row.get("norms", {}).items():
                for name, value in norms.items():
                    values[run, f"{name}/{param}", row["iteration"]] = value
    expect("time that goes on", times == sorted(times), times)
    return values


def norms_of_watch(path):
    values = {}
    with open(path) as file:
        for row in map(json.loads, file):
            for name in ("weight_norm", "gradient_norm", "decay_norm", "update_ratio"):
                if row["iteration"] % 2 == 0:
                    values["train", f"{name}/{row['layer']}[{row['param']}]", row["iteration"]] = row[name]
    return values


# ---- event files ----

def crc32c(data):
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)
        table.append(entry)
    total = 0xFFFFFFFF
    for byte in data:
        total = total >> 8 ^ table[(total ^ byte) & 0xFF]
    return total ^ 0xFFFFFFFF


def masked(data):
    total = crc32c(data)
    return ((total >> 15 | total << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    with open(path, "rb") as file:
        while head := file.read(12):
            length, total = struct.unpack("<QI", head)
            expect("the sum of a length", total == masked(head[:8]))
            data = file.read(length)
            expect("the sum of an event", struct.unpack("<I", file.read(4))[0] == masked(data))
            yield data


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """{number: value}; of a protobuf message whose fields come once."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            found[number], at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            found[number], at = data[at:at + length], at + length
        else:
            form, size = {1: ("<d", 8), 5: ("<f", 4)}[kind]
            found[number], at = struct.unpack(form, data[at:at + size])[0], at + size
    return found


def doubles(data):
    return struct.unpack(f"<{len(data) // 8}d", data)


def check_histogram(tag, histogram):
    least, most, count, total, squares = (histogram[i] for i in range(1, 6))
    limits, counts = doubles(histogram[6]), doubles(histogram[7])
    expect("all values in buckets", sum(counts) == count == (6 if tag.endswith("[0]") else 2), counts)
    expect("as many limits as counts", len(limits) == len(counts))
    expect("limits that rise to the most", sorted(limits) == list(limits) and limits[-1] == most and least < limits[0] or
           len(limits) == 1, limits)
    expect("sums that fit", least * count <= total <= most * count and squares * count >= total * total * (1 - 1e-9))
    return squares ** 0.5


def values_of_events(folder):
    scalars, norms = {}, {}
    for run in sorted(os.listdir(folder)):
        for path in sorted(glob.glob(f"{folder}/{run}/*tfevents*")):
            events = [fields(record) for record in records(path)]
            expect("the version first", events[0].get(3) == b"brain.Event:2", events[0])
            expect("then a START", fields(events[1][7]) == {1: 1}, events[1])
            for store in (scalars, norms):
                for key in [key for key in store if key[0] == run and key[2] >= events[1].get(2, 0)]:
                    del store[key]
            for event in events[2:]:
                expect("the time of now", event[1] > 1.6e9, event[1])
                value = fields(fields(event[5])[1])
                tag, step = value[1].decode(), event.get(2, 0)
                if 5 in value:
                    norms[run, tag.replace("weights", "weight_norm"), step] = check_histogram(tag, fields(value[5]))
                else:
                    scalars[run, tag, step] = value[2]
    return scalars, norms


# ----

def compare(what, expected, got, tolerance):
    if expected.keys() != got.keys():
        return expect(f"{what}: the same keys", False, sorted(expected.keys() ^ got.keys()))
    for key, value in expected.items():
        value = float("inf") if value is None else value
        other = float("inf") if got[key] is None else got[key]
        expect(f"{what} {key}: {value}", value == other or abs(value - other) <= tolerance * abs(value), other)


def curves_of(path):
    """The data that lungo plot hands to gnuplot."""
    with open("bin/gnuplot", "w") as file:
        file.write("#!/bin/sh\nexec cat\n")
    os.chmod("bin/gnuplot", 0o755)
    environment = dict(os.environ, PATH=f"{os.getcwd()}/bin:{os.environ['PATH']}")
    subprocess.run([LUNGO, "plot", path, "--y=loss,lr", "-o", "out.svg"], env=environment, check=True)
    with open("out.svg") as file:
        return [[float(f"{float(word):.5g}") for word in line.split()] if line[:1].isdigit() else line for line in file]


def check():
    os.mkdir("bin")
    text = train()
    with open("log", "w") as file:
        file.write(text)
    log = values_of_log(text)
    for again in (False, True):
        metrics = values_of_metrics("m.jsonl")
        plain = {key: value for key, value in metrics.items() if "_norm/" not in key[1] and "_ratio/" not in key[1]}
        scalars, norms = values_of_events("runs/one")
        last = {key for key in plain if key[0] == "train" and key[2] == 12 and key[1] != "loss"}
        expect("outputs after the last update, which the log leaves out", len(last) == 3, last)
        compare("metrics", log, {key: plain[key] for key in plain.keys() - last}, 1e-5)
        compare("event files", metrics, scalars, 1e-6)
        compare("norms", norms_of_watch("w.jsonl"), {key: metrics[key] for key in metrics.keys() - plain.keys()}, 0)
        expect("histograms of both parameters", len(norms) == 6, norms.keys())
        for key in norms.keys() & metrics.keys():
            expect(f"the norm of {key}", abs(norms[key] - metrics[key]) < 1e-5 * (1 + norms[key]))
        if not again:
            train("--snapshot=s_iter_6.solverstate")
    expect("the curves of the log", curves_of("log") == curves_of("m.jsonl"))


if __name__ == "__main__":
    files = {"net.prototxt": NET, "solver.prototxt": SOLVER}
    sys.exit(in_folder(files, check, "metrics and event files say what the log says"))
