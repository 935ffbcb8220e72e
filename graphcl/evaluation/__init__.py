"""Evaluation of frozen embeddings: protocols, probe, clustering scores, summaries."""

from graphcl.evaluation.best_epoch import BEST_EPOCH, BestEpoch
from graphcl.evaluation.clustering_scores import (
    Conductance,
    Matching,
    clustering_metrics,
    conductance,
    contingency_table,
    match_clusters,
    modularity,
)
from graphcl.evaluation.geometry import alignment, effective_rank, tolerance, uniformity
from graphcl.evaluation.graph_classification import GraphClassification, graph_classification
from graphcl.evaluation.probe import LinearProbe, fit_linear_probe, linear_probe
from graphcl.evaluation.probe_settings import PROBE_SETTINGS, ProbeSettings, probe_settings
from graphcl.evaluation.protocol_scores import FOLD_STD, cluster_embeddings, evaluate
from graphcl.evaluation.protocols import PROTOCOLS, Protocol, Split, get_protocol, make_split
from graphcl.evaluation.restarted_probe import restarted_probe
from graphcl.evaluation.restarts import RESTART_STD
from graphcl.evaluation.scaffold_probe import scaffold_probe
from graphcl.evaluation.summary import Summary, summarise

__all__ = [
    "BEST_EPOCH",
    "FOLD_STD",
    "PROBE_SETTINGS",
    "PROTOCOLS",
    "RESTART_STD",
    "BestEpoch",
    "Conductance",
    "GraphClassification",
    "LinearProbe",
    "Matching",
    "ProbeSettings",
    "Protocol",
    "Split",
    "Summary",
    "alignment",
    "cluster_embeddings",
    "clustering_metrics",
    "conductance",
    "contingency_table",
    "effective_rank",
    "evaluate",
    "fit_linear_probe",
    "get_protocol",
    "graph_classification",
    "linear_probe",
    "make_split",
    "match_clusters",
    "modularity",
    "probe_settings",
    "restarted_probe",
    "scaffold_probe",
    "summarise",
    "tolerance",
    "uniformity",
]
