#!/usr/bin/env python3
"""The tools as a user runs them, with each call of theirs that can fail failing in turn.

  tools.py BUILD [--all] [TOOL...]    exits 1 after printing what broke a promise

Programs BUILD/bin/faulty_* are the tools, linked so that the environment says which call fails
(tests/support/faults.h). Each run ends with status 1 and the reason on stderr, or with the whole
result; what it was to make is there whole or not at all, and nothing else. Without --all, at most
MOST calls of each kind fail.
"""
import gzip
import os
import struct
import subprocess
import sys
import tempfile

MOST = 12
REASONS = {'memory': 'out of memory', 'open': 'Too many open files', 'write': 'No space left on device',
           'rename': 'Permission denied', 'thread': 'Resource temporarily unavailable'}
OTHERS = ('Input/output error', 'Cannot allocate memory')
NET = '''layer { name: 'data' type: 'Data' top: 'data' top: 'label'
  data_param { source: 'in/lmdb' backend: LMDB batch_size: 2 reader_threads: 2 } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' inner_product_param { num_output: 3
  weight_filler { type: 'xavier' } } }
layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }
'''
SOLVER = '''net: 'in/net.prototxt' base_lr: 0.01 lr_policy: 'fixed' max_iter: 2 random_seed: 1 snapshot: 1
snapshot_prefix: 'out/s'
'''
TOOLS = {
    'convert_mnist_data': 'convert_mnist_data in/images in/labels.gz out/db',
    'convert_imageset': 'convert_imageset --encoded --encode_type=png in/ in/list.txt out/db',
    'convert_cifar_data': 'convert_cifar_data in/cifar out lmdb',
    'compute_image_mean': 'compute_image_mean in/lmdb out/mean.binaryproto',
    'extract_features': 'extract_features in/s_iter_2.caffemodel in/net.prototxt ip out/ip 2 lmdb',
    'upgrade_net_proto_text': 'upgrade_net_proto_text in/old.prototxt out/new.prototxt',
    'train': 'lungo train --solver=in/solver.prototxt --snapshot-errors=stop',
    'test': 'lungo test --model=in/net.prototxt --weights=in/s_iter_2.caffemodel --iterations=2',
}
# A picture that cannot be read is left out, as by Caffe's tool, with a line that says so.
SKIPS = {('convert_imageset', 'open'), ('convert_imageset', 'read')}


def put(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as out:
        out.write(content if isinstance(content, bytes) else content.encode())


def run(build, command, fault='', counts=''):
    words = command.split()
    program = os.path.join(build, 'bin', 'faulty_' + words[0])
    environment = dict(os.environ, OMP_NUM_THREADS='1', OMP_WAIT_POLICY='passive', LUNGO_FAULT=fault)
    if counts:
        environment['LUNGO_FAULT_COUNTS'] = counts
    return subprocess.run([program, *words[1:]], env=environment, capture_output=True, text=True,
                          timeout=120)


def prepare(build):
    """Fills in/ of the working folder."""
    pictures = bytes(i * 37 % 251 for i in range(4 * 8 * 8))
    put('in/images', struct.pack('>4I', 2051, 4, 8, 8) + pictures)
    put('in/labels.gz', gzip.compress(struct.pack('>2I', 2049, 4) + bytes([0, 1, 2, 1]), mtime=0))
    for i in range(4):
        put(f'in/{i}.pgm', b'P5 8 8 255\n' + pictures[64 * i:64 * i + 64])
    put('in/list.txt', ''.join(f'{i}.pgm {i % 3}\n' for i in range(4)))
    for name in ['data_batch_%d.bin' % i for i in range(1, 6)] + ['test_batch.bin']:
        put('in/cifar/' + name, bytes(i % 7 for i in range(2 * 3073)))
    put('in/net.prototxt', NET)
    put('in/solver.prototxt', SOLVER)
    put('in/old.prototxt', "layers { name: 'relu' type: RELU bottom: 'x' top: 'y' }\n")
    os.mkdir('out')
    for command in ('convert_mnist_data in/images in/labels.gz in/lmdb', TOOLS['train']):
        made = run(build, command)
        if made.returncode:
            sys.exit(f'{command}: {made.stderr}')
    os.rename('out/s_iter_2.caffemodel', 'in/s_iter_2.caffemodel')


def listing():
    """What out/ holds; locks of LMDB have no content of account."""
    found = {}
    for folder, _, names in os.walk('out'):
        for name in names:
            path = os.path.join(folder, name)
            if name != 'lock.mdb':
                with open(path, 'rb') as file:
                    found[path] = file.read()
        if folder != 'out':
            found[folder] = b''
    return found


def empty():
    for folder, folders, names in os.walk('out', topdown=False):
        for name in names:
            os.remove(os.path.join(folder, name))
        for name in folders:
            os.rmdir(os.path.join(folder, name))


def gives_reason(kind, result):
    reasons = (REASONS[kind],) if kind in REASONS else OTHERS
    return any(reason in result.stderr for reason in reasons)


def check(tool, kind, result, output, whole):
    """What is wrong with a run, in words."""
    if result.returncode == 0 and (tool, kind) in SKIPS and gives_reason(kind, result):
        return
    if result.returncode not in (0, 1, 2):  # upgrade_*: 2, as Caffe's
        yield f'status {result.returncode}: {result.stderr[-2000:]}'
    if result.returncode == 0 and output != whole:
        yield 'success without the whole result'
    if result.returncode in (1, 2) and not gives_reason(kind, result):
        yield f'no reason given: {result.stderr[-500:]}'
    for path, content in output.items():
        if whole.get(path) != content:
            yield f'left {path}'


def work_through(build, tool, everything):
    command, failures, done = TOOLS[tool], 0, []
    empty()
    result = run(build, command, counts='counts')
    if result.returncode:
        sys.exit(f'{command}: {result.stderr}')
    whole = listing()
    with open('counts', encoding='ascii') as file:
        counts = {line.split()[0]: int(line.split()[1]) for line in file}
    for kind, count in counts.items():
        chosen = range(1, count + 1, 1 if everything else count // MOST + 1)
        for n in chosen:
            empty()
            result = run(build, command, f'{kind}:{n}')
            for fault in check(tool, kind, result, listing(), whole):
                failures += 1
                print(f'FAIL {tool}: {kind} {n} of {count}: {fault}')
        if count:
            done.append(f'{kind} {len(chosen)}/{count}')
    print(f'{tool}:', *done, flush=True)
    return failures


def main():
    build = os.path.abspath(sys.argv[1])
    everything = '--all' in sys.argv
    tools = [name for name in sys.argv[2:] if name != '--all'] or TOOLS
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare(build)
        failures = sum(work_through(build, tool, everything) for tool in tools)
        os.chdir('/')
    sys.exit(failures > 0)


main()
