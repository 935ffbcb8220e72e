"""What the README shows must run."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_python_examples_run(capsys) -> None:  # type: ignore[no-untyped-def]
    heterogeneous, training, countries = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    exec(compile(heterogeneous, "README.md", "exec"), {"__name__": "readme"})
    assert "country-country: 646 pairs, 96% within one continent" in capsys.readouterr().out
    exec(compile(training, "README.md", "exec"), {"__name__": "readme"})
    scores = eval(capsys.readouterr().out)
    assert scores["acc"] > 0.5  # chance is .1
    exec(compile(countries, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("country (('country', ")


def test_commands_are_marked() -> None:
    for name in ("run", "test"):
        assert re.search(
            rf"<!-- command: {name} -->\n```sh\npip install -c constraints.txt ", README
        )
