"""Contrastive objectives, thin over the engine of :mod:`graphcl.contrast`."""

from graphcl.losses.across_ranks import AcrossRanks
from graphcl.losses.approximation_error import ApproximationError
from graphcl.losses.attraction_repulsion import AttractionRepulsionLoss
from graphcl.losses.auc import AUCLoss
from graphcl.losses.barlow_twins import BarlowTwinsLoss
from graphcl.losses.biased_triplet import BiasedTripletLoss
from graphcl.losses.bootstrap import BootstrapLoss
from graphcl.losses.by_name import LossEntry, TwoViewLoss, get_loss, loss_names, make_loss
from graphcl.losses.canonical_correlation import CanonicalCorrelationLoss
from graphcl.losses.debias import debiased_log_sum
from graphcl.losses.group_ordering import GroupOrderingLoss
from graphcl.losses.hallucinated import Hallucinated, HallucinatedPositivesLoss, hallucinate
from graphcl.losses.info_nce import InfoNCELoss
from graphcl.losses.jensen_shannon import JensenShannonLoss
from graphcl.losses.max_margin import MaxMarginLoss
from graphcl.losses.n_contrast import NContrastLoss
from graphcl.losses.neighbour_sparsity import NeighbourSparsityLoss
from graphcl.losses.pamc import PamCLoss
from graphcl.losses.positive_weights import MisesFisherWeights
from graphcl.losses.prototypical import PrototypicalLoss
from graphcl.losses.similarity_distillation import SimilarityDistillationLoss
from graphcl.losses.simple import SimpleContrastiveLoss
from graphcl.losses.swav import SwAVLoss
from graphcl.losses.triplet import TripletMarginLoss
from graphcl.losses.vicreg import VICRegLoss

__all__ = [
    "AUCLoss",
    "AcrossRanks",
    "ApproximationError",
    "AttractionRepulsionLoss",
    "BarlowTwinsLoss",
    "BiasedTripletLoss",
    "BootstrapLoss",
    "CanonicalCorrelationLoss",
    "GroupOrderingLoss",
    "Hallucinated",
    "HallucinatedPositivesLoss",
    "InfoNCELoss",
    "JensenShannonLoss",
    "LossEntry",
    "MaxMarginLoss",
    "MisesFisherWeights",
    "NContrastLoss",
    "NeighbourSparsityLoss",
    "PamCLoss",
    "PrototypicalLoss",
    "SimilarityDistillationLoss",
    "SimpleContrastiveLoss",
    "SwAVLoss",
    "TripletMarginLoss",
    "TwoViewLoss",
    "VICRegLoss",
    "debiased_log_sum",
    "get_loss",
    "hallucinate",
    "loss_names",
    "make_loss",
]
