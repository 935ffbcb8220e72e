"""A small catalogue, suite and executor, so that tests need neither torch nor training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from graphcl.benchmark import Catalogue, Cell, CellResult, Progress, Suite, Task, parse_suite

BOTH = frozenset({"node", "graph"})
NODE = frozenset({"node"})
CATALOGUE = Catalogue(
    methods={"raw": BOTH, "ssgc": NODE, "grace": NODE},
    datasets={"Cora": "node", "digits": "node", "digit-graphs": "graph"},
    protocols={"P-PUB": "probe", "P-RND2": "probe", "P-CLU": "clustering"},
    parameters={"raw": [], "ssgc": ["steps"], "grace": ["temperature", "epochs"]},
)
SUITE = """\
name: small
datasets: [digits]
methods: [raw, ssgc]
evaluations: [P-RND2, P-CLU]
seeds: 3
"""


def suite(text: str = SUITE) -> Suite:
    return parse_suite(text, catalogue=CATALOGUE)


def fingerprint(dataset: str, method: str, parameters: object) -> dict[str, object]:
    return {"dataset": dataset, "method": [method, 1], "parameters": parameters}


def result(cell: Cell, shift: float = 0.0) -> CellResult:
    value = {"raw": 0.5, "ssgc": 0.7, "grace": 0.8}[cell.method] + 0.01 * cell.seed + shift
    if cell.protocol == "P-CLU":
        metrics = {"acc": value, "nmi": value - 0.1, "conductance": 1 - value, "clusters": 10.0}
    else:
        metrics = {"accuracy": value, "macro_f1": value - 0.02}
    return CellResult(
        cell=cell,
        status="done",
        metrics=metrics,
        settings_source=f"defaults of {cell.method}",
        seconds_training=2.0,
        seconds_evaluation=0.1,
        peak_memory_mib=500.0,
        versions={"graphcl": "0.1.0"},
        machine={"processor": "a processor", "cores": 2, "memory_gib": 8.0, "system": "Linux"},
        timestamp="2026-01-01T00:00:00+00:00",
    )


class FakeExecutor:
    """Remembers what it was asked; `answer` may return something else than a good result."""

    def __init__(self, answer: Callable[[Cell], CellResult] = result) -> None:
        self.asked: list[Cell] = []
        self.tasks: list[Task] = []
        self.answer = answer
        self.options: dict[str, object] = {}  # of the processes it stands for

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Cell, CellResult | Progress]]:
        for task in tasks:
            self.tasks.append(task)
            yield task.cells[0], Progress("working")
            for cell in task.cells:
                self.asked.append(cell)
                yield cell, self.answer(cell)
