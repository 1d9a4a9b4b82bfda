#!/usr/bin/python3
"""Weights that Lungo writes, read by OpenCV's dnn module, which has an importer of its own for them.

    opencv.py BUILD-DIR DEPLOY.prototxt...

Each net gets random weights, is saved, and computes one random picture: OpenCV's outputs have to be the same
within 1e-5 of a softmax's 1. Without OpenCV 4 for Python (Debian's python3-opencv) the status is 77.
"""
import os
import sys
import tempfile

try:
    import cv2
    import numpy

    cv2.dnn.readNetFromCaffe
except (ImportError, AttributeError):
    print("skipped: python3-opencv, with OpenCV 4's importer for Caffe, is not installed")
    sys.exit(77)

from lungo_ctypes import Net

TOLERANCE = 1e-5


def near_one(random, shape):
    return random.uniform(0.5, 1.5, shape)


def near_zero(random, shape):
    return random.uniform(-0.1, 0.1, shape)


def fill(random, kind, blobs):
    """Values that keep activations of the same order from layer to layer."""
    if kind == "BatchNorm":  # sums of 3 batches, and their number
        blobs[0][...] = 3 * near_zero(random, blobs[0].shape)
        blobs[1][...] = 3 * near_one(random, blobs[1].shape)
        blobs[2][...] = 3
        return
    if kind == "Scale":
        blobs[0][...] = near_one(random, blobs[0].shape)
    else:
        bound = numpy.sqrt(6 / numpy.prod(blobs[0].shape[1:]))
        blobs[0][...] = random.uniform(-bound, bound, blobs[0].shape)
    for bias in blobs[1:]:
        bias[...] = near_zero(random, bias.shape)


def compare(build, path, folder):
    random = numpy.random.RandomState(1)
    ours = Net(build, path)
    ours.batch_of_one()
    for kind, blobs in ours.params():
        fill(random, kind, blobs)
    weights = os.path.join(folder, "random.caffemodel")
    ours.save(weights)
    picture = random.uniform(-1, 1, ours.input().shape).astype(numpy.float32)
    ours.input()[...] = picture
    expected = ours.forward()
    theirs = cv2.dnn.readNetFromCaffe(path, weights)
    theirs.setInput(picture)
    worst = 0
    for name, values in expected.items():
        got = theirs.forward(name).reshape(values.shape)
        if not 1e-3 < numpy.ptp(values) < 0.99:
            raise SystemExit(f"{path}: all of {name} is alike, or one value is all")
        worst = max(worst, float(numpy.max(numpy.abs(got - values))))
    print(f"{path}: OpenCV {cv2.__version__} differs by {worst:.1e}")
    return worst <= TOLERANCE


def main():
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(os.path.abspath(sys.argv[1]), path, folder) for path in sys.argv[2:]]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
