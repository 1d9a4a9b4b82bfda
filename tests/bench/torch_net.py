"""A Caffe net as a PyTorch module, for timing both on the same prototxt.

Takes the layer types that the nets of models/ have; of BatchNorm and the Scale behind it it makes
one batch_norm, as PyTorch users write it. Weights are PyTorch's own: only the time counts.
"""
import math

import torch
import torch.nn.functional as F


def pair(repeated, h, w, default):
    if h or w:
        return h, w
    values = list(repeated) if hasattr(repeated, "__len__") else [repeated] if repeated else []
    return (values[0], values[-1]) if values else (default, default)


class CaffeNet(torch.nn.Module):
    def __init__(self, net, shapes):
        super().__init__()
        self.steps, self.count = [], 0
        self.multiply_adds = 0  # of one pass forward
        self.blobs = {name: torch.zeros(shape) for name, shape in shapes.items()}
        for layer in net.layer:
            if layer.type in ("Input", "DummyData", "Data"):
                continue
            step = getattr(self, "make_" + layer.type)(layer)
            if step is None:
                continue
            self.steps.append((step, list(layer.bottom), layer.top[0]))
            with torch.no_grad():
                top = self.blobs[layer.top[0]] = step(*[self.blobs[name] for name in layer.bottom])
            if layer.type in ("Convolution", "InnerProduct"):
                positions = top.shape[0] * math.prod(top.shape[2:])
                self.multiply_adds += self.weights * positions
        del self.blobs

    def forward(self, inputs):
        blobs, losses = dict(inputs), []
        for step, bottoms, top in self.steps:
            blobs[top] = step(*[blobs[name] for name in bottoms])
            if hasattr(step, "loss_weight"):
                losses.append(step.loss_weight * blobs[top])
        return sum(losses) if losses else blobs[self.steps[-1][2]]

    def add(self, module):
        self.count += 1
        self.add_module(f"m{self.count}", module)
        self.weights = module.weight.numel() if hasattr(module, "weight") else 0
        return module

    def channels(self, layer):
        return self.blobs[layer.bottom[0]].shape[1]

    def make_Convolution(self, layer):
        p = layer.convolution_param
        return self.add(torch.nn.Conv2d(
            self.channels(layer), p.num_output, pair(p.kernel_size, p.kernel_h, p.kernel_w, 1),
            pair(p.stride, p.stride_h, p.stride_w, 1), pair(p.pad, p.pad_h, p.pad_w, 0),
            groups=p.group, bias=p.bias_term))

    def make_InnerProduct(self, layer):
        p = layer.inner_product_param
        linear = self.add(torch.nn.Linear(math.prod(self.blobs[layer.bottom[0]].shape[1:]),
                                          p.num_output, bias=p.bias_term))
        return lambda x: linear(x.flatten(1))

    def make_Pooling(self, layer):
        p = layer.pooling_param
        size = self.blobs[layer.bottom[0]].shape[2:]
        kernel = tuple(size) if p.global_pooling else pair(p.kernel_size, p.kernel_h, p.kernel_w, 1)
        stride, pad = pair(p.stride, p.stride_h, p.stride_w, 1), pair(p.pad, p.pad_h, p.pad_w, 0)
        function = F.max_pool2d if p.pool == p.MAX else F.avg_pool2d
        return lambda x: function(x, kernel, stride, pad, ceil_mode=p.round_mode == p.CEIL)

    def make_LRN(self, layer):
        p = layer.lrn_param
        return lambda x: F.local_response_norm(x, p.local_size, p.alpha, p.beta, p.k)

    def make_BatchNorm(self, layer):
        return self.add(torch.nn.BatchNorm2d(self.channels(layer), eps=layer.batch_norm_param.eps))

    def make_Scale(self, layer):
        return None

    def make_ReLU(self, layer):
        slope = layer.relu_param.negative_slope
        if slope:
            return lambda x: F.leaky_relu(x, slope, inplace=layer.top[0] == layer.bottom[0])
        return lambda x: F.relu(x, inplace=layer.top[0] == layer.bottom[0])

    def make_Dropout(self, layer):
        return self.add(torch.nn.Dropout(layer.dropout_param.dropout_ratio))

    def make_Concat(self, layer):
        return lambda *x: torch.cat(x, layer.concat_param.axis)

    def make_Eltwise(self, layer):
        return lambda a, b: a + b

    def make_Softmax(self, layer):
        return lambda x: F.softmax(x, 1)

    def make_SoftmaxWithLoss(self, layer):
        def loss(x, label):
            return F.cross_entropy(x.flatten(1), label.long())
        loss.loss_weight = layer.loss_weight[0] if layer.loss_weight else 1.0
        return loss
