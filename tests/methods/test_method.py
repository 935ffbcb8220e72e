import pytest
import torch

from graphcl.methods import Method


class Broken(Method):
    def encode(self, data):
        return data.x / 0


def test_embedding_that_is_not_finite_is_refused(graph):
    with pytest.raises(ValueError, match=r"Broken\.embed gave NaN or infinite values"):
        Broken(6).embed(graph)


def test_mode_is_restored_when_encoding_fails(graph):
    method = Broken(6)
    with pytest.raises(ValueError, match="Broken"):
        method.embed(graph)
    assert method.training


def test_a_method_without_loss_says_so(graph):
    with pytest.raises(TypeError, match="Broken has no loss"):
        Broken(6).loss(graph)


def test_bad_number_of_features():
    with pytest.raises(ValueError, match="num_features must be at least 1, got 0"):
        Broken(0)
    with pytest.raises(TypeError, match="num_features must be a whole number, got '6'"):
        Broken("6")


def test_encode_is_required():
    with pytest.raises(TypeError, match="encode"):
        Method(3)


def test_data_that_is_no_graph():
    with pytest.raises(TypeError, match=r"data must be a Data.* or a sequence of Data"):
        Broken(6).embed(torch.ones(3, 6))


def test_a_method_that_embeds_only_whole_graphs_says_so(graph):
    with pytest.raises(ValueError, match=r"Broken\.embed has no batch_size for a single graph"):
        Broken(6).embed(graph, batch_size=3)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        Broken(6).embed(graph, batch_size=0)
