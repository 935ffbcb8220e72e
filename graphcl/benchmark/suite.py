"""A benchmark suite: data sets x methods x seeds x evaluations, and the figures to stand beside.

A suite is a YAML file. The smallest one:

    name: mine
    datasets: [digits]
    methods: [raw, ssgc]
    evaluations: [P-CLU]

`graphcl/benchmark/suites/` holds the suites that are shipped; `node-level.yaml` shows most fields.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    ValidationError,
)

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.benchmark.catalogue import Catalogue, check_suite
from graphcl.benchmark.yaml_source import SuiteError, YamlSource, read_yaml

DEFAULT_SEEDS = 5
# What pydantic calls by words of its own.
PLAIN_WORDS = {
    "list_type": "must be a list",
    "string_type": "must be a text",
    "dict_type": "must be a mapping",
    "model_type": "must be a name or a mapping",
    "string_pattern_mismatch": "must be letters, digits, '.', '_' and '-' (not first)",
}


def _method_from_text(value: Any) -> Any:
    return {"method": value} if isinstance(value, str) else value


def _dataset_from_text(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _seeds_from_count(value: Any) -> Any:
    """`seeds: 5` means the seeds 0, 1, 2, 3, 4."""
    if isinstance(value, list):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a number of seeds or a list of them, got {value!r}")
    if value < 1:
        raise ValueError(f"at least one seed is needed, got {value}")
    return list(range(value))


Seeds = Annotated[
    list[Annotated[int, Field(ge=0, lt=2**32)]],
    BeforeValidator(_seeds_from_count),
    Field(min_length=1),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class MethodRow(_Strict):
    """One row of the tables: a method with its parameters.

    Attributes:
        method: Registered name (`graphcl methods`).
        label: Name of the row; needed where one method appears twice. Default: the method's name.
        parameters: Method parameters and training settings, on top of the published ones.
        per_dataset: Data set name -> parameters that hold there only, on top of `parameters`.
    """

    method: str
    label: str = Field(default="", max_length=40)
    parameters: dict[str, Any] = {}
    per_dataset: dict[str, dict[str, Any]] = {}

    @property
    def name(self) -> str:
        """The label, or the method's name where no label is given."""
        return self.label or self.method

    def parameters_for(self, dataset: str) -> dict[str, Any]:
        """The parameters of this row on one data set (names compare case-insensitively)."""
        special = {key.lower(): value for key, value in self.per_dataset.items()}
        return {**self.parameters, **special.get(dataset.lower(), {})}


class DatasetEntry(_Strict):
    """A data set of the suite.

    Attributes:
        name: Name of its card (`graphcl datasets`).
        methods: Labels of the rows to run on it. Default: all rows.
        evaluations: Protocol ids to use on it. Default: those of the suite.
        seeds: A number n (seeds 0..n-1) or a list of seeds. Default: those of the suite.
    """

    name: str
    methods: list[str] | None = Field(default=None, min_length=1)
    evaluations: list[str] | None = Field(default=None, min_length=1)
    seeds: Seeds | None = None


class PublishedFigure(_Strict):
    """A figure from the literature, in percent, that stands beside ours.

    Attributes:
        dataset: Name of the data set.
        method: Label of the row it stands beside, or a name of the suite's `literature`.
        protocol: Protocol id under which it was measured. It stands beside our figure only where
            the ids agree; otherwise it is listed under the table.
        metric: Name of the metric, as the evaluation calls it.
        value: Percent.
        std: Standard deviation in percentage points, where published.
        source: Where it was read.
    """

    dataset: str
    method: str
    protocol: str
    metric: str = "accuracy"
    value: float = Field(ge=-100, le=100)
    std: float | None = Field(default=None, ge=0, le=100)
    source: str = Field(min_length=1)


class Suite(_Strict):
    """What to run. See the module's docstring for the file format.

    Attributes:
        name: Name of the suite, also of its folder under `results/`.
        description: One or two sentences for the report.
        datasets: Data sets, in the order of the report.
        methods: Rows, in the order of the report.
        evaluations: Protocol ids.
        seeds: A number n (seeds 0..n-1) or a list of seeds. A seed fixes split, encoder and probe.
        literature: Names of methods that are not run here, only published: their figures stand in
            rows of their own, under ours.
        published: Figures from the literature.
        timeout: Seconds that each step of a cell may take: loading the data, training a seed (which
            all evaluations of the seed share), evaluating. What exceeds it fails, the rest goes on.
        memory: GiB of memory that the process of a cell may hold, libraries (about 0.5) included.
        quick: What ``--quick`` runs, with one seed: data sets, rows or ``dataset/row`` as for
            ``--only``. Meant to take ten minutes at most.
        sort: Whether tables show the best row first (by their first metric), not the suite's order.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)
    description: str = ""
    datasets: list[Annotated[DatasetEntry, BeforeValidator(_dataset_from_text)]] = Field(
        min_length=1
    )
    methods: list[Annotated[MethodRow, BeforeValidator(_method_from_text)]] = Field(min_length=1)
    evaluations: list[str] = Field(min_length=1)
    seeds: Seeds = list(range(DEFAULT_SEEDS))
    literature: list[Annotated[str, Field(min_length=1, max_length=40)]] = []
    published: list[PublishedFigure] = []
    timeout: PositiveFloat | None = None
    memory: PositiveFloat | None = None
    quick: list[Annotated[str, Field(min_length=1)]] = []
    sort: bool = False

    def rows_for(self, dataset: DatasetEntry) -> list[MethodRow]:
        """The rows that run on a data set, in the order of the suite."""
        if dataset.methods is None:
            return list(self.methods)
        return [row for row in self.methods if row.name in dataset.methods]

    def evaluations_for(self, dataset: DatasetEntry) -> list[str]:
        """The protocol ids of a data set."""
        return self.evaluations if dataset.evaluations is None else dataset.evaluations

    def seeds_for(self, dataset: DatasetEntry) -> list[int]:
        """The seeds of a data set."""
        return self.seeds if dataset.seeds is None else dataset.seeds

    def with_seeds(self, count: int) -> Suite:
        """The same suite with the seeds 0..count-1, on every data set."""
        check_whole("seeds", count, least=1)
        datasets = [entry.model_copy(update={"seeds": None}) for entry in self.datasets]
        return self.model_copy(update={"seeds": list(range(count)), "datasets": datasets})

    def restricted_to(self, datasets: Collection[str], rows: Collection[str]) -> Suite:
        """The same suite with these data sets and rows alone.

        What is published of them stays, and of methods that are not run here.
        """
        left_out = {row.name for row in self.methods if row.name not in rows}
        return self.model_copy(
            update={
                "datasets": [entry for entry in self.datasets if entry.name in datasets],
                "methods": [row for row in self.methods if row.name in rows],
                "published": [
                    figure
                    for figure in self.published
                    if figure.dataset in datasets and figure.method not in left_out
                ],
            }
        )

    def with_memory(self, gib: float) -> Suite:
        """The same suite with another limit on the memory of a process, in GiB."""
        if check_number("memory", gib) <= 0:
            raise ValueError(f"memory must be above 0 (GiB), got {gib}")
        return self.model_copy(update={"memory": float(gib)})


def shipped_suites() -> list[str]:
    """Names of the suites that come with graphcl.

    Example:
        >>> shipped_suites()
        ['graph-classification', 'heterogeneous', 'losses', 'node-clustering', 'node-level', \
'quick']
    """
    folder = resources.files("graphcl.benchmark") / "suites"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def load_suite(source: str | Path, *, catalogue: Catalogue | None = None) -> Suite:
    """Read and check a suite.

    Args:
        source: Name of a shipped suite (`quick`) or path of a YAML file.
        catalogue: Which methods, data sets and protocols exist. Default: all that are installed.

    Raises:
        FileNotFoundError: Neither a shipped suite nor a file.
        SuiteError: The suite cannot be run; file, line, column, field and what is allowed.
    """
    text, name = _read(source)
    return parse_suite(text, name=name, catalogue=catalogue)


def parse_suite(text: str, *, name: str = "suite", catalogue: Catalogue | None = None) -> Suite:
    """Check a suite that is given as YAML text.

    Args:
        text: The YAML text.
        name: What to call it in messages.
        catalogue: Which methods, data sets and protocols exist. Default: all that are installed.

    Raises:
        SuiteError: The suite cannot be run; line, column, field and what is allowed.
    """
    source = read_yaml(text, name=name)
    if not isinstance(source.content, dict):
        raise SuiteError(
            f"{name}: a suite is a mapping with the fields {_fields(Suite)}, "
            f"got a {type(source.content).__name__}"
        )
    try:
        suite = Suite.model_validate(source.content)
    except ValidationError as error:
        raise SuiteError(_explain(error, source)) from None
    catalogue = Catalogue.installed() if catalogue is None else catalogue
    problems = check_suite(suite, catalogue)
    if problems:
        location, message = problems[0]
        raise SuiteError(f"{source.place(location)}: {message}{_others(len(problems) - 1)}")
    return _with_card_names(suite, catalogue)


def _with_card_names(suite: Suite, catalogue: Catalogue) -> Suite:
    """Spell every data set as its card does: `cora` and `Cora` are the same cells."""
    spelling = {name.lower(): name for name in catalogue.datasets}
    datasets = [d.model_copy(update={"name": spelling[d.name.lower()]}) for d in suite.datasets]
    published = [
        figure.model_copy(update={"dataset": spelling[figure.dataset.lower()]})
        for figure in suite.published
    ]
    return suite.model_copy(update={"datasets": datasets, "published": published})


def _read(source: str | Path) -> tuple[str, str]:
    shipped = shipped_suites()
    if isinstance(source, str) and source in shipped:
        file = resources.files("graphcl.benchmark") / "suites" / f"{source}.yaml"
        return file.read_text(encoding="utf-8"), f"{source}.yaml"
    path = Path(source)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; a suite is a YAML file")
    if not path.is_file():
        message = unknown_name("suite", str(source), shipped)
        raise FileNotFoundError(f"{message}; nor is there a YAML file of that name")
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path}: not a UTF-8 text file (byte {error.start})") from None


def _explain(error: ValidationError, source: YamlSource) -> str:
    """The first thing that pydantic found, said in one line."""
    # A misspelt field is missing and unknown at once: the unknown one says more.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    location = [step for step in first["loc"] if isinstance(step, int | str)]
    kind = first["type"]
    if kind == "missing":
        message = f"field {location[-1]!r} is missing"
        place = source.place(location[:-1])
    elif kind == "extra_forbidden":
        model = _model_at(location)
        message = unknown_name("field", str(location[-1]), model.model_fields)
        place = source.place(location)
    else:
        given = first["input"]
        message = PLAIN_WORDS.get(kind, first["msg"].removeprefix("Value error, "))
        message = message.replace("Input should be", "must be")
        message = message[0].lower() + message[1:]
        if "got" not in message:
            message = f"{message}, got {_shorten(given)}"
        place = source.place(location)
    return f"{place}: {message}{_others(error.error_count() - 1)}"


def _model_at(location: list[int | str]) -> type[BaseModel]:
    models: dict[int | str, type[BaseModel]] = {
        "methods": MethodRow,
        "datasets": DatasetEntry,
        "published": PublishedFigure,
    }
    return models.get(location[0], Suite) if len(location) > 1 else Suite


def _fields(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


def _shorten(value: Any, length: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _others(count: int) -> str:
    if count < 1:
        return ""
    return f" (and {count} more problem{'s' if count > 1 else ''})"
