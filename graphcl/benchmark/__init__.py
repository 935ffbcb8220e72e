"""Benchmarks: suite (what to run) -> runner (run it, resume it) -> store -> report.

Needs the `bench` extra: `pip install "graphcl[bench]"`. From the command line: `graphcl bench`.
"""

from graphcl.benchmark.catalogue import Catalogue
from graphcl.benchmark.cells import Cell, CellResult, plan_cells
from graphcl.benchmark.process import Progress, Task, TaskFailure, WorkerProcesses
from graphcl.benchmark.report import Report, make_report, print_report, write_report
from graphcl.benchmark.runner import RunSummary, run_cells
from graphcl.benchmark.session import run_session
from graphcl.benchmark.store import ResultStore
from graphcl.benchmark.suite import (
    DatasetEntry,
    MethodRow,
    PublishedFigure,
    Suite,
    load_suite,
    parse_suite,
    shipped_suites,
)
from graphcl.benchmark.yaml_source import SuiteError

__all__ = [
    "Catalogue",
    "Cell",
    "CellResult",
    "DatasetEntry",
    "MethodRow",
    "Progress",
    "PublishedFigure",
    "Report",
    "ResultStore",
    "RunSummary",
    "Suite",
    "SuiteError",
    "Task",
    "TaskFailure",
    "WorkerProcesses",
    "load_suite",
    "make_report",
    "parse_suite",
    "plan_cells",
    "print_report",
    "run_cells",
    "run_session",
    "shipped_suites",
    "write_report",
]
