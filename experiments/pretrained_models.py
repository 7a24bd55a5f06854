"""Exports the narrow networks of experiments/pretrained.ts by both of PyTorch's exporters, as one exports a model to be trained on.

    python experiments/pretrained_models.py        (torch, transformers, onnx, onnxscript; CPU)

Writes experiments/models/NAME-EXPORTER.onnx.gz. Their weights are drawn anew for each seed by the experiment, so that what the files
hold in large tensors is a ramp, which takes no room.
"""
import gzip
import io
import pathlib
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

# torchvision's Python half alone wants two operators of its compiled half to be declared
_operators = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _operators.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from transformers import BertConfig, BertForSequenceClassification  # noqa: E402

HERE = pathlib.Path(__file__).parent / "models"
LARGE = 256


def convolution(i, o, kernel=3, stride=1, groups=1, act=nn.ReLU):
    layers = [nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Basic(nn.Module):
    """Basic block of He et al. 2016, with a projection where the shape changes."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.body = nn.Sequential(convolution(i, o, 3, stride), convolution(o, o, act=None))
        self.shortcut = nn.Identity() if i == o and stride == 1 else convolution(i, o, 1, stride, act=None)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNet18(nn.Module):
    """ResNet-18 of width 16 for 28 px: two basic blocks at each of four widths; the stem is CIFAR's 3×3, but of stride 2."""

    def __init__(self, width=16, classes=10):
        super().__init__()
        widths = [width * 2**i for i in range(4)]
        blocks = [convolution(1, width, stride=2)]
        before = width
        for i, w in enumerate(widths):
            blocks += [Basic(before, w, 1 if i == 0 else 2), Basic(w, w, 1)]
            before = w
        self.body = nn.Sequential(*blocks)
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        return self.fc(self.body(x).mean((2, 3)))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)

    def forward(self, x):
        s = self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * nn.functional.hardsigmoid(s)


class Inverted(nn.Module):
    """Inverted residual of Howard et al. 2019 (MobileNetV3): expand, depthwise, squeeze-excite, project."""

    def __init__(self, i, inner, o, kernel, stride, squeeze, act):
        super().__init__()
        self.residual = i == o and stride == 1
        self.body = nn.Sequential(
            convolution(i, inner, 1, act=act),
            convolution(inner, inner, kernel, stride, inner, act=act),
            *([SqueezeExcite(inner, inner // 4)] if squeeze else []),
            convolution(inner, o, 1, act=None),
        )

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV3(nn.Module):
    """MobileNetV3-Small's kinds of blocks, narrow, for 28 px: 12 → 16 → 24 → 32 channels."""

    def __init__(self, classes=10):
        super().__init__()
        relu, swish = nn.ReLU, nn.Hardswish
        self.body = nn.Sequential(
            convolution(1, 12, stride=2, act=swish),
            Inverted(12, 24, 12, 3, 1, True, relu),
            Inverted(12, 48, 16, 3, 2, False, relu),
            Inverted(16, 64, 16, 3, 1, False, relu),
            Inverted(16, 64, 24, 5, 2, True, swish),
            Inverted(24, 96, 24, 5, 1, True, swish),
            Inverted(24, 96, 32, 5, 1, True, swish),
            convolution(32, 128, 1, act=swish),
        )
        self.classifier = nn.Sequential(nn.Linear(128, 128), nn.Hardswish(), nn.Linear(128, classes))

    def forward(self, x):
        return self.classifier(self.body(x).mean((2, 3)))


class Bert(nn.Module):
    """transformers' BERT: two layers of width 48, four heads, hidden width 96."""

    def __init__(self):
        super().__init__()
        config = BertConfig(
            vocab_size=32,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=96,
            max_position_embeddings=32,
            num_labels=6,
        )
        self.model = BertForSequenceClassification(config)

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


IMAGES = ((torch.zeros(2, 1, 28, 28),), ["image"], {"image": {0: "batch"}})
TOKENS = (
    (torch.ones(2, 16, dtype=torch.int64), torch.ones(2, 16, dtype=torch.int64)),
    ["input_ids", "attention_mask"],
    {"input_ids": {0: "batch"}, "attention_mask": {0: "batch"}},
)
MODELS = {"resnet": (ResNet18, IMAGES), "mobilenet": (MobileNetV3, IMAGES), "bert": (Bert, TOKENS)}


def ramped(data):
    """With ramps in place of large tensors of weights."""
    model = onnx.load_from_string(data)
    for t in model.graph.initializer:
        n = int(np.prod(t.dims))
        if t.data_type == onnx.TensorProto.FLOAT and n >= LARGE and len(t.dims) > 1:
            values = (np.arange(n) % 31 - 15).astype(np.float32) / 256
            t.CopyFrom(numpy_helper.from_array(values.reshape(t.dims), t.name))
    del model.metadata_props[:]
    return model.SerializeToString(deterministic=True)


def exported(net, args, names, axes, dynamo):
    path = HERE / "exporting.onnx"
    if dynamo:
        batch = torch.export.Dim("batch", min=2)
        shapes = tuple({0: batch} for _ in args)
        torch.onnx.export(
            net,
            args,
            path,
            dynamo=True,
            optimize=False,
            external_data=False,
            input_names=names,
            output_names=["logits"],
            dynamic_shapes=shapes,
        )
    else:
        torch.onnx.export(
            net,
            args,
            path,
            dynamo=False,
            input_names=names,
            output_names=["logits"],
            dynamic_axes={**axes, "logits": {0: "batch"}},
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    data = path.read_bytes()
    path.unlink()
    return data


def pack(name, exporter, build, inputs):
    """Writes a network by one of the exporters."""
    HERE.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    data = ramped(exported(build().eval(), *inputs, exporter == "dynamo"))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(data)
    (HERE / f"{name}-{exporter}.onnx.gz").write_bytes(packed.getvalue())
    print(name, exporter, len(data), len(packed.getvalue()))


if __name__ == "__main__":
    for name, (build, inputs) in MODELS.items():
        for exporter in ("torchscript", "dynamo"):
            pack(name, exporter, build, inputs)
