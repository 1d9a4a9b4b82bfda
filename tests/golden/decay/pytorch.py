#!/usr/bin/env python3
"""Writes pytorch.tsv: what PyTorch's own optimizers make of six numbers, in double precision.

    ./pytorch.py > pytorch.tsv        with PyTorch 1.13 (Debian's python3-torch)

The loss is scale * |w - t|^2 / 2. With scale 1e-5 the gradients are so small beside Adam's eps that
it shows where eps is added. A row: the settings of a solver file that mean the same, scale, number
of updates, the weights.
"""
import torch

W = [1, -2, 0.5, 3, -0.25, 0.75]
T = [0.5, 1, -1, 0.25, 2, -0.125]
ROWS = (1, 10, 100)

ADAM = "momentum: 0.9 momentum2: 0.999 delta: 1e-08 adam_delta: CORRECTED"
DECOUPLED = f'type: "Adam" {ADAM} regularization_type: "decoupled"'
FIXED = 'lr_policy: "fixed"'
EXP = 'lr_policy: "exp" gamma: 0.97'

CASES = [  # the solver's settings, scale, optimizer and its arguments, factor of the rate per step
    (f"base_lr: 0.01 weight_decay: 0.1 {FIXED} {DECOUPLED}", 1e-5,
     torch.optim.AdamW, dict(lr=0.01, weight_decay=0.1), 1),
    (f"base_lr: 0.01 weight_decay: 0.1 {EXP} {DECOUPLED}", 1e-5,
     torch.optim.AdamW, dict(lr=0.01, weight_decay=0.1), 0.97),
    (f"base_lr: 0.05 weight_decay: 0.5 {EXP} {DECOUPLED}", 1,
     torch.optim.AdamW, dict(lr=0.05, weight_decay=0.5), 0.97),
    (f'base_lr: 0.01 weight_decay: 1e-06 {FIXED} type: "Adam" {ADAM}', 1e-5,
     torch.optim.Adam, dict(lr=0.01, weight_decay=1e-6), 1),
    (f'base_lr: 0.05 weight_decay: 0.1 {FIXED} type: "SGD" momentum: 0.9', 1,
     torch.optim.SGD, dict(lr=0.05, weight_decay=0.1, momentum=0.9), 1),
    (f'base_lr: 0.05 weight_decay: 0.1 {FIXED} type: "Nesterov" momentum: 0.9', 1,
     torch.optim.SGD, dict(lr=0.05, weight_decay=0.1, momentum=0.9, nesterov=True), 1),
    (f'base_lr: 0.05 weight_decay: 0.1 {FIXED} type: "AdaGrad" delta: 1e-08', 1,
     torch.optim.Adagrad, dict(lr=0.05, weight_decay=0.1, eps=1e-8), 1),
    (f'base_lr: 0.05 weight_decay: 0.1 {FIXED} type: "RMSProp" rms_decay: 0.99 delta: 1e-08', 1,
     torch.optim.RMSprop, dict(lr=0.05, weight_decay=0.1, alpha=0.99, eps=1e-8), 1),
    (f'base_lr: 1 weight_decay: 0.1 {FIXED} type: "AdaDelta" momentum: 0.9 delta: 1e-06', 1,
     torch.optim.Adadelta, dict(lr=1, weight_decay=0.1, rho=0.9, eps=1e-6), 1),
]


def train(scale, optimizer_type, arguments, factor):
    w = torch.tensor(W, dtype=torch.double, requires_grad=True)
    t = torch.tensor(T, dtype=torch.double)
    optimizer = optimizer_type([w], **arguments)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, factor)
    for update in range(1, max(ROWS) + 1):
        optimizer.zero_grad()
        (scale * 0.5 * ((w - t) ** 2).sum()).backward()
        optimizer.step()
        schedule.step()
        if update in ROWS:
            yield update, w.tolist()


print("settings\tscale\tupdates\t" + "\t".join(f"w{i}" for i in range(len(W))))
for settings, scale, *how in CASES:
    for update, values in train(scale, *how):
        print(settings, f"{scale:g}", update, *(f"{v:.9g}" for v in values), sep="\t")
