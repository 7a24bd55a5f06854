"""Whole epochs in PyTorch: shuffled batches with their steps, an evaluation, a checkpoint. Started by bench/.

    python bench/epoch_torch.py '{"model": "lenet5", "batch": 128, "threads": 2, "method": "sgd", "folder": FOLDER, "mean": […], "std": […]}'

FOLDER holds train-x, train-y, test-x and test-y: bytes of pixels and int32 labels; the checkpoint goes there. Writes one JSON line when
ready; then for every line {"lr": …, "c": …, "restart": …} on stdin it trains an epoch and writes {"seconds": …, "loss": …, "accuracy": …}.
"""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "test/fixtures/models"))

import torch
from torch import nn
from torch_rmda import Rmda

from networks import image, networks

task = json.loads(sys.argv[1])
folder = pathlib.Path(task["folder"])
torch.manual_seed(1)
torch.set_num_threads(task["threads"])


def say(**message):
    print(json.dumps(message), flush=True)


def split(name):
    x = torch.frombuffer(bytearray((folder / f"{name}-x").read_bytes()), dtype=torch.uint8)
    y = torch.frombuffer(bytearray((folder / f"{name}-y").read_bytes()), dtype=torch.int32)
    return x.view(-1, *image(task["model"])), y.long()


(x, y), test = split("train"), split("test")
mean, std = (torch.tensor(task[key]).view(1, -1, 1, 1) for key in ("mean", "std"))
net = networks[task["model"]]()
if task["method"] == "rmda":
    optimizer = Rmda(net.parameters(), lr=0.01, c=0.1, penalty=1e-4)
else:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def logits(batch):
    return net((batch.float() / 255 - mean) / std)


def epoch(lr, c=None, restart=False):
    for group in optimizer.param_groups:
        group["lr"] = lr
        if c is not None:
            group["c"] = c
    if restart:
        optimizer.restart()
    net.train()
    total = 0.0
    for at in torch.randperm(len(x)).split(task["batch"]):
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(logits(x[at]), y[at])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(at)
    net.eval()
    with torch.no_grad():
        parts = zip(test[0].split(512), test[1].split(512))
        right = sum((logits(a).argmax(1) == b).sum().item() for a, b in parts)
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, folder / "checkpoint.pt")
    return total / len(x), right / len(test[1])


say(version=f"{torch.__version__} ({torch.backends.cpu.get_cpu_capability()})")
for line in sys.stdin:
    start = time.perf_counter()
    loss, accuracy = epoch(**json.loads(line))
    say(seconds=time.perf_counter() - start, loss=loss, accuracy=accuracy)
