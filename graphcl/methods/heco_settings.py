"""Settings of HeCo for each data set."""

from __future__ import annotations

from graphcl.methods.published import PublishedSettings
from graphcl.training import TrainingSettings

DEFAULT_TRAINING = TrainingSettings(
    epochs=10_000, learning_rate=8e-4, weight_decay=0.0, patience=30
)

_AUTHORS = "the authors' configuration, liun-online/HeCo code/utils/params.py"

SETTINGS = (
    PublishedSettings(
        "HeCo-ACM",
        f"{_AUTHORS} (the paper says 7 positives, the code has 5)",
        {
            "neighbours": {"author": 7, "subject": 1},
            "temperature": 0.8,
            "drop_features": 0.3,
            "drop_attention": 0.5,
            "num_positives": 5,
            "feature_types": ["paper"],
        },
        TrainingSettings(epochs=10_000, learning_rate=8e-4, weight_decay=0.0, patience=5),
    ),
    PublishedSettings(
        "HeCo-DBLP",
        _AUTHORS,
        {
            "neighbours": {"paper": 6},
            "temperature": 0.9,
            "drop_features": 0.4,
            "drop_attention": 0.35,
            "num_positives": 1000,
            "feature_types": ["author"],
        },
        TrainingSettings(epochs=10_000, learning_rate=8e-4, weight_decay=0.0, patience=30),
    ),
    PublishedSettings(
        "HeCo-AMiner",
        _AUTHORS,
        {
            "neighbours": {"author": 3, "reference": 8},
            "temperature": 0.5,
            "drop_features": 0.5,
            "drop_attention": 0.5,
            "num_positives": 15,
        },
        TrainingSettings(epochs=10_000, learning_rate=3e-3, weight_decay=0.0, patience=40),
    ),
    PublishedSettings(
        "HeCo-Freebase",
        _AUTHORS,
        {
            "neighbours": {"director": 1, "actor": 18, "writer": 2},
            "temperature": 0.5,
            "drop_features": 0.1,
            "drop_attention": 0.3,
            "num_positives": 80,
        },
        TrainingSettings(epochs=10_000, learning_rate=1e-3, weight_decay=0.0, patience=20),
    ),
)
