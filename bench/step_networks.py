"""Networks of the benchmark that are not built in: Espalier reads the files that PyTorch's exporter makes of them.

    python bench/step_networks.py FOLDER        (torch, onnx; CPU)

Writes FOLDER/NAME.onnx with random weights, exported as they train: with their batch norms. None has dropout.
"""
import pathlib
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn


def convolution(a, b, kernel, stride=1, groups=1, act=True):
    layers = [nn.Conv2d(a, b, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(b)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


class Inverted(nn.Module):
    """Inverted residual (Sandler et al. 2018): expand, depthwise, project."""

    def __init__(self, a, b, stride, expand):
        super().__init__()
        inner = a * expand
        first = [convolution(a, inner, 1)] if expand > 1 else []
        self.body = nn.Sequential(*first, convolution(inner, inner, 3, stride, inner), convolution(inner, b, 1, act=False))
        self.residual = stride == 1 and a == b

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Module):
    """The whole network of Sandler et al. 2018; for 32 px its stem and second stage keep the resolution."""

    def __init__(self):
        super().__init__()
        layers, a = [convolution(3, 32, 3)], 32
        for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
            for i in range(n):
                layers.append(Inverted(a, c, s if i == 0 else 1, t))
                a = c
        self.features = nn.Sequential(*layers, convolution(a, 1280, 1))
        self.classifier = nn.Linear(1280, 10)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (f(x).view(n, t, self.heads, c // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v))
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, c))


class Layer(nn.Module):
    """A transformer's layer; norms before (ViT) or behind (BERT) what they belong to."""

    def __init__(self, width, heads, before):
        super().__init__()
        self.before = before
        self.attention = Attention(width, heads)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        if self.before:
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.mlp(x))


class Vit(nn.Module):
    """Six layers of width 192, three heads, patches of 4 × 4."""

    def __init__(self, width=192):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 65, width) * 0.02)
        self.layers = nn.Sequential(*(Layer(width, 3, True) for _ in range(6)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.layers(x)[:, 0]))


class Bert(nn.Module):
    """Four layers of width 256, four heads, 64 tokens of 4,096."""

    def __init__(self, width=256):
        super().__init__()
        self.words, self.position = nn.Embedding(4096, width), nn.Parameter(torch.randn(1, 64, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(*(Layer(width, 4, False) for _ in range(4)))
        self.pool, self.head = nn.Linear(width, width), nn.Linear(width, 10)

    def forward(self, tokens):
        x = self.layers(self.norm(self.words(tokens) + self.position))
        return self.head(torch.tanh(self.pool(x[:, 0])))


class Lstm(nn.Module):
    """28 rows of 28 pixels, 128 wide: the first network of many courses."""

    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.LSTM(28, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


#: Each with a sample's shape and what is in it: "pixels" (uint8), "tokens" below 4,096 or "numbers".
exported = {
    "mobilenet-v2": (MobileNetV2, (3, 32, 32), "pixels"),
    "vit-small": (Vit, (3, 32, 32), "pixels"),
    "bert-small": (Bert, (64,), "tokens"),
    "lstm": (Lstm, (28, 28), "numbers"),
}


def export(folder):
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name, (build, sample, content) in exported.items():
        torch.manual_seed(1)
        x = torch.zeros(2, *sample, dtype=torch.int64) if content == "tokens" else torch.zeros(2, *sample)
        axes = {"input": {0: "batch"}, "logits": {0: "batch"}}
        how = dict(input_names=["input"], output_names=["logits"], dynamic_axes=axes, dynamo=False)
        training = torch.onnx.TrainingMode.TRAINING
        torch.onnx.export(build().train(), (x,), folder / f"{name}.onnx", training=training, do_constant_folding=False, **how)


if __name__ == "__main__":
    export(pathlib.Path(sys.argv[1]))
