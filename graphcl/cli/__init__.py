"""The command line: `graphcl bench`, `graphcl datasets`, `graphcl methods`."""

import sys

BENCH_EXTRA = ("typer", "rich", "pydantic", "matplotlib", "psutil", "pandas")
INSTALL = 'graphcl: the command line needs the bench extra: pip install "graphcl[bench]"'

try:
    from graphcl.cli.app import app, run
except ModuleNotFoundError as error:
    if error.name not in BENCH_EXTRA:
        raise
    print(INSTALL, file=sys.stderr)
    raise SystemExit(2) from None

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the command `graphcl`."""
    try:
        run()
    except ModuleNotFoundError as error:
        if error.name not in BENCH_EXTRA:
            raise
        print(INSTALL, file=sys.stderr)
        raise SystemExit(2) from None
