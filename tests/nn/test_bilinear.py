import pytest
import torch

from graphcl.nn import BilinearScore, summary_readout


def test_scores_are_those_of_torchs_bilinear() -> None:
    score = BilinearScore(4)
    torch.nn.init.normal_(score.weight)
    torch.nn.init.ones_(score.bias)
    plain = torch.nn.Bilinear(4, 4, 1)
    plain.load_state_dict({"weight": score.weight[None], "bias": score.bias})
    rows, summary = torch.randn(5, 4), torch.randn(1, 4)
    torch.testing.assert_close(score(rows, summary), plain(rows, summary.expand(5, 4)))
    torch.testing.assert_close(score(rows, summary), rows @ score.weigh(summary).T + 1)


def test_the_summary_is_the_logistic_function_of_the_mean() -> None:
    rows = torch.randn(7, 3)
    torch.testing.assert_close(summary_readout(rows)[0], rows.mean(0).sigmoid())
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        BilinearScore(0)
