import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

from graphcl.nn import GCNEncoder, compress_features
from graphcl.sampling import NeighbourBatches


def graph(num_nodes=40, num_features=60, num_edges=90, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = (torch.rand(num_nodes, num_features, generator=generator) < 0.04).float()
    return x, torch.randint(num_nodes, (2, num_edges), generator=generator)


def test_equals_two_plain_gcn_layers_in_value_and_gradient():
    x, edge_index = graph()
    encoder = GCNEncoder(60, [8, 4], activation="relu")
    plain = [GCNConv(60, 8), GCNConv(8, 4)]
    for ours, theirs in zip(encoder.layers, plain, strict=True):
        theirs.load_state_dict(ours.state_dict())
    expected = plain[1](plain[0](x, edge_index).relu(), edge_index).relu()
    for features in (x, compress_features(x)):
        encoder.zero_grad()
        found = encoder(features, edge_index)
        torch.testing.assert_close(found, expected)
        for layer in plain:
            layer.zero_grad()
        expected.square().sum().backward(retain_graph=True)
        found.square().sum().backward()
        for ours, theirs in zip(encoder.layers, plain, strict=True):
            torch.testing.assert_close(ours.lin.weight.grad, theirs.lin.weight.grad)
            torch.testing.assert_close(ours.bias.grad, theirs.bias.grad)


def test_compressed_features_are_used():
    assert compress_features(graph()[0]).layout == torch.sparse_csr


def test_permutation_equivariance():
    x, edge_index = graph()
    encoder = GCNEncoder(60, [8, 4], activation="prelu")
    order = torch.randperm(40)
    inverse = order.argsort()
    torch.testing.assert_close(
        encoder(x[order], inverse[edge_index]), encoder(x, edge_index)[order]
    )


def test_layers_share_one_prelu():
    encoder = GCNEncoder(3, [4, 4, 4], activation="prelu")
    assert sum(name.startswith("activation") for name, _ in encoder.named_parameters()) == 1


def test_same_in_autocast():
    x, edge_index = graph()
    encoder = GCNEncoder(60, [8, 4])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = encoder(compress_features(x), edge_index)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, encoder(x, edge_index))


def test_lonely_nodes_and_no_edges():
    encoder = GCNEncoder(2, [3])
    rows = encoder(torch.ones(1, 2), torch.empty(2, 0, dtype=torch.long))
    assert rows.shape == (1, 3)
    assert rows.isfinite().all()


@pytest.mark.parametrize("num_features", [3, 60], ids=["widening", "narrowing"])
@pytest.mark.parametrize("batch_size", [1, 7, 40, 99])
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_give_the_same_rows(num_features, batch_size, weighted):
    x, edge_index = graph(num_features=num_features)
    edge_index = torch.cat([edge_index, edge_index[:, :5], torch.tensor([[3, 3], [3, 3]])], dim=1)
    weight = torch.rand(edge_index.size(1)) if weighted else None
    encoder = GCNEncoder(num_features, [8, 8, 20, 4], activation="prelu")
    for layer in encoder.layers:
        torch.nn.init.normal_(layer.bias)
    expected = encoder(2 * x, edge_index, weight)
    for features, prepare in ((2 * x, None), (x, lambda rows: 2 * rows), (2 * x.double(), None)):
        found = encoder.encode_in_blocks(
            features, edge_index, weight, batch_size=batch_size, prepare=prepare
        )
        assert not found.requires_grad
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected.detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("hops", [1, 2, 3])
@pytest.mark.parametrize("density", [0.04, 1.0], ids=["sparse features", "dense features"])
def test_seeds_alone_have_the_rows_and_gradients_of_the_whole_batch(hops, density):
    x, edge_index = graph(num_edges=60)
    x = x if density < 1 else torch.rand(40, 60)
    data = Data(x=x, edge_index=edge_index, edge_weight=torch.rand(60))
    loader = NeighbourBatches(data, batch_size=6, num_neighbours=[2] * hops)
    encoder = GCNEncoder(60, [8, 4])
    for batch in loader:
        results = []
        for hop_sizes in (batch.num_sampled_nodes, None):
            encoder.zero_grad()
            rows = encoder(
                compress_features(batch.x),
                batch.edge_index,
                batch.edge_weight,
                column_scale=torch.linspace(0, 2, 60),
                hop_sizes=hop_sizes,
            )[: batch.batch_size]
            rows.square().sum().backward()
            results.append([rows, *(parameter.grad.clone() for parameter in encoder.parameters())])
        torch.testing.assert_close(*results)


def test_bad_arguments():
    with pytest.raises(ValueError, match="widths must be at least 1, got 0"):
        GCNEncoder(3, [0])
    with pytest.raises(ValueError, match="at least one layer"):
        GCNEncoder(3, [])
    with pytest.raises(TypeError, match=r"num_features must be a whole number, got 1\.5"):
        GCNEncoder(1.5, [3])
    with pytest.raises(ValueError, match="did you mean 'prelu'"):
        GCNEncoder(3, [3], activation="preluu")


def test_the_last_activation_may_be_left_out():
    x, edge_index = graph()
    encoder = GCNEncoder(60, [8, 4], last_activation=False)
    plain = [GCNConv(60, 8), GCNConv(8, 4)]
    for ours, theirs in zip(encoder.layers, plain, strict=True):
        theirs.load_state_dict(ours.state_dict())
    expected = plain[1](plain[0](x, edge_index).relu(), edge_index)
    torch.testing.assert_close(encoder(x, edge_index), expected)
    in_blocks = encoder.encode_in_blocks(x, edge_index, batch_size=7)
    torch.testing.assert_close(in_blocks, expected)
    assert bool((expected < 0).any())


def test_normalisation_and_activations_of_each_layer():
    x, edge_index = graph()
    encoder = GCNEncoder(60, [8, 4], activation="prelu", shared_activation=False, batch_norm=0.1)
    plain = torch.nn.ModuleList([GCNConv(60, 8), GCNConv(8, 4)])
    plain.load_state_dict(encoder.layers.state_dict())
    norms = [torch.nn.BatchNorm1d(8), torch.nn.BatchNorm1d(4)]
    for eval_mode in (False, True):
        for module in (encoder, *norms):
            module.train(not eval_mode)
        expected = x
        for conv, norm, prelu in zip(plain, norms, encoder.activation, strict=True):
            expected = prelu(norm(conv(expected, edge_index)))
        torch.testing.assert_close(encoder(compress_features(x), edge_index), expected)
    blocks = encoder.encode_in_blocks(x, edge_index, batch_size=7)
    torch.testing.assert_close(blocks, expected)
    names = [name for name, _ in encoder.named_parameters() if name.startswith("activation")]
    assert names == ["activation.0.weight", "activation.1.weight"]
    last = GCNEncoder(60, [8, 4], last_activation=False, batch_norm=0.1)
    assert len(last.norms) == 1
    with pytest.raises(ValueError, match="batch_norm must be from 0 to 1, got 2"):
        GCNEncoder(60, [8], batch_norm=2)


def test_edges_may_keep_their_weights():
    x, edge_index = graph()
    weight = torch.rand(edge_index.size(1))
    encoder = GCNEncoder(60, [4], normalize=False)
    plain = GCNConv(60, 4, normalize=False, add_self_loops=False)
    plain.load_state_dict(encoder.layers[0].state_dict())
    torch.testing.assert_close(encoder(x, edge_index, weight), plain(x, edge_index, weight).relu())
    torch.testing.assert_close(encoder(x, edge_index), plain(x, edge_index).relu())
    with pytest.raises(ValueError, match="edge_weight must be finite and at least 0"):
        encoder(x, edge_index, -weight)
