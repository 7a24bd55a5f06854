"""Exports the network of experiments/latency-target.ts that is not built in.

    python experiments/latency_models.py        (torch, onnx; CPU)

Writes experiments/models/mobilenet-v2-torchscript.onnx.gz. Its weights are drawn anew by the experiment, so that what the file holds in
large tensors is a ramp, which takes no room.
"""
import torch
from torch import nn

from pretrained_models import IMAGES, convolution, pack


class Inverted(nn.Module):
    """Inverted residual of Sandler et al. 2018 (MobileNetV2): expand, depthwise, project."""

    def __init__(self, i, o, stride, expand):
        super().__init__()
        inner = i * expand
        self.residual = i == o and stride == 1
        self.body = nn.Sequential(
            *([convolution(i, inner, 1, act=nn.ReLU6)] if expand > 1 else []),
            convolution(inner, inner, 3, stride, inner, act=nn.ReLU6),
            convolution(inner, o, 1, act=None),
        )

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Module):
    """MobileNetV2's blocks, fewer of them, for 28 px: its first three widths, then 64 and 96."""

    def __init__(self, classes=10):
        super().__init__()
        layers, before = [convolution(1, 32, act=nn.ReLU6)], 32
        for expand, width, blocks, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 2, 2), (6, 64, 2, 2), (6, 96, 1, 1)]:
            for block in range(blocks):
                layers.append(Inverted(before, width, stride if block == 0 else 1, expand))
                before = width
        self.features = nn.Sequential(*layers, convolution(before, 384, 1, act=nn.ReLU6))
        self.classifier = nn.Linear(384, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


pack("mobilenet-v2", "torchscript", MobileNetV2, IMAGES)
