"""What the documents say is true today: their commands run, what they print is what runs print, their words are the code's."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import scenarios.schema
import trinn
from scenarios.schema import REASONS, SEVERITIES, STEPS
from sim.records import COLUMNS, Kind

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/required.md", "docs/sensitivity.md")}
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = list(
    dict.fromkeys(
        line.split(" #")[0].strip()
        for page in PAGES.values()
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("trinn ")
    )
)
LONG = [line for line in COMMANDS if line.startswith("trinn sensitivity ")]
"""These take minutes however little they are asked for."""
FIGURE = re.compile(r'<svg id="waits".*?</svg>\n?', re.DOTALL)
"""The figure of a report that docs/report.svg is: that of `make run`, cut out."""


def test_the_readme_opens_with_the_commands() -> None:
    """A newcomer meets `make run` and `make test` first."""
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make run", "make test", "make dashboard"]


def test_the_readme_has_commands_and_python() -> None:
    """Otherwise the tests below would test nothing."""
    assert len(COMMANDS) >= 5
    assert {"required", "sensitivity", "template"} <= {line.split()[1] for line in COMMANDS}
    assert PYTHON


@pytest.mark.parametrize("line", [line for line in COMMANDS if line not in LONG])
def test_every_command_of_the_pages_runs(line: str, tmp_path: Path) -> None:
    """Each line as it stands, but for fewer replications where it states them, and without a range of minutes."""
    words = shlex.split(line)
    if "--replications" in words:
        words[words.index("--replications") + 1] = "2"
    words += ["--no-range"] if words[1] == "required" else []
    done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", LONG)
def test_what_the_long_commands_of_the_pages_ask_for_is_there(line: str) -> None:
    """The options are understood, and the place takes the changes; tests/test_sensitivity.py runs the command."""
    _, name, *words = shlex.split(line)
    asked = trinn._cli.commands[name].make_context(name, words).params
    assert trinn.apply(trinn.load(asked["base"]), *asked["changes"]).changes


def run_of_the_makefile() -> list[str]:
    """The words of the command that `make run` runs."""
    recipe = re.search(r"^run:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    line = re.sub(r"\\\n\s*", " ", recipe[1]).splitlines()[-1].strip()
    return shlex.split(line.replace("$(BIN)/", ""))


def test_the_readme_shows_what_make_run_compares() -> None:
    """The names of its proposals are those of the Makefile, in what is printed and in the figure's words."""
    words = run_of_the_makefile()
    names = [words[place + 1].partition("=")[0] for place, word in enumerate(words) if word == "--scenario"]
    figure = (ROOT / "docs" / "report.svg").read_text(encoding="utf-8")
    assert len(names) >= 2
    for name in names:
        assert f"\n{name}: " in README
        assert f"“{name}”" in figure


@pytest.mark.slow
def test_what_make_run_prints_and_draws_is_what_the_readme_shows(tmp_path: Path) -> None:
    """Line by line where it is not cut (…), and the figure with every number it says in words."""
    words = run_of_the_makefile()
    report = tmp_path / "report.html"
    words[words.index("--report") + 1] = str(report)
    done = subprocess.run([sys.executable, "-m", *words, "--language", "en"], capture_output=True, text=True, check=True)
    shown = re.search(r"```\n(today against .*?)```", README, re.DOTALL)
    assert shown is not None
    for part in shown[1].split("…\n"):
        assert part.strip("\n") in done.stdout
    drawn = FIGURE.search(report.read_text(encoding="utf-8"))
    assert drawn is not None
    kept = (ROOT / "docs" / "report.svg").read_text(encoding="utf-8")
    said = [re.findall(r"<(?:title|desc) .*?</(?:title|desc)>", figure) for figure in (drawn[0], kept)]
    assert said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_of_the_readme_runs(code: str, tmp_path: Path) -> None:
    """As it stands, but for fewer replications."""
    code = re.sub(r"replications=\d+", "replications=2", code)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("word", [*STEPS, *SEVERITIES])
def test_the_words_of_the_schema_stand_in_the_glossary(word: str) -> None:
    """One word for each thing, and the glossary has it."""
    assert word.replace("_", " ") in GLOSSARY.lower()


def test_every_kind_and_column_of_the_records_is_documented() -> None:
    """docs/records.md is the reference page of the closed list."""
    page = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
    for name in (*COLUMNS, *(kind.name.lower() for kind in Kind), *REASONS):
        assert f"`{name}`" in page, name


def test_committed_pages_name_no_machine() -> None:
    """No path of a workplace and no registry's host in anything that is committed."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    places = re.compile(r"(?<![\w.])/(?:work|root|opt|home)/|pypi\.org|npmjs\.org|deb\.debian\.org")
    named = [name for name in tracked if (ROOT / name).suffix in {".py", ".md", ".toml", ".yaml", ".lock", ".cff", ".html"}
             and name != "tests/test_docs.py" and (ROOT / name).exists()
             and places.search((ROOT / name).read_text(encoding="utf-8"))]  # fmt: skip
    assert named == []


MECHANISMS = (ROOT / "docs" / "mechanisms.md").read_text(encoding="utf-8")
FIELDS = sorted(
    {
        field.alias or name
        for word in scenarios.schema.__all__
        if isinstance(model := getattr(scenarios.schema, word), type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }
)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_scenario_stands_among_the_mechanisms(field: str) -> None:
    """As a word of its own within code marks."""
    words = {word for code in re.findall(r"`([^`]+)`", MECHANISMS) for word in re.split(r"[^a-z0-9_]+", code)}
    assert field in words


@pytest.mark.parametrize("kind", [kind.name.lower() for kind in Kind])
def test_every_record_but_the_plainest_stands_among_the_mechanisms(kind: str) -> None:
    """What a mechanism writes down can be looked for from its page."""
    assert f"`{kind}`" in MECHANISMS or kind in MECHANISMS or kind in ("withdrew", "joined")


def test_the_process_of_one_s_own_runs_and_reading_changes_nothing() -> None:
    """The example of docs/engines.md, as it stands; and its census alone leaves every record as it is."""
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    exec(code[1], names)
    assert len(names["counted"]) == 366
    plans, cohort, supply = names["plans"], names["cohort"], names["draw_supply"](names["plans"], 1, 0)
    alone, watched = (names["simulate"](plans, cohort, own, supply) for own in ((), (names["census"],)))
    same, other = (one.log.rows.tobytes() == alone.log.rows.tobytes() for one in (watched, names["trajectory"]))
    assert same
    assert not other
