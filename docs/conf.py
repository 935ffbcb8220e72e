"""How Sphinx builds this documentation: `sphinx-build -W -b html docs docs/_build/html`.

Warnings are errors and every reference must resolve (`nitpicky`). The build needs no network: the
inventories of other projects are small files of our own, see make_inventories.py.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "extensions"), str(DOCS.parent)]

from graphcl import __version__  # noqa: E402

project = "graphcl"
author = "The graphcl developers"
copyright = "The graphcl developers, MIT licence"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "myst_nb",
    # docs/extensions/:
    "command_line_page",
    "data_set_page",
    "method_page",
    "public_names",
]
exclude_patterns = ["_build", "inventories", "extensions", "**/.ipynb_checkpoints"]
nitpicky = True
# Types of parameters that only graphcl itself passes, and of what only graphcl itself reads.
nitpick_ignore = [
    ("py:class", name)
    for name in (
        "Console",
        "DataCheck",
        "Fabric",
        "Executor",
        "Fingerprint",
        "graphcl.augmentations.sparse_rows.SparseRows",
        "graphcl.benchmark.aggregate.DatasetStatistics",
        "graphcl.contrast.pairs.PairMasks",
        "graphcl.contrast.rows.SharedPass",
        # Aliases: of texts that are allowed, of type variables, of torch.nn.
        *(
            "Choice",
            "ClusterOrder",
            "Mode",
            "PamCOrder",
            "Rates",
            "Solver",
            "Module",
            "graphcl.nn.momentum.Module",
            "nn.Module",
        ),
        *("MetaPathLike", "Neighbours", "PathText", "Normalize", "graphcl.nn.node_types.Product"),
        "torch._C.Generator",
        *("scipy.sparse._base.sparray", "scipy.sparse._matrix.spmatrix"),
    )
]

# Docstrings are Google style; `x` and ``x`` both mean code.
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Shapes", "Source"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_class_signature = "mixed"

# Local inventories only: the build is the same with and without a network, and never waits for one.
intersphinx_mapping = {
    name: (url, str(DOCS / "inventories" / f"{name}.inv"))
    for name, url in {
        "python": "https://docs.python.org/3",
        "numpy": "https://numpy.org/doc/stable",
        "networkx": "https://networkx.org/documentation/stable",
        "scipy": "https://docs.scipy.org/doc/scipy",
        "sklearn": "https://scikit-learn.org/stable",
        "torch": "https://docs.pytorch.org/docs/stable",
        "torch_geometric": "https://pytorch-geometric.readthedocs.io/en/stable",
    }.items()
}
intersphinx_timeout = 5

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks' committed outputs; pytest --nbmake runs them

html_theme = "furo"
html_title = "graphcl"
html_static_path = ["static"]
html_css_files = ["own.css"]
html_theme_options = {"navigation_with_keys": True}
highlight_language = "none"  # of "::" blocks: mostly formulas
pygments_style = "friendly"
pygments_dark_style = "native"
