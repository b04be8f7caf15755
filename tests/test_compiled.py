"""The compiled engine from outside: levels of record, what it says, what it keeps, and what stops it."""

from __future__ import annotations

import ast
import inspect
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

import trinn
from sim.build import phases
from sim.cohort import draw_cohort
from sim.compiled import COMPILING, NOT_KEPT, SOURCES, digest
from sim.draws import ONE
from sim.engine import simulate
from sim.kernel import Kernel
from sim.laws import BINS, clock_table
from sim.rules import perceive, pick_among, pick_rate, tightened, times, used_up

ROOT = Path(__file__).parent.parent
ROUND = {
    "name": "round and round",
    "period": {"start": "2027-01-04", "length": "4000d"},
    "demand": {"to_one": {"rate": "2/y", "to": "one"}},
    "services": {
        "one": {"places": 5, "course": {"length": "1s"}, "routes": [{"to": "two", "delay": "1s"}]},
        "two": {"places": 5, "course": {"length": "1s"}, "routes": [{"to": "one", "delay": "1s"}]},
    },
}


def python(code, *, cache=None, folder=ROOT, **more):
    """Run code in a process of its own, with a cache of its own where one is named."""
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C", "PYTHONPATH": str(folder)} | more
    if cache is not None:
        environment["TRINN_CACHE"] = str(cache)
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )


# -- levels of record ---------------------------------------------------------------------------------------------------------


def same(one, other):
    """Whether two results hold the same numbers, to the last bit."""
    pd.testing.assert_frame_equal(one.measures, other.measures, check_exact=True)
    pd.testing.assert_frame_equal(one.series, other.series, check_exact=True)
    for left, right in zip(one.replications, other.replications, strict=True):
        np.testing.assert_array_equal(left.folded.waits, right.folded.waits)


@pytest.mark.parametrize("name", ["etnedal", "priorities", "loaded_list"])
def test_no_level_and_no_engine_changes_a_number(name):
    scenario = trinn.load(name)
    options = {"replications": 2, "seed": 5, "workers": 1, "by": ("area", "group")}
    whole = trinn.run(scenario, engine="simpy", record="log", **options)
    for engine in ("compiled", "simpy"):
        for record in ("log", "children", "weekly"):
            part = trinn.run(scenario, engine=engine, record=record, **options)
            same(whole, part)
            if record != "weekly":
                pd.testing.assert_frame_equal(whole.children(1), part.children(1), check_exact=True, check_dtype=False)


def test_what_is_kept_follows_the_level():
    scenario = trinn.load("priorities")
    with pytest.raises(trinn.TrinnError, match='record="log"'):
        trinn.run(scenario, replications=1, record="children").events(0)
    with pytest.raises(trinn.TrinnError, match='record="children"'):
        trinn.run(scenario, replications=1, record="weekly").children(0)


def test_workers_change_no_number():
    scenario = trinn.load("etnedal")
    options = {"replications": 6, "seed": 2, "record": "weekly"}
    one = trinn.run(scenario, workers=1, **options)
    for workers in (2, 5, None):
        same(one, trinn.run(scenario, workers=workers, **options))


def test_a_comparison_runs_each_scenario_as_it_is_run_alone():
    base = trinn.load("etnedal")
    more = trinn.apply(base, "bup.psychologist.fte+=1")
    other = trinn.apply(base, "demand.low.per_1000.13-17*=1.1") if "low" in base.demand else more
    both = trinn.compare({"today": base, "more": more, "other": other}, replications=3, seed=4)
    for name, scenario in (("today", base), ("more", more), ("other", other)):
        same(both.results[name], trinn.run(scenario, name=name, replications=3, seed=4, record="weekly"))


def test_records_handed_out_in_chunks_are_those_that_are_kept():
    plans = phases(trinn.load("etnedal"))
    cohort = draw_cohort(trinn.load("etnedal"), plans, 1, 0)
    kernel, chunks = Kernel(plans), []
    whole = kernel.run(cohort)
    part = kernel.run(cohort, take=lambda rows: chunks.append(rows.copy()))
    assert len(chunks) > 5
    assert not len(part.log)
    np.testing.assert_array_equal(whole.log.rows, np.concatenate(chunks))
    assert whole.totals == part.totals


# -- arithmetic that both engines share ---------------------------------------------------------------------------------------


def test_products_of_126_bits_are_exact():
    random = np.random.default_rng(1)
    numbers = [
        *(1 << bits for bits in range(63)),
        *((1 << bits) - 1 for bits in range(1, 64)),
        *random.integers(0, ONE - 1, 300),
    ]
    for number in map(int, numbers):
        for quantile in map(int, [0, 1, ONE - 1, ONE // 2, *random.integers(0, ONE - 1, 5)]):
            assert times(number, quantile) == number * quantile // ONE


@pytest.mark.parametrize("quantile", [0, 1, ONE // 3, ONE - 2, ONE - 1])
def test_choices_are_what_exact_arithmetic_says(quantile):
    words = (ONE // 4, 0, ONE // 2, 1, ONE - 1, 2)
    total = words[4] - words[2] + words[0]
    wanted = total * quantile // ONE
    assert pick_among(words, 0, 6, 0b101, quantile) == (0 if wanted < words[0] else 2)
    rates = (1 << 40, 7, 3 << 40, 8)
    assert pick_rate(rates, 0, 4, 4 << 40, quantile) == (7 if (4 << 40) * quantile // ONE < 1 << 40 else 8)
    assert perceive(2, quantile, 0) == (3 if quantile >= ONE // 2 else 1)


def test_thresholds_are_used_up_exactly():
    longest = int(clock_table()[-1])
    assert longest < BINS**5
    assert used_up(longest, 10**12, 10**9) == 0
    assert used_up(longest, 3, 5) == longest - 15
    assert used_up(7, 0, 10**12) == 7


def test_a_limit_that_tightens_stops_at_the_least():
    assert tightened(ONE - 1, 1, ONE - 1, ONE // 4, 10**6) == ONE // 4
    assert tightened(ONE // 2, 10, ONE // 100, ONE // 4, 35) == ONE // 2 - 3 * (ONE // 100)
    assert tightened(ONE // 2, 0, 0, 0, 50) == ONE // 2


# -- what stops a run ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
@pytest.mark.parametrize("record", ["log", "weekly"])
def test_a_run_that_cannot_end_names_its_circle(engine, record):
    rule = r"the run cannot end: by day \d+ child 0 has had 65536 events, and goes round in one, two \(ended, handed_over, "
    with pytest.raises(trinn.TrinnError, match=rule):
        trinn.run(trinn.load(ROUND), replications=1, engine=engine, record=record)


def test_more_children_than_memory_holds_are_refused_before_the_run(monkeypatch):
    has = psutil.virtual_memory()
    monkeypatch.setattr("sim.memory.psutil.virtual_memory", lambda: has._replace(available=10**7))
    monkeypatch.setattr("sim.kernel.Kernel.run", None)
    rule = r"about 1\d,\d\d\d children would come .* GB of memory, and 0\.0 GB are free: use record=\"weekly\", .* or a shorter"
    with pytest.raises(trinn.TrinnError, match=rule):
        trinn.run(trinn.load("stange"), replications=1)


class EnoughError(Exception):
    """Somebody has seen enough."""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_ends_when_its_pulse_says_so(workers):
    beats = []

    def pulse():
        beats.append(time.perf_counter())
        if len(beats) > 40:
            raise EnoughError("enough")

    with pytest.raises(EnoughError, match="enough"):
        trinn.run(trinn.load("stange"), replications=1000, workers=workers, record="weekly", pulse=pulse)
    assert len(beats) < 60


def test_ctrl_c_ends_a_long_replication():
    """One replication of the country takes many seconds: it ends long before, and silently."""
    code = "import trinn; s = trinn.load('norge'); print('go', flush=True); trinn.run(s, replications=50, record='weekly')"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        time.sleep(6)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in err
    assert process.returncode not in (0, None)


# -- compiling ----------------------------------------------------------------------------------------------------------------


def test_importing_trinn_is_light():
    done = python("import sys, trinn; print(*sorted(sys.modules))")
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "trinn" in loaded
    assert not loaded & {"numba", "llvmlite", "matplotlib", "streamlit", "simpy", "joblib"}


RUN = """
import trinn
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.kernel import simulate_compiled
import hashlib
scenario = trinn.load("etnedal")
plans = phases(scenario)
cohort = draw_cohort(scenario, plans, 1, 0)
for engine in (simulate, simulate_compiled):
    print(hashlib.sha1(engine(plans, cohort).log.rows.tobytes()).hexdigest())
"""


def test_a_changed_rule_is_never_answered_by_old_code(tmp_path):
    """The very fault that numba's own cache has: the rule is changed and the kernel is not."""
    for package in ("sim", "scenarios", "dashboard", "calibration"):
        shutil.copytree(ROOT / package, tmp_path / "code" / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "trinn.py", tmp_path / "code")
    before = python(RUN)
    rules = tmp_path / "code" / "sim" / "rules.py"
    text = rules.read_text(encoding="utf-8")
    changed = text.replace("return step + 1 if up else step - 1", "return step - 1 if up else step + 1")
    assert changed != text
    rules.write_text(changed, encoding="utf-8")
    after = python(RUN, folder=tmp_path / "code", cache=tmp_path / "cache")
    reference, compiled = after.stdout.split()
    assert reference == compiled
    assert before.stdout.split()[0] == before.stdout.split()[1] != compiled
    assert COMPILING["en"] in after.stderr
    again = python(RUN, folder=tmp_path / "code", cache=tmp_path / "cache")
    assert again.stdout == after.stdout
    assert again.stderr == ""


def test_the_cache_is_named_by_everything_that_is_compiled():
    assert len(digest()) == 20
    compiled = [path for path in (ROOT / "sim").rglob("*.py") if any(word in path.read_text() for word in ("@inner", "@entry"))]
    known = {path for name in SOURCES for path in (ROOT / "sim").glob(name)}
    assert {path.name for path in compiled} <= {path.name for path in known}


def test_what_is_compiled_takes_from_the_scenarios_only_words_and_units_that_name_the_cache():
    named = {Path(name).stem for name in SOURCES if "scenarios" in name}
    for path in (ROOT / "sim").rglob("*.py"):
        text = path.read_text()
        if not any(word in text for word in ("@inner", "@entry")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scenarios."):
                module = import_module(node.module)
                for alias in node.names:
                    thing = getattr(module, alias.name)
                    homes = {name for name in named if getattr(import_module(f"scenarios.{name}"), alias.name, None) is thing}
                    assert homes or inspect.isfunction(thing) or inspect.isclass(thing), (path.name, alias.name)


def test_a_cache_that_cannot_be_written_is_said_and_done_without(tmp_path):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "cache"
    done = python(RUN, cache=folder)
    reference, compiled = done.stdout.split()
    assert reference == compiled
    assert NOT_KEPT["en"].partition("{")[0] in done.stderr


def test_simpy_and_numba_agree_in_this_process():
    plans = phases(trinn.load("tandem"))
    cohort = draw_cohort(trinn.load("tandem"), plans, 9, 1)
    np.testing.assert_array_equal(simulate(plans, cohort).log.rows, Kernel(plans).run(cohort).log.rows)
