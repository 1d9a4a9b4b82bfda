#!/usr/bin/env python3
"""The live line of lungo train: on a terminal alone, and the log stays as it is.

    progress.py BUILD-DIR

What the program writes to a terminal is replayed on one that knows line ends and the sequence that erases
the line at the foot; what then stands on it must be the log that a pipe gets, but for times and rates.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

from checks import LUNGO, expect, in_folder

ERASE = "\r\x1b[K"
NET = """
layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 }
  data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
layer { name: "s" type: "DummyData" top: "sc\\033ore" include { phase: TEST } dummy_data_param { shape { dim: 1 }
  data_filler { value: 0.25 } } }
"""
SOLVER = """
net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" random_seed: 3 display: 2 max_iter: 20
test_iter: 1 test_interval: 8 snapshot: 10 snapshot_prefix: "s"
"""


def train(arguments, stderr):
    return subprocess.Popen([LUNGO, "train", "--solver=solver.prototxt", *arguments], stderr=stderr, close_fds=True)


def through_pipe(*arguments):
    process = train(arguments, subprocess.PIPE)
    text = process.communicate()[1].decode()
    expect("status 0 in a pipe", process.returncode == 0, text)
    return text


def through_terminal(columns, *arguments):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = train(arguments, theirs)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    text = text.decode()
    expect("status 0 on a terminal", process.wait() == 0, text)
    return text.replace("\r\n", "\n")


def replay(text):
    """The screen's lines, and what stood at its foot each time that it was drawn over or erased."""
    screen, feet = [], []
    for row in text.split("\n"):
        *erased, last = row.split(ERASE)
        feet += [foot for foot in erased if foot]
        screen.append(last)
    return screen, feet


def without_times(lines):
    times = re.compile(r"^([IWE])\d{4} \S+ +\d+ ")
    rates = re.compile(r"\(\S+ iter/s, \S+s/")
    return [rates.sub("(RATE ", times.sub(r"\1 ", line)) for line in lines]


def check_terminal():
    log = through_pipe()
    expect("no escape in a pipe", "\x1b" not in log.replace("sc\x1bore", ""))
    screen, feet = replay(through_terminal(120))
    expect("the log of a pipe on the terminal", without_times(screen) == without_times(log.split("\n")), screen)
    expect("a line at the foot", feet)
    first = re.compile(r"\[#-{19}\]   5 %  1/20  loss \S+  lr 0\.01  test sc\?ore 0\.25  \d+ MB")
    expect("the first iteration, with the test before it", first.fullmatch(feet[0]), feet[0])
    later = re.compile(r"\[#+-*\] +\d+ %  \d+/20  \S+/s  \d+:\d\d left  loss \S+  lr 0\.01  test sc\?ore 0\.25  \d+ MB")
    expect("rate and time left in all others", all(map(later.fullmatch, feet[1:])), feet)


def check_narrow():
    feet = replay(through_terminal(41))[1]
    expect("lines that fit", max(map(len, feet)) < 41, feet)
    expect("whole fields", re.fullmatch(r"  5 %  1/20  loss \S+  lr 0\.01", feet[0]), feet[0])


def check_resumed():
    feet = replay(through_terminal(120, "--snapshot=s_iter_10.solverstate"))[1]
    expect("iteration 11 first", " 11/20  loss" in feet[0], feet)


def check_never():
    expect("no line with --progress=never", ERASE not in through_terminal(120, "--progress=never"))
    os.environ["TERM"] = "dumb"
    expect("no line on a dumb terminal", ERASE not in through_terminal(120))


def check():
    os.environ["TERM"] = "xterm"
    for part in (check_terminal, check_narrow, check_resumed, check_never):
        part()


if __name__ == "__main__":
    files = {"net.prototxt": NET, "solver.prototxt": SOLVER}
    sys.exit(in_folder(files, check, "the line at the foot leaves the log alone"))
