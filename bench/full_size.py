"""Exports the networks of the benchmark of full-size models, with random weights, by PyTorch's exporters as they are called by default.

    python bench/full_size.py FOLDER [NAME …]        (torch, torchvision, transformers, onnxscript; CPU)

Writes FOLDER/NAME-torchscript.onnx and FOLDER/NAME-dynamo.onnx; dynamo keeps weights in FOLDER/NAME-dynamo.onnx.data.
"""
import pathlib
import sys
import warnings

import torch

# torchvision's Python half alone wants two operators of its compiled half to be declared
_operators = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    _operators.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision.models as vision  # noqa: E402
from torch import nn  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification  # noqa: E402


class Classes(nn.Module):
    """An encoder's classes, without the dictionary."""

    def __init__(self):
        super().__init__()
        self.model = BertForSequenceClassification(BertConfig())

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def vit():
    """With a head that is not zeros, as torchvision begins: a network that computes nothing shrinks to nothing."""
    net = vision.vit_b_16()
    nn.init.normal_(net.heads.head.weight, std=0.02)
    return net


IMAGE = (torch.zeros(1, 3, 224, 224),)
TOKENS = (torch.ones(1, 128, dtype=torch.int64), torch.ones(1, 128, dtype=torch.int64))
MODELS = {
    "resnet50": (vision.resnet50, IMAGE),
    "mobilenet-v3": (vision.mobilenet_v3_large, IMAGE),
    "vit-b-16": (vit, IMAGE),
    "bert-base": (Classes, TOKENS),
}


def main(folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name in names or MODELS:
        build, inputs = MODELS[name]
        torch.manual_seed(1)
        net = build().eval()
        torch.onnx.export(net, inputs, folder / f"{name}-torchscript.onnx", dynamo=False)
        torch.onnx.export(net, inputs, folder / f"{name}-dynamo.onnx", dynamo=True)


main(*sys.argv[1:])
