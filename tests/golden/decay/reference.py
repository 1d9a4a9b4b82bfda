#!/usr/bin/env python3
"""Writes reference.tsv: six solvers x decoupled_decay_scale x decoupled_decay_point, Adam with both
adam_delta, and L2 and L1 beside them, in double precision with numpy.

    ./reference.py > reference.tsv

Written from the formulas alone, by formula and not by element or piece as the solver works, so that
the two can only agree by being right. A net of one InnerProduct y = x W' + b with loss
|y - t|^2 / (2 N); its data and first weights are those of data() below and of test_decay_reference.c.
A row: settings of the solver file, number of updates, the six weights, the two biases.
"""
import itertools
import math

import numpy as np

LR_MULT = (1.0, 2.0)  # of weights, of biases
DECAY_MULT = (1.0, 0.5)
ROWS = (1, 5, 20)

TYPES = {
    "SGD": dict(momentum=0.9),
    "Nesterov": dict(momentum=0.9),
    "AdaGrad": dict(delta=0.1),
    "RMSProp": dict(rms_decay=0.9, delta=0.3),
    "AdaDelta": dict(momentum=0.9, delta=0.01),
    "Adam": dict(momentum=0.9, momentum2=0.99, delta=0.1),
}
# Each scale with another policy, each point with other sizes, so that every pair meets its rates.
POLICIES = {
    "LR": dict(lr_policy="inv", gamma=0.1, power=0.75),
    "SCHEDULE": dict(lr_policy="sigmoid", gamma=0.3, stepsize=10),
    "NONE": dict(lr_policy="exp", gamma=0.9),
}
POINTS = {"WITH_UPDATE": dict(iter_size=2), "AFTER_UPDATE": dict(clip_gradients=0.5, iter_size=3)}


def data():
    x = np.array([[((5 * i + 3 * j) % 7 - 3) / 4 for j in range(3)] for i in range(4)])
    t = np.array([[((3 * i + 2 * k) % 5 - 2) / 2 for k in range(2)] for i in range(4)])
    w = np.array([[((2 * k + 3 * j) % 5 - 2) / 4 for j in range(3)] for k in range(2)])
    return x, t, w, np.array([0.5, -0.25])


def rate_at(settings, k):
    base, policy = settings["base_lr"], settings["lr_policy"]
    gamma = settings["gamma"]
    if policy == "inv":
        return base * (1 + gamma * k) ** -settings["power"]
    if policy == "exp":
        return base * gamma**k
    return base / (1 + math.exp(-gamma * (k - settings["stepsize"])))


def direction(settings, state, g, r, t):
    """What the type subtracts; state is this parameter's pair of histories."""
    kind, m, delta = settings["type"], settings.get("momentum", 0), settings.get("delta", 1e-8)
    a, b = state
    if kind == "SGD":
        state[0] = m * a + r * g
        return state[0]
    if kind == "Nesterov":
        state[0] = m * a + r * g
        return (1 + m) * state[0] - m * a
    if kind == "AdaGrad":
        state[0] = a + g**2
        return r * g / (np.sqrt(state[0]) + delta)
    if kind == "RMSProp":
        d = settings["rms_decay"]
        state[0] = d * a + (1 - d) * g**2
        return r * g / (np.sqrt(state[0]) + delta)
    if kind == "AdaDelta":
        state[0] = m * a + (1 - m) * g**2
        v = g * np.sqrt((delta + b) / (delta + state[0]))
        state[1] = m * b + (1 - m) * v**2
        return r * v
    n = settings["momentum2"]
    state[0], state[1] = m * a + (1 - m) * g, n * b + (1 - n) * g**2
    if settings.get("adam_delta") == "CORRECTED":
        return r * (state[0] / (1 - m**t)) / (np.sqrt(state[1] / (1 - n**t)) + delta)
    return r * math.sqrt(1 - n**t) / (1 - m**t) * state[0] / (np.sqrt(state[1]) + delta)


def update(settings, params, states, gradients, k):
    passes, clip = settings.get("iter_size", 1), settings.get("clip_gradients", -1)
    gradients = [g * passes for g in gradients]  # every pass sees the same data
    norm = math.sqrt(sum((g**2).sum() for g in gradients))
    if 0 <= clip < norm:
        gradients = [g * clip / norm for g in gradients]
    rate = rate_at(settings, k)
    after = []
    for w, g, state, lr_mult, decay_mult in zip(params, gradients, states, LR_MULT, DECAY_MULT):
        r, wd, g = rate * lr_mult, settings["weight_decay"] * decay_mult, g / passes
        kind = settings["regularization_type"]
        if kind == "L2":
            g = g + wd * w
        if kind == "L1":
            g = g + wd * np.sign(w)
        u = direction(settings, state, g, r, k + 1)
        s = {"LR": r, "SCHEDULE": rate / settings["base_lr"], "NONE": 1.0}[
            settings.get("decoupled_decay_scale", "LR")]
        if kind != "decoupled":
            after.append(w - u)
        elif settings.get("decoupled_decay_point") == "AFTER_UPDATE":
            after.append((w - u) * (1 - s * wd))
        else:
            after.append(w - u - s * wd * w)
    return after


def train(settings):
    x, t, *params = data()
    states = [[np.zeros_like(w), np.zeros_like(w)] for w in params]
    for k in range(max(ROWS)):
        error = (x @ params[0].T + params[1] - t) / len(x)
        params = update(settings, params, states, [error.T @ x, error.sum(0)], k)
        if k + 1 in ROWS:
            yield k + 1, np.concatenate([params[0].ravel(), params[1]])


NAMES = ("LR", "SCHEDULE", "NONE", "WITH_UPDATE", "AFTER_UPDATE", "CAFFE", "CORRECTED")


def text_of(settings):
    def value(v):
        return v if v in NAMES else f'"{v}"' if isinstance(v, str) else f"{v:g}"

    return " ".join(f"{name}: {value(v)}" for name, v in settings.items())


def cases():
    for kind, own in TYPES.items():
        base = dict(type=kind, base_lr=0.2, weight_decay=0.1, **own)
        deltas = ("CAFFE", "CORRECTED") if kind == "Adam" else (None,)
        for delta in deltas:
            extra = dict(adam_delta=delta) if delta else {}
            for scale, point in itertools.product(POLICIES, POINTS):
                yield dict(base, **extra, **POLICIES[scale], **POINTS[point],
                           regularization_type="decoupled", decoupled_decay_scale=scale,
                           decoupled_decay_point=point)
            for coupled, point in zip(("L2", "L1"), POINTS):
                yield dict(base, **extra, **POLICIES["LR"], **POINTS[point],
                           regularization_type=coupled)


def main():
    print("settings\tupdates\t" + "\t".join([f"w{i}" for i in range(6)] + ["b0", "b1"]))
    for settings in cases():
        for updates, values in train(settings):
            print(text_of(settings), updates, *(f"{v:.9g}" for v in values), sep="\t")


if __name__ == "__main__":
    main()
