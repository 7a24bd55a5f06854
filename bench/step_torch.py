"""The training step of a network in PyTorch, timed on command. Started by bench/.

    python bench/step_torch.py '{"model": "lenet5", "batch": 128, "threads": 2, "method": "sgd", "compile": false}'

Writes one JSON line when ready; then for every line "N" on stdin it runs N steps and writes {"ms": …, "loss": …, "peak": …}, the
last in bytes of memory that the process has had at most. "compile": the network runs through torch.compile.
"""
import json
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "test/fixtures/models"))


def say(**message):
    print(json.dumps(message), flush=True)


try:
    import torch
    from torch import nn
except ImportError:
    say(error=f"{sys.executable} has no torch")
    sys.exit(1)

from networks import image, networks
from step_networks import exported
from torch_rmda import Rmda


task = json.loads(sys.argv[1])
torch.manual_seed(1)
torch.set_num_threads(task["threads"])
count = task["batch"]
y = torch.randint(0, 10, (count,))
if task["model"] in exported:
    build, sample, holds = exported[task["model"]]
    net = build().train()
else:
    sample, holds = image(task["model"]), "pixels"
    net = networks[task["model"]]().train()
if holds == "pixels":
    x = torch.randint(0, 256, (count, *sample), dtype=torch.uint8)
    mean = std = torch.full((1, sample[0], 1, 1), 0.5)
else:
    x = torch.randint(0, 4096, (count, *sample)) if holds == "tokens" else torch.rand(count, *sample) * 2 - 1
if task["method"] == "rmda":
    optimizer = Rmda(net.parameters(), lr=0.01, c=0.1, penalty=1e-4)
else:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)




def logits():
    return net((x.float() / 255 - mean) / std if holds == "pixels" else x)


def loss_of():
    return nn.functional.cross_entropy(logits(), y)


forward = torch.compile(loss_of) if task.get("compile") else loss_of


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = forward()
    loss.backward()
    optimizer.step()
    return loss.item()


try:
    step()  # torch.compile compiles here
except Exception as error:  # what a compiler can fail with has no common class; the reason is handed on
    if not task.get("compile"):
        raise
    say(error=f"torch.compile: {str(error).splitlines()[0][:200]}")
    sys.exit(1)
say(version=f"{torch.__version__} ({torch.backends.cpu.get_cpu_capability()})")
for line in sys.stdin:
    steps = int(line)
    start = time.perf_counter()
    for _ in range(steps):
        loss = step()
    ms = (time.perf_counter() - start) * 1000 / steps
    say(ms=ms, loss=loss, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
