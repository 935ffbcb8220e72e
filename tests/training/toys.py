"""Small methods and helpers that the tests of training and of checkpoints share."""

import random

import numpy as np
import torch
from torch import nn

from graphcl.methods import Method
from graphcl.training import TrainingSettings


class Toy(Method):
    """Draws from all three generators, has dropout, a running mean and an extra state."""

    def __init__(self, num_features=4, *, scale=1.0):
        super().__init__(num_features, scale=scale)
        self.layer = nn.Sequential(nn.Linear(num_features, 3), nn.BatchNorm1d(3), nn.Dropout(0.3))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.scale, self.calls = scale, []

    def setup(self, data):
        self.calls.append("setup")

    def before_epoch(self, epoch, data):
        self.calls.append(("before", epoch))

    def after_step(self):
        self.steps += 1

    def loss(self, data):
        noise = random.random() + np.random.random() + torch.rand(())  # noqa: NPY002
        rows = self.layer(data.x)
        return self.scale * (rows.square().mean() + (rows[0] - noise).square().mean())

    def encode(self, data):
        return self.layer(data.x)


class Scripted(Method):
    """Its losses are given; its only weight counts the steps."""

    def __init__(self, losses, *, monitor="loss"):
        super().__init__(4)
        self.losses, self.monitor = list(losses), monitor
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("epoch", torch.zeros((), dtype=torch.long))

    def loss(self, data):
        value = self.losses[int(self.epoch)]
        self.epoch += 1
        return value + self.weight - self.weight.detach()

    def encode(self, data):
        return data.x * self.weight


def toy(seed=0, **arguments):
    torch.manual_seed(seed)
    return Toy(**arguments)


SETTINGS = TrainingSettings(epochs=6, learning_rate=0.05, weight_decay=1e-3)
PATIENT = TrainingSettings(epochs=12, learning_rate=0.05, patience=3)


class Stop(Exception):
    pass


def interrupted_at(epoch):
    def on_epoch(now, loss):
        if now == epoch:
            raise Stop

    return on_epoch


def assert_same_state(first, second):
    for (name, a), b in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
