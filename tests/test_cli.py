"""The command: what it prints where, its exit codes, and that it goes quietly when interrupted."""

import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import trinn

ROOT = Path(__file__).parent.parent
TINY = """
name: Clinic <b>&
period: {length: 60d}
demand:
  children: {rate: 1/d, to: clinic}
services:
  clinic:
    places: 1
    course: {length: {law: exponential, mean: 1d}}
"""


def environment(**changes):
    kept = {key: value for key, value in os.environ.items() if key not in ("LC_ALL", "LC_MESSAGES", "LANG", "TRINN_DEBUG")}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "en_GB.UTF-8", **changes}


def start(*words, **changes):
    """The command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "trinn", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(**changes),
        start_new_session=True,
    )


def command(*words, **changes):
    """Exit code, standard output and standard error."""
    process = start(*words, **changes)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)


# -- list, show, validate -----------------------------------------------------------------------------------------------


def test_places_are_listed_in_the_norwegian_alphabet_with_number_children_and_catchment():
    code, out, err = command("list", "places", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, err) == (0, "")
    assert len(rows) == 372
    assert {"name": "Stange", "number": "3413", "children_0_17": "4268", "catchment": "BUP Innlandet"} in rows
    assert rows[-1]["name"] == "Åsnes"
    assert [row["name"] for row in rows][:2] == ["Alna", "Alstahaug"]


def test_json_and_csv_say_the_same():
    _, as_json, _ = command("list", "places", "--json")
    _, as_csv, _ = command("list", "places", "--csv")
    assert [{k: str(v) for k, v in row.items()} for row in json.loads(as_json)] == list(csv.DictReader(io.StringIO(as_csv)))


@pytest.mark.parametrize(
    ("what", "word"), [("levers", "psychologists_2_per_20000"), ("examples", "loss"), ("measures", "wait_to_help")]
)
def test_the_library_is_listed(what, word):
    code, out, err = command("list", what)
    assert (code, err) == (0, "")
    assert word in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "nb_NO.UTF-8"}, "nb"),
        ({"LANG": "nn_NO"}, "nb"),
        ({"LANG": "no"}, "nb"),
        ({"LC_ALL": "nb_NO.UTF-8", "LANG": "en_US.UTF-8"}, "nb"),
        ({"LC_ALL": "C", "LANG": "nb_NO.UTF-8"}, "en"),
        ({"LANG": "norfolk"}, "en"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(variables, language, monkeypatch):
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert trinn._environment_language() == language


def test_the_language_can_be_chosen():
    assert "To psykologer" in command("list", "levers", "--language", "nb")[1]
    assert "Two psychologists" in command("list", "levers")[1]
    assert "To psykologer" in command("list", "levers", LANG="nb_NO.UTF-8")[1]


def test_what_is_shown_is_a_scenario_file(tmp_path):
    code, out, _ = command("show", "stange")
    path = tmp_path / "mine.yaml"
    path.write_text(out, encoding="utf-8")
    assert code == 0
    assert trinn.load(path) == trinn.load("stange")
    assert "NOT the place's own numbers" in out.splitlines()[1]
    assert re.search(r"^#   bup\.psychologist: [\d.]+ full-time equivalents$", out, re.M)


def test_show_tells_what_changes_set():
    _, out, _ = command("show", "loss", "--with", "clinic.places+=2")
    assert "# clinic.places: 5 → 7" in out


def test_show_gives_the_posts_as_a_table():
    _, out, _ = command("show", "stange", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["pool"] for row in rows if row["service"] == "bup"} == {"clinician", "psychologist"}
    assert all(float(row["fte"]) > 0 for row in rows)
    _, out, _ = command("show", "stange", "--json")
    shown = json.loads(out)
    assert shown["whose_staffing"] == "national_average"
    assert trinn.load(shown["scenario"]) == trinn.load("stange")


def test_show_a_lever():
    code, out, _ = command("show", "lever", "psychologists_2_per_20000")
    assert code == 0
    assert "Grade: stated" in out
    assert command("show", "lever", "psychologist_2_per_20000")[0] == 2


# -- show child, show twin ----------------------------------------------------------------------------------------------


STAMPS = {
    "nb": "OPPDIKTET BARN: ikke et virkelig barn, ikke en prognose, og ikke risikoen til noe enkeltbarn.",
    "en": "INVENTED CHILD: no real child, not a forecast, and no individual risk.",
}


@pytest.mark.parametrize("language", ["nb", "en"])
def test_show_child_tells_a_story_between_two_stamps(tiny, language):
    code, out, err = command("show", "child", "3", tiny, "--language", language)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == lines[-1] == STAMPS[language]
    assert "Clinic <b>&: ra" in out or "Clinic <b>&: row 3 of the cohort of possible future 0, seed 1" in out
    assert {"nb": "Hjelpen", "en": "Help"}[language] in out
    assert "\x1b" not in out


def test_show_child_is_the_same_for_the_same_seed_and_takes_an_identity(tiny):
    first = command("show", "child", "3", tiny, "--seed", "7", "--json")[1]
    assert command("show", "child", "3", tiny, "--seed", "7", "--json")[1] == first
    assert command("show", "child", "3", tiny, "--json")[1] != first
    told = json.loads(first)
    assert told["stamp"] == STAMPS["en"]
    identity = re.search(r"Identity: (\w{16})", told["origin"])[1]
    assert command("show", "child", identity, tiny, "--seed", "7", "--json")[1] == first
    rows = list(csv.DictReader(io.StringIO(command("show", "child", "3", tiny, "--seed", "7", "--csv")[1])))
    assert [row["text"] for row in rows] == [sentence["text"] for sentence in told["sentences"]]
    assert {row["stamp"] for row in rows} == {STAMPS["en"]}


def test_show_child_takes_changes(tiny):
    assert "less than a day" in command("show", "child", "3", tiny, "--with", "clinic.course.length=1h")[1]


def test_show_twin_sets_the_same_child_side_by_side(tiny):
    code, out, err = command("show", "twin", "8", tiny, "--scenario", "none at all=clinic.places=0")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == lines[-1] == STAMPS["en"]
    assert re.search(r"^ +today +none at all$", out, re.MULTILINE)
    assert "≠" in out
    said = " ".join(lines)
    assert "“none at all”: No help came." in said
    assert "One child proves nothing: compare with trinn compare" in said
    both = json.loads(command("show", "twin", "8", tiny, "--with", "clinic.places=0", "--json")[1])
    assert [bool(story) for story in both["stories"]] == [True, True]
    rows = list(csv.DictReader(io.StringIO(command("show", "twin", "8", tiny, "--with", "clinic.places=0", "--csv")[1])))
    assert {row["differs"] for row in rows} == {"True", "False"}


def test_validate_lists_every_fault_of_every_file(tiny, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(TINY.replace("places: 1", "plases: 1").replace("1/d", "5"), encoding="utf-8")
    code, out, err = command("validate", tiny, str(bad), str(tmp_path / "missing.yaml"))
    assert code == 2
    assert out.startswith(f"{tiny}: OK")
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{bad}:5 | demand.children.rate: must be a rate")
    assert lines[1].startswith(f'{bad}:8 | services.clinic.plases: unknown key "plases"; did you mean "places"')
    assert lines[2].startswith(f"{tmp_path / 'missing.yaml'}: does not exist")


def test_validate_reads_levers_too(tmp_path):
    lever = tmp_path / "lever.yaml"
    lever.write_text(
        "name: L\nabout: A\ngrade: assumed\nsource: S\nchanges:\n  - set: a.b=1\n  - set: what\n", encoding="utf-8"
    )
    code, _, err = command("validate", str(lever))
    assert code == 2
    assert err.startswith(f"{lever}:7 | changes[1].set: what: is not a change")


# -- run and compare ----------------------------------------------------------------------------------------------------


def test_run_prints_measures_for_people(tiny):
    code, out, err = command("run", tiny, "--replications", "2", "--workers", "1")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert "Clinic <b>&" in out


def test_run_in_json_and_csv_has_nothing_else_on_standard_output(tiny):
    code, out, err = command("run", tiny, "--replications", "2", "--json")
    shown = json.loads(out)
    assert (code, err) == (0, "")
    assert shown["replications"] == 2
    _, out, _ = command("run", tiny, "--replications", "2", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["measure"] for row in rows] == [row["measure"] for row in shown["measures"]]


def test_run_takes_changes_in_order(tiny):
    _, more, _ = command("run", tiny, "--replications", "2", "--json", "--with", "clinic.places+=8")
    load = next(row for row in json.loads(more)["measures"] if row["measure"] == "load")
    _, same, _ = command("run", tiny, "--replications", "2", "--json")
    before = next(row for row in json.loads(same)["measures"] if row["measure"] == "load")
    assert load["mean"] < before["mean"] / 3


def test_run_writes_every_event_of_every_replication(tiny, tmp_path):
    target = tmp_path / "new" / "events.csv"
    code, _, _ = command("run", tiny, "--replications", "2", "--events", str(target))
    with target.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = trinn.run(trinn.load(tiny), replications=2, seed=1)
    assert code == 0
    assert {row["replication"] for row in rows} == {"0", "1"}
    assert len(rows) == len(expected.events(0)) + len(expected.events(1))
    assert list(target.parent.iterdir()) == [target]


def test_compare_names_its_proposals_and_repeats_itself(tiny):
    words = ["compare", tiny, "--with", "clinic.places+=1", "--scenario", "both=clinic.places+=1, demand.children.rate*=1.1"]
    code, out, err = command(*words, "--replications", "3", "--json")
    shown = json.loads(out)
    assert (code, err) == (0, "")
    assert shown["base"] == "today"
    assert {row["scenario"] for row in shown["measures"]} == {"clinic.places+=1", "both"}
    again = shlex.split(shown["command"])
    assert again[0] == "trinn"
    assert json.loads(command(*again[1:], "--json")[1]) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=x.y+=1,capa*0.5", ("a", ["x.y+=1", "capa*0.5"])),
        (" more = x[a,b].y=1 , z={p: 1, q: [2, 3]}", ("more", ["x[a,b].y=1", "z={p: 1, q: [2, 3]}"])),
    ],
)
def test_a_stack_is_split_between_its_changes_only(text, found):
    assert trinn._stack(text) == found


def test_compare_writes_a_report_and_the_same_one_again(tiny, tmp_path):
    reports = []
    for name, workers in (("a.html", "1"), ("b.html", "2")):
        words = ("compare", tiny, "--with", "clinic.places+=1", "--replications", "4", "--language", "nb", "--workers", workers)
        code, out, err = command(*words, "--report", str(tmp_path / name))
        assert code == 0
        assert "i dag" in out
        assert err == f"Rapport: {tmp_path / name}\n"
        reports.append((tmp_path / name).read_bytes())
    assert reports[0] == reports[1]
    assert b"Clinic <b>&" not in reports[0]


def test_a_report_that_cannot_be_written_is_refused_before_the_run(tiny, tmp_path):
    for path, rule in (
        (tmp_path, "is a directory"),
        (Path("/dev/null"), "is not an ordinary file"),
        (Path(tiny) / "out.html", "cannot be written"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        before = time.perf_counter()
        words = ("compare", tiny, "--with", "clinic.places+=1", "--replications", "100000", "--report", str(path))
        code, out, err = command(*words)
        assert (code, out) == (2, "")
        assert err.startswith(f"{path}: {rule}")
        assert err.count("\n") == 1
        assert time.perf_counter() - before < 20


# -- what goes wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "stagne"], 'no place called "stagne"; did you mean "Stange"'),
        (["show", "gamle", "oslo"], "quote a name with spaces"),
        (["run", "loss", "--with", "clinic.plases=1"], 'clinic has no pool or field "plases"; did you mean "places"'),
        (["run", "loss", "--replications", "0"], "replications: must be a whole number from 1"),
        (["run", "loss", "--seed", "-1"], "seed: must be a whole number from 0"),
        (["run", "loss", "--workers", "0"], "workers: must be a whole number from 1"),
        (["run", "loss", "--replications", "many"], "not a valid integer"),
        (["compare", "loss"], "nothing to compare with"),
        (["compare", "loss", "--scenario", "more"], "--scenario takes NAME=CHANGE"),
        (["compare", "loss", "--with", "a", "--with", "clinic.places+=1", "--with", "b"], 'there is no lever "b"'),
        (["compare", "loss", "--scenario", "today=clinic.places=1"], 'two scenarios are called "today"'),
        (["list", "everything"], "is not one of"),
        (["show", "child", "9999999", "loss"], "child: must be a row of the cohort, or an identity as the events show it; the"),
        (["show", "child", "many", "loss"], "(got 'many')"),
        (["show", "child", "3"], "show child takes a row and a scenario, such as: trinn show child 4711 stange (got 1 words)"),
        (["show", "child", "3", "loss", "--seed", "-1"], "seed: must be a whole number from 0"),
        (["show", "child", "3", "loss", "--scenario", "a=clinic.places=1"], '--scenario belongs to "show twin"'),
        (["show", "twin", "3", "loss"], "nothing to compare with"),
        (
            ["show", "twin", "3", "loss", "--with", "clinic.places=1", "--with", "clinic.places=2"],
            "one proposal beside today (got 2)",
        ),
        (["show", "loss", "--seed", "2"], '--scenario and --seed belong to "show child" and "show twin"'),
        (["fly"], "No such command"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(words, message, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit, match="2"):
        trinn.main(words)
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_control_characters_in_input_do_not_reach_the_terminal():
    _, _, err = command("run", "loss", "--with", "clinic.\x1b[31mx=1")
    assert "\x1b" not in err
    code, _, err = command("show", "\x1b[31m")
    assert code == 2
    assert "\x1b" not in err


def test_a_closed_pipe_is_silent():
    both = f"{shlex.quote(sys.executable)} -m trinn list places | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", both], capture_output=True, text=True, env=environment(), check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "0"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "trinn", "list", "levers"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False)
    assert done.returncode == 1
    assert done.stderr == "trinn: cannot write: No space left on device\n"


def test_a_fault_of_its_own_is_one_line_with_a_hint(monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError("what")

    monkeypatch.setattr(trinn, "put_rows", broken)
    with pytest.raises(SystemExit, match="1"):
        trinn.main(["list", "levers"])
    assert capsys.readouterr().err == f"trinn: ZeroDivisionError: what; {trinn._HINT}\n"
    monkeypatch.setenv("TRINN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError, match="what"):
        trinn.main(["list", "levers"])


# -- interrupts ---------------------------------------------------------------------------------------------------------


def alive(session):
    """The processes of a session that are not dead: number to command."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end meanwhile
            state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if of == str(session) and state != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def until(what, seconds=30.0):
    """Wait until something holds; whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
@pytest.mark.parametrize("whom", ["group", "alone"])
@pytest.mark.parametrize(("engine", "workers"), [("simpy", 1), ("simpy", 2), ("compiled", 1), ("compiled", 2)])
def test_ctrl_c_ends_a_run_with_130_without_a_word_too_many_and_without_leaving_a_worker(engine, workers, whom):
    words = ("compare", "stange", "--with", "bup.psychologist.fte+=1", "--replications", "5000", "--workers", str(workers))
    process = start(*words, "--engine", engine)
    try:
        if engine == "simpy" and workers > 1:
            assert until(lambda: sum("LokyProcess" in words for words in alive(process.pid).values()) >= 2)
        else:
            time.sleep(3)
        (os.killpg if whom == "group" else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, "")
        assert err == "Interrupted.\n" or (err == "" and workers == 1)  # nothing, if a slow machine was importing still
        assert until(lambda: not alive(process.pid), 5)
    finally:
        for number in alive(process.pid):
            os.kill(number, signal.SIGKILL)


def test_ctrl_c_while_modules_are_imported_is_silent_too():
    for wait in (0.15, 0.3, 0.6):
        process = start("run", "stange", "--replications", "1000")
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert "Traceback" not in err or wait < 0.2  # Python itself may still be starting
        assert out == ""


# -- progress -----------------------------------------------------------------------------------------------------------


def test_a_bar_is_shown_on_a_terminal_only(tiny):
    controller, terminal = pty.openpty()
    words = [sys.executable, "-m", "trinn", "run", tiny, "--replications", "3", "--json"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=terminal, env=environment(TERM="xterm"), check=True)
    os.close(terminal)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    assert "3/3" in shown
    assert json.loads(done.stdout)["replications"] == 3


# -- the face -----------------------------------------------------------------------------------------------------------


def test_the_five_lines_of_the_face(tmp_path):
    base = trinn.load("loss")
    more = trinn.apply(base, "clinic.places+=1")
    result = trinn.run(more, replications=2, seed=1, engine="simpy", workers=1, record="log")
    both = trinn.compare({"today": base, "more": more}, replications=2, seed=1, by=["area", "group"])
    both.report(tmp_path / "out.html", language="en")
    assert list(result.measures)[:4] == ["scenario", "replication", "area", "service"]
    assert len(result.events(0)) > 0
    assert len(result.children(1)) > 0
    assert isinstance(result, trinn.Result)
    assert isinstance(both, trinn.Comparison)
    assert (tmp_path / "out.html").exists()


def test_importing_trinn_imports_no_charts_and_no_screens():
    code = "import sys, trinn; {} print([m for m in ('matplotlib', 'streamlit', 'numba') if m in sys.modules])"
    for use, found in (("", "[]\n"), ("trinn.compare;", "['numba']\n")):
        words = [sys.executable, "-c", code.format(use)]
        assert subprocess.run(words, capture_output=True, text=True, env=environment(), check=True).stdout == found


def test_everything_the_face_promises_is_there():
    for name in trinn.__all__:
        assert getattr(trinn, name) is not None
    assert set(trinn.__all__) <= set(dir(trinn))
    with pytest.raises(AttributeError, match="fly"):
        trinn.fly  # noqa: B018
