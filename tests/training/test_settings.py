import math

import pytest

from graphcl.training import TrainingSettings


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
        ({"epochs": True}, TypeError, "epochs must be a whole number, got True"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate must be finite and above 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
        ({"weight_decay": -1}, ValueError, "weight_decay must be finite and at least 0, got -1"),
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
        ({"steps": 0}, ValueError, "steps must be at least 1, got 0"),
        ({"final_weights": "lst"}, ValueError, "unknown final_weights 'lst'; did you mean 'last'"),
        ({"steps": 2.5}, TypeError, "steps must be a whole number, got 2.5"),
    ],
)
def test_bad_settings_are_named(fields, error, message):
    with pytest.raises(error, match=message):
        TrainingSettings(**fields)
