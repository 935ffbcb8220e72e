"""All methods, from the simplest to the most involved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from graphcl.methods import (
    bgrl,
    cca_ssg,
    control_gcl,
    dcl,
    dgi,
    gbt,
    gca,
    grace_settings,
    graphcl,
    heco_settings,
    infograph,
    joao,
    meow_settings,
    mvgrl,
    mvgrl_graphs,
    ns4gc,
    pamc,
    pamc_gnn,
    progcl,
    scgc,
    simgrace,
    ssgc,
)
from graphcl.methods.adameow import AdaMeow
from graphcl.methods.bgrl import BGRL
from graphcl.methods.cca_ssg import CCASSG
from graphcl.methods.control_gcl import ControlGCL
from graphcl.methods.control_grace import ControlGrace
from graphcl.methods.ctrl import CTRL
from graphcl.methods.dcl import DCL
from graphcl.methods.degree_statistics import DegreeStatistics
from graphcl.methods.dgi import DGI
from graphcl.methods.gbt import GraphBarlowTwins
from graphcl.methods.gca import GCA
from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.graphcl import GraphCL
from graphcl.methods.heco import HeCo
from graphcl.methods.infograph import InfoGraph
from graphcl.methods.joao import JOAO
from graphcl.methods.meow import Meow
from graphcl.methods.metapath_means import MetaPathMeans
from graphcl.methods.method import Method
from graphcl.methods.method_entry import MethodEntry
from graphcl.methods.mvgrl import MVGRL
from graphcl.methods.mvgrl_graphs import MVGRLGraphs
from graphcl.methods.ns4gc import NS4GC
from graphcl.methods.pamc import PamC
from graphcl.methods.pamc_gnn import PamCGNN
from graphcl.methods.progcl import ProGCL
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder, RandomMetaPathEncoder
from graphcl.methods.raw import Raw, RawTarget
from graphcl.methods.scgc import SCGC
from graphcl.methods.simgrace import SimGRACE
from graphcl.methods.ssgc import SSGC
from graphcl.methods.weisfeiler_lehman import WeisfeilerLehman
from graphcl.training import TrainingSettings


def _entry(
    name: str,
    cls: type[Method],
    summary: str,
    *,
    training: TrainingSettings | None = None,
    settings: Sequence[PublishedSettings] = (),
    **others: Any,
) -> MethodEntry:
    nothing = TrainingSettings(epochs=0)
    by_name = MappingProxyType({published.dataset.lower(): published for published in settings})
    return MethodEntry(name, cls, summary, training or nothing, by_name, **others)


ENTRIES: Mapping[str, MethodEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _entry("raw", Raw, "the features as they are", for_heterogeneous=RawTarget),
            _entry(
                "random-encoder",
                RandomEncoder,
                "an untrained graph convolutional encoder",
                for_heterogeneous=RandomMetaPathEncoder,
            ),
            _entry("degree-statistics", DegreeStatistics, "seven numbers of a graph's degrees"),
            _entry(
                "weisfeiler-lehman",
                WeisfeilerLehman,
                "counts of subtrees in a graph (Weisfeiler-Lehman)",
            ),
            _entry("ctrl", CTRL, "what random leaders control in a graph"),
            _entry("metapath-means", MetaPathMeans, "features beside their means over meta-paths"),
            _entry(
                "ssgc",
                SSGC,
                "features smoothed over the graph, without training",
                settings=ssgc.SETTINGS,
            ),
            _entry(
                "grace",
                Grace,
                "two corrupted views, every node against all others",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.SETTINGS,
            ),
            _entry(
                "grace-neighbours",
                GraceNeighbours,
                "grace with graph neighbours as positives instead of negatives",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.taken_over(),
            ),
            _entry(
                "control-grace",
                ControlGrace,
                "grace with views that keep what leaders control",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.taken_over(),
            ),
            _entry(
                "gca",
                GCA,
                "grace with views that keep what central nodes have",
                training=gca.DEFAULT_TRAINING,
                settings=gca.SETTINGS,
            ),
            _entry(
                "progcl",
                ProGCL,
                "gca with negatives weighted by how probably they are true ones",
                training=progcl.DEFAULT_TRAINING,
                settings=progcl.SETTINGS,
            ),
            _entry(
                "dcl",
                DCL,
                "grace with a sum over negatives that is corrected for false ones (debiased)",
                training=dcl.DEFAULT_TRAINING,
                settings=dcl.SETTINGS,
            ),
            _entry(
                "ns4gc",
                NS4GC,
                "two corrupted views, neighbours alike and all others below a threshold",
                training=ns4gc.DEFAULT_TRAINING,
                settings=ns4gc.SETTINGS,
            ),
            _entry(
                "cca-ssg",
                CCASSG,
                "two corrupted views whose features agree and are uncorrelated, no negatives",
                training=cca_ssg.DEFAULT_TRAINING,
                settings=cca_ssg.SETTINGS,
            ),
            _entry(
                "dgi",
                DGI,
                "nodes, and nodes with shuffled features, against a summary of the graph",
                training=dgi.DEFAULT_TRAINING,
                settings=dgi.SETTINGS,
            ),
            _entry(
                "bgrl",
                BGRL,
                "predict a slow teacher's rows of the other view, no negatives",
                training=bgrl.DEFAULT_TRAINING,
                settings=bgrl.SETTINGS,
            ),
            _entry(
                "gbt",
                GraphBarlowTwins,
                "two corrupted views whose features correlate one by one, no negatives",
                training=gbt.DEFAULT_TRAINING,
                settings=gbt.SETTINGS,
            ),
            _entry(
                "mvgrl",
                MVGRL,
                "nodes against a summary of their graph's diffusion, and the other way round",
                training=mvgrl.DEFAULT_TRAINING,
                settings=[*mvgrl.SETTINGS, *mvgrl_graphs.SETTINGS],
                for_graphs=MVGRLGraphs,
                training_of_graphs=mvgrl_graphs.DEFAULT_TRAINING,
            ),
            _entry(
                "graphcl",
                GraphCL,
                "a graph against a randomly changed copy, against all others",
                training=graphcl.DEFAULT_TRAINING,
                settings=graphcl.SETTINGS,
            ),
            _entry(
                "simgrace",
                SimGRACE,
                "a graph against itself, seen by an encoder with noise on its weights",
                training=simgrace.DEFAULT_TRAINING,
                settings=simgrace.SETTINGS,
            ),
            _entry(
                "joao",
                JOAO,
                "graphcl that draws hard augmentations more often",
                training=joao.DEFAULT_TRAINING,
                settings=joao.SETTINGS,
            ),
            _entry(
                "infograph",
                InfoGraph,
                "every node against all graphs, its own is the positive",
                training=infograph.DEFAULT_TRAINING,
                settings=infograph.SETTINGS,
            ),
            _entry(
                "control-gcl",
                ControlGCL,
                "a graph against a copy whose leaders control as much",
                training=control_gcl.DEFAULT_TRAINING,
            ),
            _entry(
                "scgc",
                SCGC,
                "clusters and an exact contrast of neighbours with all, encoder without the graph",
                training=scgc.DEFAULT_TRAINING,
                settings=scgc.SETTINGS,
            ),
            _entry(
                "pamc",
                PamC,
                "clusters and a contrast with them instead of all nodes (meta-nodes)",
                training=pamc.DEFAULT_TRAINING,
                settings=pamc.SETTINGS,
            ),
            _entry(
                "pamc-gnn",
                PamCGNN,
                "two corrupted views, a node and its neighbours against meta-nodes",
                training=pamc_gnn.DEFAULT_TRAINING,
            ),
            _entry(
                "heco",
                HeCo,
                "what touches a node against what its meta-paths reach",
                training=heco_settings.DEFAULT_TRAINING,
                settings=heco_settings.SETTINGS,
            ),
            _entry(
                "meow",
                Meow,
                "meta-path graphs against their contexts, negatives weighted by clusters",
                training=meow_settings.MEOW_TRAINING,
                settings=meow_settings.MEOW_SETTINGS,
            ),
            _entry(
                "adameow",
                AdaMeow,
                "meow with weights of the negatives that are learned",
                training=meow_settings.ADAMEOW_TRAINING,
                settings=meow_settings.ADAMEOW_SETTINGS,
            ),
        )
    }
)
