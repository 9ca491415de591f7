"""Shared by all stages: atomic file writes, the log, the learning-rate schedule, averaged weights."""
import math
import os
import time

import torch


def pick_device(name):
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def write_atomic(path, write):
    """write(temporary path) writes the file, which is then renamed: a reader never sees half of it."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    write(path + ".tmp")
    os.replace(path + ".tmp", path)


def save_pt(path, value):
    write_atomic(path, lambda p: torch.save(value, p))


def load_pt(path):
    return torch.load(path, map_location="cpu", weights_only=True)


class Log:
    def __init__(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.file = open(path, "a", buffering=1)

    def __call__(self, text):
        line = time.strftime("%H:%M:%S ") + text
        print(line, flush=True)
        self.file.write(line + "\n")


def schedule(done, warm=0.02, floor=0.03):
    """Learning-rate factor for the fraction `done` of a run: linear warm-up, then cosine."""
    if done < warm:
        return max(done / warm, 1e-3)
    x = min((done - warm) / (1 - warm), 1)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * x))


def remember_rates(optimizers):
    """The configured rates are the maxima of the schedule."""
    for group in groups(optimizers):
        group["full_lr"] = group["lr"]


def set_rates(optimizers, factor):
    for group in groups(optimizers):
        group["lr"] = group["full_lr"] * factor


def load_optimizers(optimizers, states):
    """Loads the states of a snapshot with the rates of this run. Without states (from a checkpoint) they start anew."""
    for optimizer, state in zip(optimizers, states):
        rates = [group["full_lr"] for group in optimizer.param_groups]
        optimizer.load_state_dict(state)
        for group, rate in zip(optimizer.param_groups, rates):
            group["full_lr"] = rate


def groups(optimizers):
    return [group for optimizer in optimizers for group in optimizer.param_groups]


class Ema:
    """Exponential moving averages of the weights, which are exported."""

    def __init__(self, modules, decay):
        self.modules, self.decay, self.step = modules, decay, 0
        self.shadow = [{k: v.detach().clone() for k, v in m.state_dict().items()} for m in modules]

    @torch.no_grad()
    def update(self):
        self.step += 1
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        for module, shadow in zip(self.modules, self.shadow):
            live = module.state_dict()
            floats = [k for k in shadow if shadow[k].is_floating_point() and shadow[k].numel()]
            torch._foreach_lerp_([shadow[k] for k in floats], [live[k] for k in floats], 1 - decay)

    def load(self, states, step):
        self.step = step
        for shadow, state in zip(self.shadow, states):
            for k in shadow:
                shadow[k].copy_(state[k])
