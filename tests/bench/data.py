#!/usr/bin/python3
"""How fast records come, how long training waits for them, and whether they slow it. Three tables.

  data.py BUILD-DIR [--threads 1,2,4] [--iterations N]

Pictures are made up (smooth noise, whose JPEGs have the size of photographs), the databases are
written by convert_imageset. Rates: a net of nothing but the layer. Waiting: the forward of the data
layer in `lungo time`, while threads read ahead, as a part of the whole step. Slowed: ResNet-50 on
random DummyData, and on JPEGs that are decoded beside it, in turns; medians. (On constant data the
step is some 10 % faster, with readers or without.)
"""
import argparse
import os
import re
import statistics
import subprocess
import tempfile

import cv2
import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CROPPED = "crop_size: 227 mirror: true mean_value: 104 mean_value: 117 mean_value: 123"

# name, side of the pictures, how many, flags of convert_imageset, transform_param
SOURCES = {
    "28x28 gray": (28, 4000, ["--gray"], "scale: 0.00390625"),
    "28x28 gray PNG": (28, 4000, ["--gray", "--encoded", "--encode_type=png"], "scale: 0.00390625"),
    "28x28 gray JPEG": (28, 4000, ["--gray", "--encoded", "--encode_type=jpg"], "scale: 0.00390625"),
    "256x256 raw, crop 227, mirror": (256, 600, [], CROPPED),
    "256x256 JPEG, crop 227, mirror": (256, 600, ["--encoded", "--encode_type=jpg"], CROPPED),
}


def write_pictures(folder, side, count):
    rng = numpy.random.default_rng(side)
    os.makedirs(folder)
    with open(folder + "/list", "w") as lines:
        for i in range(count):
            coarse = rng.integers(0, 256, (max(side // 8, 4),) * 2 + (3,), dtype=numpy.uint8)
            picture = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).astype(int)
            picture += rng.integers(-12, 13, picture.shape)
            cv2.imwrite(f"{folder}/{i}.png", picture.clip(0, 255).astype(numpy.uint8))
            lines.write(f"{i}.png {i % 10}\n")


def layer(database, transform, batch, threads):
    return (f'layer {{ name: "data" type: "Data" top: "data" top: "label" transform_param {{ {transform} }} '
            f'data_param {{ source: "{database}" backend: LMDB batch_size: {batch} reader_threads: {threads} }} }}\n')


def time_net(build, text, iterations):
    """ms of the data layer's forward, and of forward and backward of the whole net"""
    with open("net.prototxt", "w") as file:
        file.write(text)
    log = subprocess.run([build + "/bin/lungo", "time", "--model=net.prototxt", "--phase=TRAIN",
                          f"--iterations={iterations}"], text=True, check=True,
                         stderr=subprocess.PIPE).stderr
    return [float(re.search(pattern, log).group(1)) for pattern in
            (r"\bdata\tforward: (\S+) ms", r"Average Forward-Backward: (\S+) ms")]


def train_net(name):
    """bench.prototxt without its first layer, which is the data, and the batch size of that"""
    with open(f"{ROOT}/models/{name}/bench.prototxt") as file:
        text = file.read()
    depth, end = 0, text.index("layer {")
    while True:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
        if text[end - 1] == "}" and depth == 0:
            break
    return int(re.search(r"dim: (\d+)", text[:end]).group(1)), text[end:]


def beside_readers(build, source, rounds):
    """ms of ResNet-50's step alone, and with readers beside it less what it waits for them"""
    batch, rest = train_net("resnet50")
    alone = ('layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {'
             f" shape {{ dim: {batch} dim: 3 dim: 224 dim: 224 }} shape {{ dim: {batch} }}"
             ' data_filler { type: "uniform" min: -110 max: 145 } data_filler { value: 1 } } }' + rest)
    reading = layer(source, CROPPED.replace("227", "224"), batch, 0) + rest
    times = {"alone": [], "beside": [], "waiting": []}
    for _ in range(rounds):
        making, step = time_net(build, alone, 3)
        times["alone"].append(step - making)
        waiting, step = time_net(build, reading, 3)
        times["beside"].append(step - waiting)
        times["waiting"].append(waiting)
    return {name: statistics.median(values) for name, values in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--threads", default="1,2,4")
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    threads = [int(count) for count in args.threads.split(",")]
    os.chdir(tempfile.mkdtemp())
    databases = {}
    for number, (name, (side, count, flags, _)) in enumerate(SOURCES.items()):
        folder = f"pictures{side}"
        if not os.path.exists(folder):
            write_pictures(folder, side, count)
        databases[name] = f"db{number}"
        subprocess.run([build + "/bin/convert_imageset", *flags, folder + "/", folder + "/list",
                        databases[name]], check=True, stderr=subprocess.DEVNULL)

    print("| records per second |" + "".join(f" {count} threads |" for count in threads))
    print("|---|" + "---:|" * len(threads))
    for name, (side, _, _, transform) in SOURCES.items():
        batch, row = (256 if side < 100 else 32), f"| {name} |"
        for count in threads:
            data, _ = time_net(build, layer(databases[name], transform, batch, count)
                               + 'layer { name: "end" type: "Silence" bottom: "data" bottom: "label" }',
                               8 * args.iterations if side < 100 else args.iterations)
            row += f" {1000 * batch / data:.0f} |"
        print(row, flush=True)

    print("\n| training waits for data | threads | ms of a step | waiting |\n|---|---:|---:|---:|")
    for net, name in [("lenet", "28x28 gray"), ("lenet", "28x28 gray PNG"),
                      ("lenet", "28x28 gray JPEG"), ("alexnet", "256x256 raw, crop 227, mirror"),
                      ("alexnet", "256x256 JPEG, crop 227, mirror")]:
        batch, rest = train_net(net)
        for count in [0, 1]:
            iterations = args.iterations * 4 if net == "lenet" else max(args.iterations // 10, 3)
            data, step = time_net(build, layer(databases[name], SOURCES[name][3], batch, count) + rest,
                                  iterations)
            print(f"| {net}, {name} | {count or 'default'} | {step:.1f} | {100 * data / step:.1f} % |",
                  flush=True)

    times = beside_readers(build, databases["256x256 JPEG, crop 227, mirror"], args.rounds)
    print(f"\n| ResNet-50's step | ms |\n|---|---:|\n| alone | {times['alone']:.0f} |\n"
          f"| readers of JPEGs beside it | {times['beside']:.0f} |\n| ratio | "
          f"{times['beside'] / times['alone']:.3f} |\n| waiting for data, besides | {times['waiting']:.1f} |")


if __name__ == "__main__":
    main()
