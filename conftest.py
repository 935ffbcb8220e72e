"""For all tests and doctests: a cache of their own, and no deadlines on a shared machine."""

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """What loaders write must not land in the cache of the user."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("GRAPHCL_CACHE")
        os.environ["GRAPHCL_CACHE"] = folder
        yield
        if before is None:
            del os.environ["GRAPHCL_CACHE"]
        else:
            os.environ["GRAPHCL_CACHE"] = before
