"""Benchmarks: suite (what to run) -> runner (run it, resume it) -> store -> report.

Needs the `bench` extra: `pip install "graphcl[bench]"`. From the command line: `graphcl bench`.
"""

from graphcl.benchmark.catalogue import Catalogue
from graphcl.benchmark.cells import Cell, CellResult, plan_cells
from graphcl.benchmark.plan import RowPlan, plan_rows
from graphcl.benchmark.pool import WorkerProcesses
from graphcl.benchmark.report import Report, make_report, print_report, write_report
from graphcl.benchmark.runner import RunSummary, run_cells
from graphcl.benchmark.selection import select_cells
from graphcl.benchmark.session import print_plan, run_session
from graphcl.benchmark.status import print_status
from graphcl.benchmark.store import ResultStore, active_run
from graphcl.benchmark.suite import (
    DatasetEntry,
    MethodRow,
    PublishedFigure,
    Suite,
    load_suite,
    parse_suite,
    shipped_suites,
)
from graphcl.benchmark.tasks import Limits, Progress, Step, Task
from graphcl.benchmark.yaml_source import SuiteError

__all__ = [
    "Catalogue",
    "Cell",
    "CellResult",
    "DatasetEntry",
    "Limits",
    "MethodRow",
    "Progress",
    "PublishedFigure",
    "Report",
    "ResultStore",
    "RowPlan",
    "RunSummary",
    "Step",
    "Suite",
    "SuiteError",
    "Task",
    "WorkerProcesses",
    "active_run",
    "load_suite",
    "make_report",
    "parse_suite",
    "plan_cells",
    "plan_rows",
    "print_plan",
    "print_report",
    "print_status",
    "run_cells",
    "run_session",
    "select_cells",
    "shipped_suites",
    "write_report",
]
