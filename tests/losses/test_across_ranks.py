"""W processes equal one: through torchrun, and alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from graphcl.losses import AcrossRanks, InfoNCELoss

PROGRAM = Path(__file__).with_name("ranks_program.py")


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_equal_one_process_in_value_and_gradient(ranks: int) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(ranks), str(PROGRAM)]
    path = os.pathsep.join([str(PROGRAM.parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"agree on {ranks} ranks" in done.stdout


def test_alone_it_is_the_loss_itself() -> None:
    z1, z2 = torch.randn(2, 5, 3)
    loss = InfoNCELoss(0.5, intra_view=True)
    assert torch.equal(AcrossRanks(loss)(z1, z2), loss(z1, z2))


def test_terms_of_other_ranks_are_not_here() -> None:
    with pytest.raises(ValueError, match="loss must have reduction='mean'"):
        AcrossRanks(InfoNCELoss(reduction="none"))
