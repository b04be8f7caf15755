"""Trinn: what a change in staffing or organisation does to the help children get, and to those who wait for it.

Five lines from a place to a report::

    import trinn

    base = trinn.load("stange")  # a place, an example, a file or a mapping
    more = trinn.apply(base, "psychologists_2_per_20000", "bup.psychologist.fte+=1")  # levers and single changes
    result = trinn.run(more, replications=20, seed=1)  # result.measures, .series, .events(0), .children(0)
    print(*trinn.story(result, 0, "en").closing)  # one invented child in words; also .sentences
    both = trinn.compare({"today": base, "more": more}, replications=50, seed=1)  # both.table, both.verdicts
    both.report("more.html", language="nb")

What a user can put right is raised as :class:`TrinnError`. The module also holds the command ``trinn``.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if Path("".join(sys.argv[:1])).stem == "trinn" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # run as the command: Ctrl-C is quiet during the imports, too

import click

from dashboard.output import (
    Form,
    Language,
    Rows,
    in_language,
    levers_told,
    progress_bar,
    put_comparison,
    put_events,
    put_lever,
    put_plain,
    put_result,
    put_rows,
    put_text,
    steps_shown,
    writable,
    written,
)
from scenarios.addresses import is_change
from scenarios.changes import differences, resolved
from scenarios.described import presets
from scenarios.errors import Fault, TrinnError, one_line
from scenarios.levers import Lever, apply, find_lever, levers
from scenarios.load import examples, load, load_file
from scenarios.places import catchment_of, places
from scenarios.preset import Detail
from scenarios.resolve import averages, staffing
from scenarios.schema import Scenario
from scenarios.sheet.package import is_sheet
from scenarios.sheet.shown import shown_back
from scenarios.warnings import warnings

if TYPE_CHECKING:
    from dashboard.comparison import Comparison, compare
    from dashboard.story import story
    from sim.experiments.required import Required, required
    from sim.experiments.sensitivity import Sensitivity, sensitivity
    from sim.replicate import Engine, run
    from sim.result import Result

    __version__: str

__all__ = [
    "Comparison",
    "Lever",
    "Required",
    "Result",
    "Scenario",
    "Sensitivity",
    "TrinnError",
    "__version__",
    "apply",
    "compare",
    "load",
    "required",
    "run",
    "sensitivity",
    "story",
]

# What simulates is imported when it is asked for: it takes a second, and half of the commands do without.
_LATER = {
    "Comparison": "dashboard.comparison",
    "Required": "sim.experiments.required",
    "Result": "sim.result",
    "Sensitivity": "sim.experiments.sensitivity",
    "compare": "dashboard.comparison",
    "required": "sim.experiments.required",
    "run": "sim.replicate",
    "sensitivity": "sim.experiments.sensitivity",
    "story": "dashboard.story",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("sim.replicate").trinn_version()
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# -- the command --------------------------------------------------------------------------------------------------------

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
_HINT = "this is a fault in trinn, not in your input; TRINN_DEBUG=1 shows where. Please report it"
_TODAY: dict[Language, str] = {"nb": "i dag", "en": "today"}
_WHOSE = {
    ("own", "nb"): "Bemanning: slik scenarioet oppgir den.",
    ("own", "en"): "Staffing: as the scenario states it.",
    ("partly_own", "nb"): "Bemanning: delvis egne tall. Det som er merket «landsgjennomsnitt», er IKKE stedets egne tall.",
    ("partly_own", "en"): "Staffing: partly own numbers. What is marked national average is NOT the place's own.",
    ("national_average", "nb"): "Bemanning: landsgjennomsnitt per 1000 barn. Det er IKKE stedets egne tall.",
    ("national_average", "en"): "Staffing: national averages per 1000 children. These are NOT the place's own numbers.",
}


def _environment_language() -> Language:
    """``nb`` where the environment says Norwegian, else ``en``."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "nb" if re.split(r"[_.@-]", value.lower())[0] in ("nb", "nn", "no") else "en"
    return "en"


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(__getattr__("__version__"))
        context.exit()


def _all_of(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in this order."""

    def put_on(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return put_on


_form = _all_of(
    click.option("--json", "form", flag_value="json", help="JSON on standard output, and nothing else there."),
    click.option("--csv", "form", flag_value="csv", help="Comma-separated values on standard output, and nothing else there."),
)
_language = click.option(
    "--language", type=click.Choice(["nb", "en"]), default=_environment_language, help="By default that of the environment."
)
_detail = click.option(
    "--detail",
    type=click.Choice(["neighbour", "full"]),
    default="neighbour",
    show_default=True,
    help="full: simulate the other municipalities of the catchment too.",
)
_with = click.option("--with", "changes", multiple=True, metavar="CHANGE", help="A lever, or such as bup.psychologist.fte+=1.")


def _simulation(replications: int) -> Callable[[Any], Any]:
    """The options of a simulation."""
    return _all_of(
        click.option("--replications", type=int, default=replications, show_default=True, help="How many possible futures."),
        click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same children."),
        click.option("--workers", type=int, help="How many at once; by default as many as pay."),
        click.option(
            "--engine",
            type=click.Choice(["compiled", "simpy"]),
            default="compiled",
            show_default=True,
            help="Both give the same numbers; simpy is the reference, and some fifty times slower.",
        ),
        click.option("--by", multiple=True, type=click.Choice(["area", "group"]), help="Measures of each area or group too."),
        _detail,
        _form,
        _language,
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version.")
def _cli() -> None:
    """What a change in staffing or organisation does to the help children get, and to those who wait for it."""


@_cli.command("list")
@click.argument("what", type=click.Choice(["places", "presets", "levers", "examples", "measures"]))
@_all_of(_form, _language)
def _list(what: str, form: Form | None, language: Language) -> None:
    """What the library holds. Places stand in alphabetical order, and are never ranked by how they do."""
    kinds = {"places": _places, "presets": _presets, "levers": _levers, "examples": _examples, "measures": _measures}
    put_rows(kinds[what](language), form, language)


def _places(_: Language) -> Rows:
    return [
        {"name": p.name, "number": p.number, "children_0_17": p.children_0_17, "catchment": catchment_of(p).label}
        for p in places()
    ]


def _levers(language: Language) -> Rows:
    return [
        {"name": name, "table": lever.table or "", "grade": lever.grade, "about": in_language(lever.name, language)}
        for name, lever in levers().items()
    ]


def _presets(language: Language) -> Rows:
    return [
        {"name": name, "number": preset.place, "about": in_language(preset.title, language)}
        | {"levers": " ".join(item.lever for item in preset.levers)}
        for name, preset in presets().items()
    ]


def _examples(language: Language) -> Rows:
    found = [(name, load(name)) for name in examples()]
    return [{"name": name, "about": in_language(scenario.about or scenario.name, language)} for name, scenario in found]


def _measures(language: Language) -> Rows:
    from sim.measures import MEASURES

    return [
        {"name": m.name, "per": m.per, "unit": m.unit, "better": m.better, "label": in_language(m.label, language)}
        | {"about": in_language(m.about, language)}
        for m in MEASURES.values()
    ]


@_cli.command("show")
@click.argument("what", nargs=-1, required=True, metavar="SCENARIO | lever NAME | evidence SCENARIO | child N SCENARIO | ...")
@_with
@click.option("--scenario", "stacks", multiple=True, metavar="NAME=CHANGE,...", help="Of a twin: the proposal, named.")
@click.option("--seed", type=int, help="Of a child or twin: the same seed gives the same children.  [default: 1]")
@_all_of(_detail, _form, _language)
def _show(
    what: tuple[str, ...],
    changes: tuple[str, ...],
    stacks: tuple[str, ...],
    seed: int | None,
    detail: Detail,
    form: Form | None,
    language: Language,
) -> None:
    """A scenario as YAML, with its staffing in full-time equivalents, whose staffing it is, and which levers are on and why.

    The YAML is a scenario file: save it, change it, and run it.

    lever: what it is, what it changes and how sure that is, what it costs and presupposes, how to put it on.

    evidence: what a result of the scenario rests on: each number with its range, grade and source.

    child: the story of one invented child, in words. N is its row among the children of replication 0, or its identity as
    the events show it. twin: the same child today and with a proposal, side by side.
    """
    if what[0] in ("child", "twin") and len(what) > 1:
        _show_child(what, changes, stacks, 1 if seed is None else seed, detail, form, language)
        return
    if stacks or seed is not None:
        raise TrinnError('--scenario and --seed belong to "show child" and "show twin"; leave them out')
    if what[0] == "lever" and len(what) == 2:
        name, lever = find_lever(what[1])
        if form is None:
            put_lever(what[1], name, lever, language)
        else:
            put_plain({"lever": name, **lever.plain()}, form)
        return
    if what[0] == "evidence" and len(what) == 2:
        from dashboard.evidence_terminal import put_evidence

        put_evidence(apply(load(what[1], detail=detail), *changes), form, language)
        return
    if len(what) != 1:
        raise TrinnError(f'show takes one scenario, or "lever" and its name (got {len(what)} words); quote a name with spaces')
    scenario = apply(load(what[0], detail=detail), *changes)
    posts = staffing(resolved(scenario))
    if form == "csv":
        put_rows(posts, form, language)
    elif form == "json":
        put_plain({"scenario": scenario.plain(), "whose_staffing": scenario.staffing, "staffing": posts}, form)
    else:
        put_plain(scenario.plain(), None, [*_head(scenario, posts, language), *levers_told(scenario, what[0], language)])


def _show_child(
    what: tuple[str, ...],
    changes: tuple[str, ...],
    stacks: tuple[str, ...],
    seed: int,
    detail: Detail,
    form: Form | None,
    language: Language,
) -> None:
    """One invented child's story, or the same child twice."""
    if len(what) != 3:
        example = f"such as: trinn show {what[0]} 4711 stange"
        raise TrinnError(f"show {what[0]} takes a row and a scenario, {example} (got {len(what) - 1} words)")
    from dashboard.story import story
    from dashboard.story_terminal import put_story, put_twin
    from dashboard.story_twin import twin
    from sim.replicate import run

    base = load(what[2], detail=detail)
    if what[0] == "child":
        if stacks:
            raise TrinnError('--scenario belongs to "show twin"; a child\'s changes are given with --with')
        put_story(story(run(apply(base, *changes), replications=1, seed=seed), what[1], language), form, language)
        return
    scenarios = _proposals(base, changes, stacks, _TODAY[language])
    if len(scenarios) != 2:
        raise TrinnError(
            f"show twin sets one proposal beside {_TODAY[language]} (got {len(scenarios) - 1}); "
            "make one of several changes with --scenario NAME=CHANGE,..."
        )
    words = ["trinn", "compare", what[2], *_repeated(changes, stacks)]
    words += ["--detail", detail] if detail != "neighbour" else []
    words += ["--seed", str(seed)]
    left, right = (run(one, name=name, replications=1, seed=seed) for name, one in scenarios.items())
    put_twin(twin(left, right, what[1], language, shlex.join(words)), form, language)


def _head(scenario: Scenario, posts: Rows, language: Language) -> list[str]:
    """What stands as comments above a scenario: name, whose staffing, the posts, and what its changes set."""
    lines = [in_language(scenario.name, language), _WHOSE[scenario.staffing, language]]
    totals: dict[str, float] = {}
    for post in posts:
        name = f"{post['service']}.{post['pool']}"
        totals[name] = totals.get(name, 0.0) + post["fte"]
    unit = {"nb": "årsverk", "en": "full-time equivalents"}[language]
    some = averages(scenario) if scenario.staffing == "partly_own" else ()
    marks = dict.fromkeys(some, {"nb": ", landsgjennomsnitt", "en": ", national average"}[language])
    lines += [f"  {name}: {round(fte, 2):g} {unit}{marks.get(name, '')}" for name, fte in totals.items()]
    lines += [f"{_change.address}: {_change.old} → {_change.new}" for _change in differences(scenario)]
    return [*lines, *shown_back(scenario, language)]


@_cli.command("validate")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def _validate(files: tuple[str, ...]) -> None:
    """Check scenario files, lever files and workbooks; every fault is listed with its line or cell, and what is allowed but
    worth knowing. Of a workbook it says what became of every cell."""
    faults: list[Fault] = []
    for file in files:
        try:
            loaded = load_file(Path(file))
            put_text(f"{file}: OK ({_holds(loaded)})\n")
            for line in () if isinstance(loaded, Lever) or not is_sheet(file) else _read_of(loaded):
                put_text(f"{file}: {one_line(line)}\n")
            for warning in () if isinstance(loaded, Lever) else warnings(loaded):
                put_text(f"{file}: warning: {warning}\n")
        except TrinnError as error:
            faults += error.faults
    if faults:
        raise TrinnError(faults)


def _read_of(scenario: Scenario) -> list[str]:
    """What was read of a workbook: whose staffing it is now, and what became of each cell."""
    language = _environment_language()
    return _head(scenario, staffing(resolved(scenario)), language)[1:]


def _holds(scenario: Scenario | Lever) -> str:
    """What a sound file holds, in a few words."""
    if isinstance(scenario, Lever):
        return f"lever, changes: {len(scenario.changes)}"
    children = sum(area.children_0_17 for area in scenario.areas.values())
    return f"services: {len(scenario.services)}, areas: {len(scenario.areas)}, children 0-17: {children}"


@_cli.command("template")
@click.argument("place")
@click.argument("file", type=click.Path(), metavar="FILE.xlsx")
@click.option("--overwrite", is_flag=True, help="Take the place of a workbook that is there, filled in or not.")
@_language
def _template(place: str, file: str, overwrite: bool, language: Language) -> None:
    """Write the workbook that a municipality fills in with its own numbers; a scenario command takes it as it takes a place.

    Only counts are asked for, never persons, and "don't know" is an answer everywhere: then the national average is used.
    """
    from scenarios.sheet.starting import named_source
    from scenarios.sheet.template import write_template

    if not file.lower().endswith(".xlsx"):
        raise TrinnError(Fault("the name of a workbook ends with .xlsx", place=file))
    scenario, source = named_source(place)
    target = writable(file)
    if target.exists() and not overwrite:
        raise TrinnError(Fault("is there already, and may be filled in: choose another name, or give --overwrite", place=file))
    with written(target) as draft:
        write_template(scenario, source, draft, language)
    click.echo({"nb": f"Mal: {file}", "en": f"Template: {file}"}[language], err=True)


@_cli.command("run")
@click.argument("scenario")
@_with
@click.option("--events", type=click.Path(), metavar="FILE.csv", help="Write every event record of every replication.")
@_simulation(replications=20)
def _run(
    scenario: str,
    changes: tuple[str, ...],
    events: str | None,
    replications: int,
    seed: int,
    workers: int | None,
    engine: Engine,
    by: tuple[str, ...],
    detail: Detail,
    form: Form | None,
    language: Language,
) -> None:
    """Simulate a place, an example or a scenario file, and show its measures."""
    from sim.replicate import run

    loaded = apply(load(scenario, detail=detail), *changes)
    target = writable(events) if events else None
    with progress_bar(replications) as progress:
        record: Literal["log", "weekly"] = "log" if target else "weekly"
        result = run(loaded, replications=replications, seed=seed, engine=engine, workers=workers, record=record, by=by,
                     progress=progress)  # fmt: skip
    if target:
        with written(target) as file:
            put_events(result, file)
    put_result(result, form, language)


@_cli.command("compare")
@click.argument("base")
@_with
@click.option("--scenario", "stacks", multiple=True, metavar="NAME=CHANGE,...", help="A proposal of several changes, named.")
@click.option("--report", type=click.Path(), metavar="FILE.html", help="Write a report: a page, or .docx or .xlsx.")
@_simulation(replications=50)
def _compare(
    base: str,
    changes: tuple[str, ...],
    stacks: tuple[str, ...],
    report: str | None,
    replications: int,
    seed: int,
    workers: int | None,
    engine: Engine,
    by: tuple[str, ...],
    detail: Detail,
    form: Form | None,
    language: Language,
) -> None:
    """Compare BASE as it is with proposals, on the same children. Each --with makes a proposal of its own."""
    from dashboard.comparison import compare

    scenarios = _proposals(load(base, detail=detail), changes, stacks, _TODAY[language])
    target = writable(report) if report else None
    words = ["trinn", "compare", base, *_repeated(changes, stacks)]
    words += [word for what in by for word in ("--by", what)]
    words += ["--detail", detail] if detail != "neighbour" else []
    words += ["--replications", str(replications), "--seed", str(seed)]
    words += ["--engine", engine] if engine != "compiled" else []
    with progress_bar(replications * len(scenarios)) as progress:
        both = compare(
            scenarios,
            replications=replications,
            seed=seed,
            engine=engine,
            workers=workers,
            by=by,
            progress=progress,
            command=shlex.join(words),
        )
    if target:
        both.report(target, language=language)
    put_comparison(both, form, language)
    if target:
        click.echo({"nb": f"Rapport: {report}", "en": f"Report: {report}"}[language], err=True)


@_cli.command("sensitivity")
@click.argument("base")
@click.argument("changes", nargs=-1, required=True, metavar="CHANGE...")
@click.option(
    "--measure", "measures", multiple=True, metavar="MEASURE", help="Such as wait_after_referral or wait_started(bup)."
)
@click.option("--walks", type=int, help="Places from which each number is moved.  [default: 8]")
@click.option("--replications", type=int, help="Possible futures at each place.  [default: 4]")
@click.option("--points", type=int, help="Points for the shares of the variation, a power of 2.  [default: 128]")
@click.option("--top", type=int, help="Numbers looked at closely.  [default: 5]")
@click.option("--futures", type=int, help="Possible futures that a conclusion rests on.  [default: 20]")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same children.")
@click.option("--workers", type=int, help="How many at once; by default as many as pay.")
@_all_of(_detail, _form, _language)
def _sensitivity(
    base: str,
    changes: tuple[str, ...],
    measures: tuple[str, ...],
    seed: int,
    workers: int | None,
    detail: Detail,
    form: Form | None,
    language: Language,
    **amounts: int | None,
) -> None:
    """Which of the uncertain numbers move the difference that CHANGE (levers and changes, all together) makes to BASE.

    Interrupted, it goes on where it stopped when it is asked again.
    """
    from dashboard.sensitivity import parts_bar, put_sensitivity
    from sim.experiments.sensitivity import Settings, sensitivity
    from sim.experiments.store import users_folder

    today = load(base, detail=detail)
    proposal = apply(today, *changes)
    settings = Settings(**{name: amount for name, amount in amounts.items() if amount is not None})
    question = f"{today.model_dump_json()} {proposal.model_dump_json()} {measures} {settings} {seed}"
    store = users_folder(f"sensitivity-{blake2b(question.encode(), digest_size=12).hexdigest()}")
    with parts_bar(language) as progress:
        found = sensitivity(
            {_TODAY[language]: today, " + ".join(map(_named, changes)): proposal},
            measures=measures,
            settings=settings,
            seed=seed,
            workers=workers,
            store=store,
            progress=progress,
        )
    put_sensitivity(found, form, language)
    if store is not None:
        store.forget()


@_cli.command("required")
@click.argument("scenario")
@click.option("--target", "targets", multiple=True, required=True, metavar="TARGET", help="Such as wait_started(bup) <= 45d.")
@_with
@click.option("--confidence", type=float, default=0.9, show_default=True, help="Of each target, one-sided.")
@click.option("--unit", type=click.Choice(["post", "tenth"]), default="post", show_default=True, help="Whole posts or tenths.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same children.")
@click.option("--range/--no-range", "assumed", default=True, help="Also the range from the assumed numbers.  [default: range]")
@click.option("--fresh", is_flag=True, help="Forget what an interrupted run of the same question has left.")
@_all_of(_form, _language)
def _required(
    scenario: str,
    targets: tuple[str, ...],
    changes: tuple[str, ...],
    confidence: float,
    unit: Literal["post", "tenth"],
    seed: int,
    assumed: bool,
    fresh: bool,
    form: Form | None,
    language: Language,
) -> None:
    """The fewest posts of each service in the targets that meet them all, what they cost, and what no posts can do.

    wait_to_first_contact(SERVICE) is the mean wait in days of those who start; share_started_within(SERVICE, 35d) the share of
    all who came. Any measure of "trinn list measures" will do. Interrupted, it goes on where it stopped when asked again.
    """
    from dashboard.required import put_required
    from sim.experiments.required import required

    loaded = apply(load(scenario), *changes)
    with steps_shown(language) as progress:
        found = required(loaded, targets, confidence=confidence, unit=unit, seed=seed, assumed=assumed, fresh=fresh,
                         progress=progress)  # fmt: skip
    put_required(found, form, language)


@_cli.command("dashboard")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where it listens; by default only this machine.")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="On which port.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="A name under which browsers ask for it, as a proxy's.")
@_language
def _dashboard(address: str, port: int, hosts: tuple[str, ...], language: Language) -> None:
    """Serve the dashboard to this machine's browser: no account, no network, nothing stored."""
    from dashboard.serve import is_loopback, serve
    from dashboard.texts import text

    if not is_loopback(address):
        click.echo(text("app_network_warning", language, address=address), err=True)
    with socket.socket() if ":" not in address else socket.socket(socket.AF_INET6) as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind((address, port))
        except OSError as fault:
            rule = f"cannot listen on {address}, port {port}: {fault.strerror or fault}; choose another with --port"
            raise TrinnError(rule) from None
    shown = address if ":" not in address else f"[{address}]"
    click.echo(text("app_serving", language, url=f"http://{'localhost' if is_loopback(address) else shown}:{port}"), err=True)
    serve(address, port, hosts)


def _proposals(base: Scenario, changes: Sequence[str], stacks: Sequence[str], today: str) -> dict[str, Scenario]:
    """The base and its proposals by name. Raises TrinnError with the faults of all of them."""
    if not changes and not stacks:
        raise TrinnError("there is nothing to compare with: give at least one --with or --scenario")
    scenarios, faults = {today: base}, list[Fault]()
    for text in (*changes, *stacks):
        try:
            name, what = _stack(text) if len(scenarios) > len(changes) else (_named(text), [text])
            if name in scenarios:
                raise TrinnError(f'two scenarios are called "{name}"')
            scenarios[name] = apply(base, *what)
        except TrinnError as error:
            faults += error.faults
    if faults:
        raise TrinnError(faults)
    return scenarios


def _repeated(changes: Sequence[str], stacks: Sequence[str]) -> list[str]:
    """The options that name the same proposals again."""
    return [word for option, given in (("--with", changes), ("--scenario", stacks)) for one in given for word in (option, one)]


def _named(change: str) -> str:
    """What a proposal of one change is called."""
    return change if is_change(change) else Path(change).stem if change.endswith((".yaml", ".yml")) else change


def _stack(text: str) -> tuple[str, list[str]]:
    """Name and changes of ``name=lever,change,...``; commas inside brackets belong to a change."""
    name, _, rest = text.partition("=")
    parts, depth = [""], 0
    for mark in rest:
        depth += (mark in "[{(") - (mark in "]})")
        if mark == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    what = [part.strip() for part in parts if part.strip()]
    if not name.strip() or not what:
        raise TrinnError(f'--scenario takes NAME=CHANGE,... such as "more=bup.psychologist.fte+=1" (got "{text[:80]}")')
    return name.strip(), what


# -- how it ends --------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """The command ``trinn``. Exit codes: 0 done, 1 a fault of its own, 2 bad input, 130 interrupted."""
    code = _ended(sys.argv[1:] if arguments is None else list(arguments))
    if code == INTERRUPTED and "joblib" not in sys.modules:
        os._exit(code)  # an interrupt inside exec(), while modules are imported, ends an ordinary exit with another code
    sys.exit(code)


def _ended(arguments: list[str]) -> int:
    """Run the command; every way it can end, as an exit code."""
    if signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
        signal.signal(signal.SIGINT, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            cast(Any, stream).reconfigure(errors="replace")
    try:
        with _cli.make_context("trinn", arguments) as context:
            _cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except TrinnError as error:
        for line in str(error).splitlines():
            click.echo(line, err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return _was_interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that closing standard output is silent too
        return 0
    except OSError as fault:
        click.echo(one_line(f"trinn: cannot write: {fault.strerror or fault}"), err=True)
        return 1
    except Exception as fault:
        if _INTERRUPTED:  # what an interrupt becomes in the middle of an import
            return _was_interrupted()
        if os.environ.get("TRINN_DEBUG"):
            raise
        kind = type(fault).__name__
        click.echo(one_line(f"trinn: {kind}: {fault}; {_HINT}"), err=True)
        return 1
    return 0


def _was_interrupted() -> int:
    """Tidy up, say so, and give the exit code."""
    _stop_workers()
    click.echo({"nb": "Avbrutt.", "en": "Interrupted."}[_environment_language()], err=True)
    return INTERRUPTED


_INTERRUPTED: list[bool] = []
"""Holds something once Ctrl-C was pressed."""


def _interrupt(*_: object) -> None:
    """Ctrl-C stops the run once; a second one must not disturb the tidying up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _INTERRUPTED.append(True)
    raise KeyboardInterrupt


def _stop_workers() -> None:
    """End the worker processes of an interrupted run at once."""
    reusable = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(reusable, "_executor", None)
    if executor is not None:
        executor.shutdown(wait=True, kill_workers=True)


if __name__ == "__main__":
    main()
