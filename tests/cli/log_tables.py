#!/usr/bin/env python3
"""Programs that read Caffe's logs get the same tables out of Lungo's.

    log_tables.py BUILD-DIR NAME.log...

NAME.log is real Caffe's log of a training whose inputs lie in inputs/ beside it. Lungo trains the same, and
both logs are read in the two ways that are usual: Python programs take, line by line, the last "Iteration N",
"lr = " and the outputs of train and test nets; shell programs cut columns out of lines between words. A run with
all that Lungo adds (best snapshots, norms, a resume) must give the tables of the plain run.
"""
import datetime
import os
import re
import subprocess
import sys
import tempfile

from checks import name_of, over_logs, training_of

FLOAT = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
STAMP = re.compile(r"[IWEF](\d\d)(\d\d) (\d+):(\d+):(\d+)\.(\d+) ")
ITERATION = re.compile(r"Iteration (\d+)")
RATE = re.compile(rf"lr = ({FLOAT})")
OUTPUT = re.compile(rf"(Train|Test) net output #(\d+): (\S+) = ({FLOAT})")
LOOKED_FOR = re.compile(r"Iteration |Solving|loss = |lr = |Testing net|(?:Train|Test) net|Waiting for data")


def log_of(file):
    with open(file) as lines:
        return lines.read().splitlines()


def seconds(line):
    """Since the year's beginning; None where no time stands."""
    match = STAMP.match(line)
    if not match:
        return None
    month, day, hour, minute, second, micro = map(int, match.groups())
    return datetime.datetime(2000, month, day, hour, minute, second, micro)


def rows_by_line(lines):
    """[train or test, iteration, rate, number, name, value] of every output, in order."""
    start = next(i for i, line in enumerate(lines) if "Solving" in line)
    if seconds(lines[start]) is None:
        raise SystemExit(f"expected a time in the line of the start, got {lines[start]!r}")
    rows, iteration, rate = [], None, None
    for line in lines[start:]:
        found = ITERATION.search(line)
        iteration = int(found[1]) if found else iteration
        if iteration is None:
            continue
        if not line.split() or (seconds(line) is None and LOOKED_FOR.search(line)):
            raise SystemExit(f"behind the first iteration: expected a time and a text, got {line!r}")
        found = RATE.search(line)
        rate = float(found[1]) if found else rate
        found = OUTPUT.search(line)
        if found:
            rows.append([found[1], iteration, rate, int(found[2]), found[3], float(found[4])])
    return rows


def rows_by_column(lines):
    """Columns as awk counts them, and what stands behind '=': the loss, the rate, the tests."""
    words = [line.split() for line in lines]
    losses = [float(line.split("=")[1]) for line in lines if ", loss = " in line]
    rates = [float(word[8]) for word, line in zip(words, lines) if ", lr = " in line]
    tests = [float(word[10]) for word, line in zip(words, lines) if "Test net output #" in line]
    tested = [int(ITERATION.search(line)[1]) for line in lines if re.search("Iteration .* Testing net", line)]
    return [losses, rates, tests, tested]


def near(expected, got):
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(near, expected, got))
    if isinstance(expected, float):
        return abs(expected - got) <= 1e-4 * max(abs(expected), 1e-3)
    return expected == got


def train(log, folder, *flags):
    """Its log lines. In one folder a second call goes on where the first one's snapshots end."""
    command = training_of(log, folder) + list(flags)
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name_of(log)}: status {done.returncode}\n{done.stderr}")
    return done.stderr.splitlines()


def forget_the_last(folder):
    """Of the snapshots, if there are several: what goes on then begins in the middle."""
    states = [file for file in os.listdir(folder) if file.endswith(".solverstate")]
    states.sort(key=lambda file: int(re.findall(r"\d+", file)[-1]))
    if len(states) > 1:
        os.remove(os.path.join(folder, states[-1]))


def complaints(log):
    expected = log_of(log)
    with tempfile.TemporaryDirectory() as folder:
        plain = train(log, folder)
        forget_the_last(folder)
        resumed = train(log, folder, "--snapshot=auto")
    with tempfile.TemporaryDirectory() as folder:
        adorned = train(log, folder, "--watch=norms.tsv", "--metrics=metrics.jsonl", "--log-plan", "--snapshot=auto")
    for way in (rows_by_line, rows_by_column):
        if not near(way(expected), way(plain)):
            yield f"{way.__name__}: expected {way(expected)}\n            got {way(plain)}"
        if way(plain) != way(adorned):
            yield f"{way.__name__}: with all that Lungo adds: expected {way(plain)}\n got {way(adorned)}"
    # The rate is not known to parsers before the first line that has it.
    whole, rest = ([row[:2] + row[3:] for row in rows_by_line(lines)] for lines in (plain, resumed))
    if rest != whole[len(whole) - len(rest) :]:
        yield f"resumed: expected the last rows of {whole}, got {rest}"
    for line in plain + resumed + adorned:
        if re.match(r"\S+ \S+ +\d+ lungo\.c:", line) and LOOKED_FOR.search(line):
            yield f"a line of Lungo's own that parsers would take: {line}"


if __name__ == "__main__":
    sys.exit(over_logs(complaints))
