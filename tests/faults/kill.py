#!/usr/bin/env python3
"""Trainings that are killed with SIGKILL, at random moments but above all while they write, and
resumed: each ends with the very weights of the training that nobody killed.

  kill.py BUILD [--moments=N] [--seed=N] [--format=HDF5]    exits 1 after printing what broke the
                                                            promise

Three of four kills take the place of a random call of open, write, fsync, close or rename (a write
is done by half; tests/support/faults.h), the others come at a random time. A run that is resumed may
be killed again. Each run is started with --snapshot=auto. After each kill all snapshots that were once
finished must be there. The last run must go on from the newest of them and end, with the files of
its last snapshot the same byte for byte, and nothing left of those that were killed.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

KINDS = ('open', 'write', 'write', 'write', 'sync', 'close', 'rename')
SUFFIXES = {'BINARYPROTO': '', 'HDF5': '.h5'}  # of files, by snapshot_format
DEEPEST = 3  # kills of one training
LAST = 6  # iteration
NET = '''layer { name: 'data' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN }
  transform_param { crop_size: 7 mirror: true }
  data_param { source: '../lmdb' backend: LMDB batch_size: 4 reader_threads: 2 shuffle: true } }
layer { name: 'data' type: 'Data' top: 'data' top: 'label' include { phase: TEST }
  transform_param { crop_size: 7 }
  data_param { source: '../lmdb' backend: LMDB batch_size: 4 } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' inner_product_param { num_output: 3
  weight_filler { type: 'gaussian' std: 0.01 } } }
layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }
'''
SOLVER = '''net: '../net.prototxt' base_lr: 0.0001 lr_policy: 'step' gamma: 0.5 stepsize: 2 momentum: 0.9
weight_decay: 0.01 max_iter: 6 random_seed: 1 snapshot: 1 snapshot_prefix: 's' test_iter: 1
test_interval: 4 snapshot_format: '''


def put(path, content):
    with open(path, 'wb') as out:
        out.write(content if isinstance(content, bytes) else content.encode())


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def prepare(build, snapshot_format):
    """The data set and the definitions, in the working folder."""
    pixels = bytes(i * 37 % 251 for i in range(4 * 64))
    put('images', (2051).to_bytes(4, 'big') + b'\0\0\0\4\0\0\0\10\0\0\0\10' + pixels)
    put('labels', (2049).to_bytes(4, 'big') + b'\0\0\0\4' + bytes([0, 1, 2, 1]))
    subprocess.run([os.path.join(build, 'bin', 'convert_mnist_data'), 'images', 'labels', 'lmdb'],
                   check=True, capture_output=True)
    put('net.prototxt', NET)
    put('solver.prototxt', SOLVER + snapshot_format)


def pair(iteration, suffix):
    return [f's_iter_{iteration}.{kind}{suffix}' for kind in ('caffemodel', 'solverstate')]


def finished_pairs(suffix):
    """Iterations with both files of a snapshot."""
    there = set(os.listdir('.'))
    return [i for i in range(1, LAST + 1) if there.issuperset(pair(i, suffix))]


def written():
    """Names of what the trainer leaves."""
    return set(os.listdir('.')) - {'log', 'counts'}


def start(build, fault, counts=''):
    """Begins the training, or goes on from its newest good snapshot."""
    environment = dict(os.environ, OMP_NUM_THREADS='1', OMP_WAIT_POLICY='passive', LUNGO_FAULT=fault)
    if counts:
        environment['LUNGO_FAULT_COUNTS'] = counts
    command = [os.path.join(build, 'bin', 'faulty_lungo'), 'train', '--solver=../solver.prototxt',
               '--snapshot=auto']
    with open('log', 'ab') as log:
        return subprocess.Popen(command, env=environment, stderr=log)


class Reference:
    """The training that nobody kills."""

    def __init__(self, build, suffix):
        os.mkdir('reference')
        os.chdir('reference')
        began = time.monotonic()
        status = start(build, '', 'counts').wait()
        self.seconds = time.monotonic() - began
        if status:
            sys.exit(f'the training fails by itself: {read("log").decode()}')
        counts = dict(line.split() for line in read('counts').decode().splitlines())
        self.counts = {kind: int(counts[kind]) for kind in KINDS}
        self.suffix = suffix
        self.files = [read(name) for name in pair(LAST, suffix)]
        self.names = written()
        os.chdir('..')


def run_killed(build, chance, reference):
    """One run with a kill in its way, which it may not live to meet. What was to happen, in words."""
    if chance.random() < 0.25:
        moment = chance.uniform(0, reference.seconds)
        training = start(build, '')
        try:
            training.wait(moment)
        except subprocess.TimeoutExpired:
            training.kill()
        training.wait()
        return 'at a random time', training.returncode
    kind = chance.choice(KINDS)
    fault = f'{kind}:{chance.randint(1, reference.counts[kind])}:kill'
    return fault, start(build, fault).wait()


def try_once(build, chance, reference):
    """Kills a new training once or more and resumes it. Yields what is wrong."""
    story, kept = [], []
    for _ in range(chance.randint(1, DEEPEST)):
        fault, status = run_killed(build, chance, reference)
        story.append(fault)
        if status not in (0, -9):
            yield f'{story}: status {status}: {read("log").decode()[-1500:]}'
        lost = set(kept) - set(finished_pairs(reference.suffix))
        if lost:
            yield f'{story}: the snapshots of iterations {lost} are gone'
        kept = finished_pairs(reference.suffix)
    status = start(build, '').wait()
    taken = re.findall(r'Resuming from s_iter_(\d+)\.', read('log').decode())
    if kept and (not taken or int(taken[-1]) != kept[-1]):
        yield f'{story}: iteration {kept[-1]} is there, resumed from {taken[-1:]}'
    if status:
        yield f'{story}: resuming gives status {status}: {read("log").decode()[-1500:]}'
    elif [read(name) for name in pair(LAST, reference.suffix)] != reference.files:
        yield f'{story}: another last snapshot'
    elif kept[-1:] != [LAST] and written() != reference.names:  # a run that writes a snapshot cleans up
        yield f'{story}: left {written() ^ reference.names}'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--moments', type=int, default=200)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--format', choices=SUFFIXES, default='BINARYPROTO')
    arguments = parser.parse_args()
    build, chance, failures = os.path.abspath(arguments.build), random.Random(arguments.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare(build, arguments.format)
        reference = Reference(build, SUFFIXES[arguments.format])
        for _ in range(arguments.moments):
            os.mkdir('killed')
            os.chdir('killed')
            for complaint in try_once(build, chance, reference):
                failures += 1
                print('FAIL', complaint)
            os.chdir('..')
            shutil.rmtree('killed')
        os.chdir('/')
    print(f'{arguments.moments} trainings killed and resumed, {failures} complaints')
    sys.exit(failures > 0)


main()
