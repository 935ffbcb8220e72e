import copy

import pytest
import torch
from torch import nn

from graphcl.nn import MomentumTeacher, cosine_momentum


def student() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def disturb(module: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
    module(torch.randn(5, 3, generator=generator))  # moves the batch statistics


@pytest.mark.parametrize("momentum", [0.0, 0.9, 1.0])
def test_it_follows_slowly(momentum: float) -> None:
    net = student()
    teacher = MomentumTeacher(net, momentum)
    before = copy.deepcopy(net)
    disturb(net, 1)
    teacher.update(net)
    triples = zip(teacher.module.parameters(), before.parameters(), net.parameters(), strict=True)
    for mine, old, new in triples:
        torch.testing.assert_close(mine, momentum * old + (1 - momentum) * new)
        assert not mine.requires_grad
    for mine, new in zip(teacher.module.buffers(), net.buffers(), strict=True):
        assert torch.equal(mine, new)


def test_its_output_has_no_gradient_and_the_student_is_untouched() -> None:
    net = student()
    teacher = MomentumTeacher(net)
    x = torch.randn(5, 3, requires_grad=True)
    assert not teacher(x).requires_grad
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert len(list(teacher.parameters())) == len(list(net.parameters()))


def test_it_resumes_bit_for_bit() -> None:
    net = student()
    teacher = MomentumTeacher(net, 0.9)
    disturb(net, 1)
    teacher.update(net)
    again = MomentumTeacher(student(), 0.9)
    again.load_state_dict(teacher.state_dict())
    disturb(net, 2)
    for each in (teacher, again):
        each.update(net, momentum=0.5)
    for name, value in teacher.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan")])
def test_the_momentum_is_checked(momentum: float) -> None:
    with pytest.raises(ValueError, match=r"momentum must be (from 0 to 1|finite), got"):
        MomentumTeacher(nn.Linear(1, 1), momentum)
    teacher = MomentumTeacher(nn.Linear(1, 1))
    with pytest.raises(ValueError, match=r"momentum must be (from 0 to 1|finite), got"):
        teacher.update(nn.Linear(1, 1), momentum=momentum)


def test_buffers_may_stay_its_own() -> None:
    net = student()
    teacher = MomentumTeacher(net, 0.5, copy_buffers=False)
    disturb(net, 1)
    teacher.update(net)
    assert not teacher.module[1].running_mean.any()
    assert not torch.equal(net[1].running_mean, teacher.module[1].running_mean)


def test_the_momentum_grows_to_one() -> None:
    values = [cosine_momentum(0.99, step / 100) for step in range(101)]
    assert values[0] == 0.99
    assert values[-1] == 1
    assert values == sorted(values)
    with pytest.raises(ValueError, match="progress must be from 0 to 1, got 2"):
        cosine_momentum(0.99, 2)
    with pytest.raises(ValueError, match="momentum must be from 0 to 1, got -1"):
        cosine_momentum(-1, 0)
