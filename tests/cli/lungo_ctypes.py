"""The C interface, as far as tests in Python need it, over build/lib/liblungo.so."""
import ctypes
import os

import numpy

AXES = 32


class Handle(ctypes.c_void_p):
    """A subclass, so that ctypes leaves it a pointer where a function returns one."""


class Shape(ctypes.Structure):
    _fields_ = [("axes", ctypes.c_int), ("dim", ctypes.c_int * AXES)]


class LayerInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_char_p),
        ("file", ctypes.c_char_p),
        ("line", ctypes.c_int),
        ("bottom_count", ctypes.c_size_t),
        ("top_count", ctypes.c_size_t),
        ("param_count", ctypes.c_size_t),
        ("needs_backward", ctypes.c_bool),
        ("macs", ctypes.c_ulonglong),
        ("activations", ctypes.c_size_t),
    ]


RESULTS = {
    "lungo_error_text": ctypes.c_char_p,
    "lungo_net_blob": Handle,
    "lungo_net_input": Handle,
    "lungo_net_output": Handle,
    "lungo_net_layer": LayerInfo,
    "lungo_net_layer_count": ctypes.c_size_t,
    "lungo_net_layer_param": Handle,
    "lungo_net_output_count": ctypes.c_size_t,
    "lungo_blob_name": ctypes.c_char_p,
    "lungo_blob_shape": ctypes.POINTER(Shape),
    "lungo_data_update": ctypes.POINTER(ctypes.c_float),
}


class Net:
    """A net in its TEST phase."""

    def __init__(self, build, path):
        self.c = ctypes.CDLL(os.path.join(build, "lib", "liblungo.so"))
        for name, result in RESULTS.items():
            getattr(self.c, name).restype = result
        self.net = Handle()
        self.check(self.c.lungo_net_open(ctypes.byref(self.net), path.encode(), None))

    def check(self, status):
        if status:
            raise RuntimeError(self.c.lungo_error_text().decode())

    def values(self, blob):
        shape = self.c.lungo_blob_shape(blob).contents
        return numpy.ctypeslib.as_array(self.c.lungo_data_update(blob), tuple(shape.dim[: shape.axes]))

    def params(self):
        """(type of layer, [its parameters]) for each layer that has some."""
        for layer in range(self.c.lungo_net_layer_count(self.net)):
            info = self.c.lungo_net_layer(self.net, ctypes.c_size_t(layer))
            blobs = [
                self.values(self.c.lungo_net_layer_param(self.net, ctypes.c_size_t(layer), ctypes.c_size_t(i)))
                for i in range(info.param_count)
            ]
            if blobs:
                yield info.type.decode(), blobs

    def input(self):
        return self.values(self.c.lungo_net_input(self.net, ctypes.c_size_t(0)))

    def batch_of_one(self):
        blob = self.c.lungo_net_input(self.net, ctypes.c_size_t(0))
        shape = Shape.from_buffer_copy(self.c.lungo_blob_shape(blob).contents)
        shape.dim[0] = 1
        self.check(self.c.lungo_blob_reshape(blob, ctypes.byref(shape)))
        self.check(self.c.lungo_net_reshape(self.net))

    def forward(self):
        """{name: values} of the outputs."""
        self.check(self.c.lungo_net_forward(self.net, None))
        count = self.c.lungo_net_output_count(self.net)
        blobs = [self.c.lungo_net_output(self.net, ctypes.c_size_t(i)) for i in range(count)]
        return {self.c.lungo_blob_name(blob).decode(): self.values(blob).copy() for blob in blobs}

    def save(self, path):
        self.check(self.c.lungo_net_save_weights(self.net, path.encode(), ctypes.c_bool(False)))

    def load(self, path):
        self.check(self.c.lungo_net_load_weights(self.net, path.encode()))
