"""The training step of a built-in model in PyTorch, timed on command. Started by bench/step.ts.

    python bench/step_torch.py '{"model": "lenet5", "batch": 128, "threads": 2, "method": "sgd"}'

Writes one JSON line when ready; then for every line "N" on stdin it runs N steps and writes {"ms": …, "loss": …}.
"""
import json
import math
import pathlib
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


class Rmda(torch.optim.Optimizer):
    """RMDA with the group lasso on input channels (Huang & Lee 2022), with the settings of bench/method.ts."""

    def __init__(self, parameters, lr, c, penalty):
        super().__init__(parameters, {"lr": lr, "c": c, "penalty": penalty})
        self.t, self.alpha = 0, 0.0

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            beta = math.sqrt(self.t)
            s = group["lr"] * beta
            self.alpha += s
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["w0"], state["v"] = p.clone(), torch.zeros_like(p)
                state["v"].add_(p.grad, alpha=s)
                w = state["w0"] - state["v"] / beta
                if p.dim() in (2, 4):
                    axes = [0, 2, 3][: p.dim() - 1]
                    threshold = self.alpha / beta * group["penalty"] * math.sqrt(p.numel() / p.shape[1])
                    norm = torch.linalg.vector_norm(w, dim=axes, keepdim=True)
                    w.mul_(torch.relu(1 - threshold / norm.clamp_min(1e-30)))
                p.mul_(1 - group["c"]).add_(w, alpha=group["c"])


task = json.loads(sys.argv[1])
torch.manual_seed(1)
torch.set_num_threads(task["threads"])
net = networks[task["model"]]().train()
sample = image(task["model"])
x = torch.randint(0, 256, (task["batch"], *sample), dtype=torch.uint8)
y = torch.randint(0, 10, (task["batch"],))
mean = std = torch.full((1, sample[0], 1, 1), 0.5)
if task["method"] == "rmda":
    optimizer = Rmda(net.parameters(), lr=0.01, c=0.1, penalty=1e-4)
else:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def step():
    optimizer.zero_grad(set_to_none=True)
    logits = net((x.float() / 255 - mean) / std)
    loss = nn.functional.cross_entropy(logits, y)
    loss.backward()
    optimizer.step()
    return loss.item()


say(version=torch.__version__)
for line in sys.stdin:
    count = int(line)
    start = time.perf_counter()
    for _ in range(count):
        loss = step()
    say(ms=(time.perf_counter() - start) * 1000 / count, loss=loss)
