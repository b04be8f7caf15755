"""An invented child's story: a sentence for every record in both languages, and nothing that must never be said."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from inspect import getsource
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from dashboard_examples import town
from rich.console import Console

from dashboard.story import Story, identity_of, story, tell
from dashboard.story_records import records_of, told_of
from dashboard.story_terminal import print_story, print_twin
from dashboard.story_twin import twin
from dashboard.story_words import CODES, Record, Told, Words
from dashboard.texts import LANGUAGES, catalogue
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import ENDINGS, REASONS, STEPS
from scenarios.units import DAY
from sim import records
from sim.build import phases
from sim.children import NO_AGE, Cohort
from sim.records import COLUMNS, Kind, Log
from sim.replicate import run

LADDER = {
    "name": {"nb": "Bygda", "en": "The village"},
    "staffing": "national_average",
    "period": {"start": "2027-01-04", "length": "2y"},
    "needs": {
        "mild": {"name": {"nb": "lett og langvarig", "en": "mild and long"}, "severity": "mild", "step": "orange"},
        "hard": {"severity": "severe", "duration": "long", "step": "red"},
    },
    "demand": {"c": {"rate": "1/d"}},
    "doors": {"gp": {"name": {"nb": "fastlege", "en": "GP"}, "share": 1.0, "to": "gp"}},
    "services": {
        "gp": {
            "name": {"nb": "fastlege", "en": "GP"},
            "step": "green",
            "places": "endless",
            "course": {"length": "7d"},
            "routes": [{"to": ["team", "bup"]}],
        },
        "team": {"name": "[b]Team[/b] <i>", "step": "orange", "places": 3, "course": {"length": "7d"}},
        "bup": {
            "name": "BUP",
            "step": "red",
            "staff": {"psychologist": {"name": {"nb": "psykolog", "en": "psychologist"}, "fte": 2}, "room": {"rooms": 2}},
            "intake": {"review": "5d", "accept": {"red": 0.8}},
            "course": {"length": "60d", "hours": [{"psychologist": 2, "room": 1}]},
        },
    },
    "areas": {"here": {"name": "Bygda"}},
}
GP, TEAM, BUP = range(3)
MILD, HARD = range(2)
LAST = {"nb": "OPPDIKTET BARN", "en": "INVENTED CHILD"}
WHOLE_RANGE = {
    Kind.AROSE: (0, -1, -2),
    Kind.SOUGHT: (0,),
    Kind.REFERRED: (0, 1, -1),
    Kind.ACCEPTED: range(len(STEPS)),
    Kind.REJECTED: [r + wrong + warm for r in range(len(REASONS)) for wrong in (0, 100) for warm in (0, 1000)],
    Kind.STARTED: (0, 1, 2, 3),
    Kind.OVERFLOWED: (0, 118_000),
    Kind.HANDED_OVER: (GP, -1),
    Kind.LOST: (BUP,),
    Kind.WORSENED: (MILD,),
    Kind.BALKED: (90 * DAY,),
    Kind.SWITCHED: (TEAM,),
    Kind.RAISED: (1, 2),
    Kind.HELD: (TEAM,),
    Kind.RELAPSED: (BUP, -1),
    Kind.FOUND: (0,),
    Kind.MET: (*range(len(STEPS)), -1),
}
"""Every value of ``detail`` that has words of its own, of the kinds without codes."""


@cache
def plans():
    return phases(load(LADDER))


def words(language="en"):
    return Words(load(LADDER), plans()[0], language)


def record(kind, place=-1, stay=0, day=0.0, since=None, received=None, detail=0, need=HARD, child=0):
    """A record with days in place of seconds."""
    times = (day, day if since is None else since, day if received is None else received)
    time, began, came = (int(each * DAY) for each in times)
    return Record(time, kind, child, place, stay, began, came, detail, need)


def cohort(born=None):
    """One child; columns that a story does not read hold 0."""
    columns = {field.name: np.zeros(1, dtype=np.int64) for field in fields(Cohort)}
    known = {"key": np.asarray([0xABC], dtype=np.uint64), "born": np.asarray([NO_AGE if born is None else born])}
    return Cohort(**{**columns, **known})


def told(*lines, language="en", born=None):
    """The story of the one child, from records made by hand."""
    log = Log(np.asarray([list(map(int, line)) for line in lines], dtype=np.int64).reshape(-1, len(COLUMNS)))
    return tell(load(LADDER), plans(), cohort(born), log, 0, language)


def said(one: Story):
    """(date, service, sentence) of each."""
    return [(sentence.when, sentence.place, sentence.text) for sentence in one.sentences]


def shown(put, width=100):
    stream = StringIO()
    put(Console(file=stream, width=width, color_system=None))
    return stream.getvalue()


# -- every record has words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_and_code_has_a_sentence(kind, language):
    codes = range(len(CODES[kind])) if kind in CODES else WHOLE_RANGE.get(kind, (0,))
    sentences = []
    for detail in codes:
        place = 0 if kind in (Kind.OVERLOADED, Kind.CAPACITY) else BUP
        line = words(language).sentence(Told(record(kind, place, 1, day=40, since=10, received=5, detail=detail)))
        assert line.endswith(".")
        assert not re.search(r"[{}_]|  |\bNone\b", line)
        sentences.append(line)
    distinct = len(set(codes)) if kind not in (Kind.STARTED,) else 2  # two options of the same hours sound alike
    assert len(set(sentences)) == distinct


def documented():
    """By kind what its docstring says, from the source."""
    source = getsource(records.Kind)
    found = re.findall(r'    ([A-Z_]+) = \d+\n    """(.*?)"""', source, re.DOTALL)
    return {Kind[name]: re.sub(r"\s+", " ", text).strip() for name, text in found}


def test_every_documented_code_has_words():
    """The codes in brackets, numbered from 0, are those that have a sentence."""
    assert set(documented()) == set(Kind)
    for kind, text in documented().items():
        brackets = re.search(r"\(([^()]*)\)\.?$", text)
        assert brackets, kind
        codes = [int(code) for code in re.findall(r"(?:^|[;,] )(\d) (?:[a-z])", brackets[1])]
        if len(codes) > 1:
            assert kind in CODES, kind
            assert codes == list(range(len(CODES[kind]))), kind
    assert CODES[Kind.ENDED] == ENDINGS
    assert set(CODES) == {k for k, text in documented().items() if re.search(r"[;,(] ?1 [a-z]", text)} | {Kind.ENDED}
    for kind, least in ((Kind.AROSE, -2), (Kind.REFERRED, -1), (Kind.HANDED_OVER, -1), (Kind.RELAPSED, -1), (Kind.MET, -1)):
        assert min(WHOLE_RANGE[kind]) == min(map(int, re.findall(r"-\d", documented()[kind]))) == least


def test_the_reference_page_says_what_the_source_says():
    page = (Path(__file__).parent.parent / "docs" / "records.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("| kind |")[2], re.MULTILINE)
    assert rows == [(kind.name.lower(), text.replace("``", "`")) for kind, text in documented().items()]
    listed = re.findall(r"`(\w+)`", page.partition("Endings, in the order")[2].partition(" (0 to 11)")[0])
    assert tuple(listed) == ENDINGS


def test_no_text_speaks_of_what_must_never_be_said():
    for key, label in catalogue().items():
        if key.startswith("story_"):
            for line in (label.nb, label.en):
                assert not re.search(r"suicid|selvmord|\blives?\b|\bliv\b|reddet|\bsaved\b|\bdie|\bdød", line, re.IGNORECASE)
                assert key == "story_stamp" or not re.search(r"ris[ik]k", line, re.IGNORECASE)


@pytest.mark.parametrize(
    ("days", "nb", "en"),
    [
        (0, "mindre enn én dag", "less than a day"),
        (0.9, "mindre enn én dag", "less than a day"),
        (1.2, "én dag", "one day"),
        (13, "13 dager", "13 days"),
        (14, "2 uker", "2 weeks"),
        (77, "11 uker", "11 weeks"),
    ],
)
def test_waits_are_days_up_to_two_weeks_then_weeks(days, nb, en):
    assert words("nb").span(int(days * DAY)) == nb
    assert words("en").span(int(days * DAY)) == en


def test_dates_are_written_out():
    assert words("nb").date(0) == "4. januar 2027"
    assert words("en").date(-1) == "3 January 2027"


# -- stories made by hand ---------------------------------------------------------------------------------------------------

REFERRED_TWICE = (
    record(Kind.AROSE, day=0),
    record(Kind.SOUGHT, day=0),
    record(Kind.JOINED, GP, 1, day=20),
    record(Kind.STARTED, GP, 1, day=20),
    record(Kind.ENDED, GP, 1, day=27, since=20, received=20, detail=ENDINGS.index("unchanged")),
    record(Kind.HANDED_OVER, BUP, day=27, detail=GP),
    record(Kind.REFERRED, BUP, 1, day=34),
    record(Kind.REJECTED, BUP, 1, day=40, since=34, received=34, detail=1 + 100),
    record(Kind.HANDED_OVER, BUP, day=40, detail=BUP),
    record(Kind.REFERRED, BUP, 2, day=96, detail=1),
    record(Kind.ACCEPTED, BUP, 2, day=101, since=96, received=96, detail=STEPS.index("red")),
    record(Kind.JOINED, BUP, 2, day=101, received=96),
    record(Kind.STARTED, BUP, 2, day=143, since=101, received=96, detail=4),
    record(Kind.ASSESSED, BUP, 2, day=171, since=143, received=96),
    record(Kind.ENDED, BUP, 2, day=353, since=171, received=96, detail=ENDINGS.index("recovered")),
    record(Kind.LEFT, day=353),
)
"""Rejected for missing information, referred again, helped."""


def test_a_child_that_is_rejected_and_referred_again_in_norwegian():
    one = told(*REFERRED_TWICE, language="nb", born=int(-9.5 * 365.25 * DAY))
    assert one.title == "Historien til et oppdiktet barn: 9 år, Bygda"
    assert said(one) == [
        ("4. januar 2027", "", "Et behov for hjelp oppstår: alvorlig og langvarig. Barnet eller familien søker hjelp. "
                               "Veien inn: fastlege."),
        ("24. januar 2027", "Fastlege", "Hjelpen starter med en gang, uten venteliste. Veien hit tok 3 uker."),
        ("31. januar 2027", "Fastlege", "Hjelpen avsluttes etter 7 dager. Behovet er som før. Barnet skal videre. "
                                        "Neste tjeneste: BUP."),
        ("7. februar 2027", "BUP", "Henvisningen er mottatt. Veien hit tok 7 dager."),
        ("13. februar 2027", "BUP", "Henvisningen får avslag. Vurderingen tok 6 dager. Grunnen: opplysninger mangler. "
                                    "I modellen er avslaget feil: behovet hører hjemme her. Barnet skal videre. "
                                    "Neste tjeneste: BUP."),
        ("10. april 2027", "BUP", "En ny henvisning er mottatt. Avslag her fra før: 1. Veien hit tok 8 uker."),
        ("15. april 2027", "BUP", "Barnet får rett til hjelp. Vurderingen tok 5 dager. Tjenesten mener at behovet hører "
                                  "hjemme på det røde trinnet. Barnet settes på venteliste."),
        ("27. mai 2027", "BUP", "Hjelpen starter etter 6 uker på venteliste. Det er gått 7 uker siden henvisningen kom. "
                                "Hjelpen gis av: psykolog."),
        ("24. juni 2027", "BUP", "Utredningen er ferdig etter 4 uker. Behandlingen begynner."),
        ("23. desember 2027", "BUP", "Hjelpen avsluttes etter 30 uker. Behovet for hjelp er over."),
    ]  # fmt: skip
    assert one.closing == (
        "Hjelpen kom 27. mai 2027: BUP. Da var det gått 20 uker siden noen først ba om den.",
        "Samlet tid på venteliste: 6 uker.",
        "Historien slutter 23. desember 2027.",
    )
    assert one.stamp == "OPPDIKTET BARN: ikke et virkelig barn, ikke en prognose, og ikke risikoen til noe enkeltbarn."
    assert one.notes == (
        "Bemanningen er et landsgjennomsnitt, ikke denne kommunens.",
        "At et avslag er feil i modellen, følger av en antatt treffsikkerhet og sier ingenting om noen virkelig tjeneste.",
    )


def test_the_same_child_in_english():
    one = told(*REFERRED_TWICE)
    assert said(one)[3:6] == [
        ("7 February 2027", "BUP", "The referral is received. The way here took 7 days."),
        ("13 February 2027", "BUP", "The referral is rejected. The review took 6 days. The reason: information is missing. "
                                    "In the model the rejection is wrong: the need belongs here. The child is to go on. "
                                    "Next service: BUP."),
        ("10 April 2027", "BUP", "A new referral is received. Rejections here before: 1. The way here took 8 weeks."),
    ]  # fmt: skip
    assert one.closing[0] == "Help came on 27 May 2027: BUP. It was then 20 weeks since somebody first asked for it."
    assert one.stamp == "INVENTED CHILD: no real child, not a forecast, and no individual risk."
    assert one.sentences[1].kinds == ("started",)


def test_a_child_that_is_never_helped():
    lines = (
        record(Kind.AROSE, day=0, need=MILD),
        record(Kind.SOUGHT, day=0, need=MILD),
        record(Kind.JOINED, TEAM, 1, day=10, need=MILD),
        record(Kind.GAVE_UP, TEAM, 1, day=80, since=10, received=10, need=MILD),
        record(Kind.HANDED_OVER, BUP, day=80, detail=TEAM, need=MILD),
        record(Kind.LOST, day=101, since=80, detail=BUP, need=MILD),
        record(Kind.WITHOUT_HELP, day=101, detail=2, need=MILD),
        record(Kind.WORSENED, day=200, since=0, detail=MILD, need=HARD),
        record(Kind.CRISIS, day=300, since=0),
    )
    assert said(told(*lines)) == [
        ("4 January 2027", "", "A need for help arises: mild and long. The child or the family looks for help. "
                               "The way in: GP."),
        ("14 January 2027", "[b]Team[/b] <i>", "The child is put on the waiting list. The way here took 10 days."),
        ("25 March 2027", "[b]Team[/b] <i>", "The child or the family gives up after 10 weeks on the waiting list. "
                                             "The child is to go on. Next service: BUP."),
        ("15 April 2027", "", "The child is lost on the way after 3 weeks. It never reached: BUP. Nobody receives the child. "
                              "The child is without help."),
        ("23 July 2027", "", "The child gets worse while nobody helps. The need was mild and long, and is now severe and "
                             "long."),
        ("31 October 2027", "", "The severe need becomes a crisis while nobody helps."),
    ]  # fmt: skip
    assert told(*lines).closing == (
        "No help came. It was then 104 weeks since somebody first asked for it.",
        "Time on waiting lists in all: 10 weeks.",
        "When the period ends on 3 January 2029 the child is with no service.",
    )
    assert told(*lines, language="nb").closing == (
        "Ingen hjelp kom. Da var det gått 104 uker siden noen først ba om den.",
        "Samlet tid på venteliste: 10 uker.",
        "Når perioden slutter 3. januar 2029, er barnet ikke hos noen tjeneste.",
    )


def test_a_need_that_nobody_asks_help_for():
    one = told(
        record(Kind.AROSE), record(Kind.WITHOUT_HELP), record(Kind.REMITTED, day=90), record(Kind.LEFT, day=90, detail=1)
    )
    assert [line for *_, line in said(one)] == [
        "A need for help arises: severe and long. Nobody looks for help. The child is without help.",
        "The need passes by itself.",
    ]
    assert one.closing[0] == "Nobody asked for help, and no help came."
    assert one.closing[2] == "The story ends on 4 April 2027."


def test_contact_with_a_door_alone_is_not_called_help():
    one = told(*REFERRED_TWICE[:5], record(Kind.LEFT, day=27, detail=4))
    assert one.closing[0] == (
        "The child was only in touch with: GP. That is a door. No help further up the ladder had come 4 weeks after somebody "
        "first asked for it."
    )


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (REFERRED_TWICE[:7], "the referral is still under review: BUP"),
        (REFERRED_TWICE[:12], "the child is still on a waiting list: BUP"),
        (REFERRED_TWICE[:13], "the child is still being helped: BUP"),
        ((*REFERRED_TWICE, record(Kind.RELAPSED, day=400, detail=-1)), "the child is with no service"),
    ],
)
def test_a_story_that_goes_on_says_where_the_child_is(lines, state):
    assert told(*lines).closing[2] == f"When the period ends on 3 January 2029 {state}."


def test_a_child_that_is_there_from_the_first_day():
    one = told(record(Kind.AROSE, detail=-2), record(Kind.JOINED, BUP, 1, since=0, received=-30),
               record(Kind.STARTED, BUP, 1, since=0, received=-30, detail=5))  # fmt: skip
    assert "Help is under way." in one.sentences[-1].text
    assert one.closing[0] == "Help was under way on the first day: BUP."
    one = told(record(Kind.AROSE, detail=-1), record(Kind.REFERRED, BUP, 1, received=-30, detail=-1),
               record(Kind.JOINED, BUP, 1, received=-30),
               record(Kind.STARTED, BUP, 1, day=10, since=0, received=-30))  # fmt: skip
    assert one.sentences[-1].text.startswith("Help starts after 10 days on the waiting list. It is 6 weeks since the referral")
    assert one.closing[0].endswith("It was then 6 weeks since somebody first asked for it.")


def test_a_child_on_the_list_of_the_first_day_that_starts_on_it():
    """Nobody says that it never waited."""
    one = told(record(Kind.AROSE, detail=-1), record(Kind.JOINED, TEAM, 1), record(Kind.STARTED, TEAM, 1))
    assert [line for *_, line in said(one)] == [
        "The child is already on a waiting list on the first day. The need is severe and long.",
        "Help starts on this day.",
    ]


def test_hours_and_places_have_their_units():
    over = [words().sentence(Told(record(Kind.OVERLOADED, pool, detail=units))) for pool, units in ((0, 1), (1, 60), (1, 90))]
    assert over[0] == "The service takes on more than it has room for: one place too much."
    assert over[1].endswith(": 1 hour a week (psychologist) too much.")
    assert over[2].endswith(": 1.5 hours a week (psychologist) too much.")


def test_whoever_turns_round_at_once_was_never_on_the_list():
    start = (record(Kind.AROSE), record(Kind.SOUGHT), record(Kind.JOINED, TEAM, 1, day=10))
    for kind, detail, sentence in (
        (
            Kind.BALKED,
            90 * DAY,
            "The wait here is known to be 13 weeks. That is too long, and the child does not join the list.",
        ),
        (Kind.SWITCHED, BUP, "The wait here is long, and the child turns to another service of the same step: BUP."),
        (Kind.REFUSED, 0, "The waiting list is full, and there is no place for the child on it."),
    ):
        one = told(*start, record(kind, TEAM, 1, day=10, detail=detail))
        assert said(one)[-1][2] == f"{sentence} The way here took 10 days."
        assert one.closing[1] == "The child was never on a waiting list."


def test_time_on_two_lists_at_once_is_counted_once():
    one = told(record(Kind.AROSE), record(Kind.JOINED, TEAM, 1, day=0), record(Kind.JOINED, BUP, 1, day=7),
               record(Kind.GAVE_UP, TEAM, 1, day=21, since=0, received=0),
               record(Kind.STARTED, BUP, 1, day=42, since=7, received=7))  # fmt: skip
    assert one.closing[1] == "Time on waiting lists in all: 6 weeks."


def test_nobodys_records_are_told_where_they_explain_the_childs():
    """A closure of a week while the child is there, and its own group; not another's, nor public holidays."""
    there = (record(Kind.JOINED, BUP, 1, day=10), record(Kind.STARTED, BUP, 1, day=20, since=10, received=10))
    lines = (
        record(Kind.CLOSED, BUP, day=1, child=-1),
        record(Kind.REOPENED, BUP, day=9, child=-1),
        there[0],
        record(Kind.GROUP_STARTED, BUP, 1, day=20, child=-1),
        there[1],
        record(Kind.CLOSED, BUP, day=30, child=-1),
        record(Kind.REOPENED, BUP, day=31, child=-1),
        record(Kind.CLOSED, TEAM, day=32, child=-1),
        record(Kind.REOPENED, TEAM, day=60, child=-1),
        record(Kind.CLOSED, BUP, day=40, child=-1),
        record(Kind.GROUP_STARTED, BUP, 2, day=41, child=-1),
        record(Kind.CAPACITY, 0, day=41, child=-1),
        record(Kind.REOPENED, BUP, day=61, child=-1),
    )
    log = Log(np.asarray([list(map(int, line)) for line in lines], dtype=np.int64))
    found = records_of(log, 0)
    kinds = [(item.record.kind, item.record.time // DAY) for item in told_of(found, [r for r in found if r.child == 0])]
    assert kinds == [(Kind.JOINED, 10), (Kind.GROUP_STARTED, 20), (Kind.STARTED, 20), (Kind.CLOSED, 40), (Kind.REOPENED, 61)]


# -- from a run -------------------------------------------------------------------------------------------------------------


@cache
def ran(change="", seed=1):
    return run(apply(town(), *([change] if change else [])), name=change or "today", replications=1, seed=seed, workers=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_child_of_a_run_has_a_story(language):
    result = ran()
    for row in range(0, result.replications[0].children, 5):
        one = story(result, row, language)
        assert one.sentences
        assert len(one.closing) == 3
        days = [sentence.day for sentence in one.sentences]
        assert days == sorted(days)
        assert one.stamp.startswith(LAST[language])


def test_a_child_is_named_by_row_or_identity():
    result = ran()
    identity = result.events(0)["child"].iloc[-1]
    one = story(result, identity, "en")
    row = int(re.search(r"row (\d+)", one.origin)[1])
    assert identity == identity_of(result.replications[0].cohort, row)
    assert one == story(result, row, "en") == story(result, str(row), "en")
    assert "possible future 0, seed 1" in one.origin


@pytest.mark.parametrize("child", [10**6, -1, "-1", "many", "", "0" * 16, "f" * 16, "z" * 16, "²", True])
def test_a_child_that_does_not_exist_is_one_clear_error(child):
    with pytest.raises(TrinnError, match=r"^child: must be a row of the cohort, or an identity.* have rows 0 to \d+ \(got '"):
        story(ran(), child)


def test_other_faults_are_clear_too():
    with pytest.raises(TrinnError, match="there is no replication 3"):
        story(ran(), 0, replication=3)
    with pytest.raises(TrinnError, match="did not keep its log"):
        story(run(town(), replications=1, workers=1, record="weekly"), 0)
    with pytest.raises(TrinnError, match="child: never entered: no record speaks of the child in row 0; take another row"):
        told()
    with pytest.raises(TrinnError, match=r"only under the same seed \(got 1 and 2\)"):
        twin(ran(), ran(seed=2), 0)


# -- twins -------------------------------------------------------------------------------------------------------------------


def different():
    """A child whose story differs between the two scenarios."""
    for row in range(ran().replications[0].children):
        both = twin(ran(), ran("bup.psychologist.fte+=1"), row, "en")
        if any(line.differs for line in both.rows):
            return both
    raise AssertionError("no child differs")


def test_twins_stand_side_by_side_in_order_of_dates():
    both = different()
    left = [line.left for line in both.rows if line.left]
    right = [line.right for line in both.rows if line.right]
    assert tuple(left) == both.stories[0].sentences
    assert tuple(right) == both.stories[1].sentences
    days = [(line.left or line.right).day for line in both.rows]
    assert days == sorted(days)
    assert not both.rows[0].differs
    assert both.closing[0] == f"“today”: {' '.join(both.stories[0].closing)}"
    assert both.closing[-1].startswith("This is one invented child and chance. One child proves nothing: compare with trinn")


def test_what_differs_has_a_mark_and_not_only_a_colour():
    both = different()
    lines = shown(lambda console: print_twin(both, console, "en")).splitlines()
    assert sum("≠" in line for line in lines) == sum(line.differs for line in both.rows) + 1  # and the legend
    assert lines[0].strip() == both.stamp == lines[-1].strip()


def test_twins_that_are_alike_say_so():
    both = twin(ran(), ran(), 0, "nb")
    assert not any(line.differs for line in both.rows)
    assert "Historien er den samme begge gangene." in both.closing
    assert "≠" not in shown(lambda console: print_twin(both, console, "nb"))


def test_a_child_that_arose_in_one_scenario_only_is_said_to_be_so():
    more = ran("demand.c.rate*=2")
    here, there = ran().replications[0].cohort, more.replications[0].cohort
    alone = next(identity_of(there, row) for row in range(len(there)) if there.key[row] not in here.key)
    both = twin(ran(), more, alone, "en")
    assert both.closing[0] == "With “today” this need never arose. The child exists in the other story only."
    assert both.stories[0] is None
    assert all(line.left is None for line in both.rows)
    both = twin(more, ran(), alone, "nb")
    assert both.closing[1] == "Med «today» oppsto dette behovet aldri. Barnet finnes bare i den andre historien."
    with pytest.raises(TrinnError, match="must be a row of the cohort, or an identity"):
        twin(ran(), more, "0" * 16)


# -- on the terminal ----------------------------------------------------------------------------------------------------------


def test_the_stamp_stands_at_the_top_and_the_bottom():
    for language in LANGUAGES:
        one = told(*REFERRED_TWICE, language=language)
        lines = shown(lambda console, one=one: print_story(one, console)).splitlines()
        assert lines[0].strip() == one.stamp == lines[-1].strip()


def test_names_are_shown_as_text_never_as_markup():
    one = told(record(Kind.AROSE), record(Kind.JOINED, TEAM, 1, day=1))
    out = shown(lambda console: print_story(one, console))
    assert "[b]Team[/b] <i>: The child is put on the waiting list." in out


def test_control_characters_in_names_do_not_reach_the_terminal():
    ladder = {**LADDER, "doors": {"gp": {"name": "a\x1b[31mb", "share": 1.0, "to": "gp"}}}
    log = Log(np.asarray([list(map(int, record(kind))) for kind in (Kind.AROSE, Kind.SOUGHT)], dtype=np.int64))
    one = tell(load(ladder), plans(), cohort(), log, 0, "en")
    assert "\x1b" not in shown(lambda console: print_story(one, console))
