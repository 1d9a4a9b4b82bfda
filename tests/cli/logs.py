#!/usr/bin/env python3
"""Lungo's log lines against those of real Caffe.

    logs.py BUILD-DIR NAME.log...

A log is of a command in COMMANDS, run in the current folder, or else of a training: then beside it lies
inputs/NAME.{solver,net}.prototxt and, where the run began with weights, inputs/NAME.init.caffemodel.
Every line of level I, W and E must be there, in order, with Caffe's level, file name and text. Excepted
are times, rates, the place of lines of the data readers, the last digits of numbers (1e-4 relative; in
the logs of COMMANDS, made with other weights or of times alone, all numbers), and lines of Lungo's own,
which carry the file name lungo.c.
"""
import re
import subprocess
import sys
import tempfile

from checks import LUNGO, name_of, over_logs, training_of

PREFIX = re.compile(r"^([IWE])(\d{4}) (\d\d:\d\d:\d\d\.\d{6}) +(\d+) ([a-z_]+\.(?:c|cpp|hpp)):\d+\] (.*)$")
RATE = re.compile(r"\(\S+ iter/s, \S+s/(\d+) iters\)")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
FROM_READERS = "Restarting data prefetching"
COMMANDS = {
    "device_query": ["device_query"],
    "test_lenet": ["test", "--model=net.prototxt", "--weights=final.caffemodel", "--iterations=20"],
    "time_lenet": ["time", "--model=net.prototxt", "--iterations=5"],
    "time_lenet_test_phase": ["time", "--model=net.prototxt", "--iterations=3", "--phase=TEST"],
}


def read_lines(text):
    """(level, file, text) per line; lines without a prefix belong to the message before them."""
    lines = []
    for line in text.splitlines():
        match = PREFIX.match(line)
        if match:
            lines.append([match[1], match[5], RATE.sub(r"(RATE \1 iters)", match[6])])
        elif lines:
            lines.append([lines[-1][0], lines[-1][1], line])
        else:
            raise SystemExit(f"a line without a prefix: {line!r}")
    return [line for line in lines if line[1] != "lungo.c" and FROM_READERS not in line[2]]


def near(expected, got):
    return abs(float(expected) - float(got)) <= 1e-4 * max(abs(float(expected)), 1e-3)


def same(expected, got, numbers):
    if expected == got:
        return True
    if expected[:2] != got[:2] or NUMBER.sub("#", expected[2]) != NUMBER.sub("#", got[2]):
        return False
    return not numbers or all(map(near, NUMBER.findall(expected[2]), NUMBER.findall(got[2])))


def run(log):
    if name_of(log) in COMMANDS:
        done = subprocess.run([LUNGO, *COMMANDS[name_of(log)]], stderr=subprocess.PIPE, text=True)
    else:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(training_of(log, folder), cwd=folder, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


def compare(log):
    status, text = run(log)
    if status:
        return [f"status {status}\n{text}"]
    with open(log) as file:
        expected, got = read_lines(file.read()), read_lines(text)
    for index in range(max(len(expected), len(got))):
        want = expected[index] if index < len(expected) else None
        have = got[index] if index < len(got) else None
        if want is None or have is None or not same(want, have, name_of(log) not in COMMANDS):
            return [f"line {index + 1}: expected {want}\n{' ' * 12}got      {have}"]
    return []


if __name__ == "__main__":
    sys.exit(over_logs(compare))
