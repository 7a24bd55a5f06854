"""RMDA with the group lasso on input channels (Huang & Lee 2022) in PyTorch: the other side of the benchmarks."""
import math

import torch


class Rmda(torch.optim.Optimizer):
    def __init__(self, parameters, lr, c, penalty):
        super().__init__(parameters, {"lr": lr, "c": c, "penalty": penalty})
        self.restart()

    def restart(self):
        """Begins anew from the weights as they stand."""
        self.t, self.alpha = 0, 0.0
        self.state.clear()

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
