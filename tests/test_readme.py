"""What the README shows must run."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_python_example_runs(capsys) -> None:  # type: ignore[no-untyped-def]
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    scores = eval(capsys.readouterr().out)
    assert scores["acc"] > 0.5  # chance is .1


def test_commands_are_marked() -> None:
    for name in ("run", "test"):
        assert re.search(
            rf"<!-- command: {name} -->\n```sh\npip install -c constraints.txt ", README
        )
