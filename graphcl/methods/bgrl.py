"""BGRL: predict a slow teacher's rows of the other view, without negatives."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from graphcl.arguments import check_whole
from graphcl.losses import BootstrapLoss
from graphcl.methods.checks import Rates, check_temperature
from graphcl.methods.contrast_choice import Choice, ContrastChoice, split_choice
from graphcl.methods.corrupted_views import CorruptedViews, warmed_training
from graphcl.methods.corruption import CorruptedView
from graphcl.methods.published import BY_MODULARITY, PublishedSettings
from graphcl.nn import GCNEncoder, MomentumTeacher, Projector, cosine_momentum


class BGRL(CorruptedViews):
    """Bootstrapped graph latents (BGRL).

    Each step corrupts the graph twice over. The encoder and a predictor turn view v into
    predictions p^v of what the teacher makes of the other view, its rows t, and the other way
    round. The loss (:class:`graphcl.losses.BootstrapLoss`) is ::

        mean over i of  4 - 2 cos(p^1_i, t^2_i) - 2 cos(p^2_i, t^1_i)

    which is twice the authors'. No gradient reaches the teacher: it starts from random weights of
    its own and follows the encoder by a moving average ::

        teacher <- m teacher + (1 - m) encoder,   m = 1 - (1 - momentum) (1 + cos(pi progress)) / 2

    There are no negatives, so there is no ``negatives`` to choose, and the cost is linear in N. The
    embedding is the encoder's output on the uncorrupted graph.

    The encoder's layers are GCN, batch normalisation, PReLU. What differs from the authors' code:
    running statistics take over 1 % of each step's (theirs 99 %, PyTorch's momentum the wrong way
    round).

    Source: Thakoor et al., ICLR 2022, arXiv 2102.06514, and the authors' code, nerdslab/bgrl.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        hidden_width: Width of the layer before.
        predictor_width: Width inside the predictor.
        momentum: Of the teacher at the start, from 0 to 1.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        temperature: Divisor of the cosine, for another ``loss`` that has one.
        loss: ``"bootstrap"``, or a loss of two views by name or as a mapping with ``name`` and its
            parameters: it then compares the predictions of each view with the teacher's rows of the
            other (Chen et al., MoCo v3, arXiv 2104.02057, with InfoNCE).
        **options: ``undirected`` and ``normalize_features``, as in :class:`Grace`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = BGRL(3, width=4, hidden_width=8)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = "no pairs, two encoders: O(E d + N d^2) time, O(N d) memory"
    encoder: GCNEncoder

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 256,
        hidden_width: int = 512,
        predictor_width: int = 512,
        momentum: float = 0.99,
        drop_edges: Rates = (0.4, 0.1),
        mask_features: Rates = (0.1, 0.2),
        temperature: float = 0.5,
        loss: Choice = "bootstrap",
        **options: bool,
    ) -> None:
        widths = [
            check_whole("hidden_width", hidden_width, least=1),
            check_whole("width", width, least=1),
        ]
        super().__init__(
            num_features,
            width=width,
            hidden_width=hidden_width,
            predictor_width=check_whole("predictor_width", predictor_width, least=1),
            momentum=momentum,
            drop_edges=drop_edges,
            mask_features=mask_features,
            temperature=check_temperature(temperature),
            loss=loss,
            **options,
        )
        self.objective = _objective(loss, temperature)
        self.encoder = _encoder(num_features, widths)
        self.predictor = Projector(width, hidden=predictor_width, activation="prelu")
        self.teacher = MomentumTeacher(_encoder(num_features, widths), momentum, copy_buffers=False)

    def compare(self, views: Sequence[CorruptedView], features: Tensor) -> Tensor:
        """The predictions of each view against the teacher's rows of the other."""
        first, second = (self.predictor(view.encode(self.encoder, features)) for view in views)
        target1, target2 = (view.encode(self.teacher, features) for view in views)
        if isinstance(self.objective, BootstrapLoss):
            value: Tensor = self.objective(first, second, targets1=target1, targets2=target2)
        else:
            value = (self.objective(first, target2) + self.objective(second, target1)) / 2
        return value

    def after_step(self) -> None:
        """The teacher follows."""
        momentum = cosine_momentum(self.teacher.momentum, self.progress)
        self.teacher.update(self.encoder, momentum=momentum)


def _objective(loss: Choice, temperature: float) -> BootstrapLoss | ContrastChoice:
    name, parameters = split_choice("loss", loss)
    if name != "bootstrap":
        return ContrastChoice(loss, temperature=temperature)
    if parameters:
        raise ValueError(f"loss: bootstrap has no parameters, got {', '.join(parameters)}")
    return BootstrapLoss()


def _encoder(num_features: int, widths: Sequence[int]) -> GCNEncoder:
    return GCNEncoder(
        num_features, widths, activation="prelu", shared_activation=False, batch_norm=0.01
    )


EPOCHS = 10_000


def _published(
    dataset: str,
    learning_rate: float,
    widths: tuple[int, int],
    edges: tuple[float, float],
    features: tuple[float, float],
    epochs: int = EPOCHS,
    source: str = "the authors' configuration, nerdslab/bgrl",
) -> PublishedSettings:
    hidden, width = widths
    rates = {"drop_edges": edges, "mask_features": features}
    parameters = {"hidden_width": hidden, "width": width, **rates}
    return PublishedSettings(dataset, source, parameters, warmed_training(epochs, learning_rate))


DEFAULT_TRAINING = warmed_training(EPOCHS, 1e-4)
_FALLBACK = (
    "fallback, the authors give none: their row for Photo, twice as wide (as the authors of Graph "
    "Barlow Twins run it there), epochs "
)
SETTINGS = (
    _published("Photo", 1e-4, (256, 128), (0.4, 0.1), (0.1, 0.2)),
    _published("Computers", 5e-4, (256, 128), (0.5, 0.4), (0.2, 0.1)),
    _published("CS", 1e-5, (512, 256), (0.3, 0.2), (0.3, 0.4)),
    *(
        _published(name, 1e-4, (512, 256), (0.4, 0.1), (0.1, 0.2), epochs, _FALLBACK + choice)
        for name, epochs, choice in (
            ("Cora", 3000, BY_MODULARITY),
            ("CiteSeer", 1000, BY_MODULARITY),
            ("PubMed", 3000, "as on Cora"),
        )
    ),
)
