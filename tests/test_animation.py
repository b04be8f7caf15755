"""One possible future, week by week: its series' numbers, small ones faded, nothing moves unasked, never a forecast."""

from __future__ import annotations

import os
import re
import sys
import xml.etree.ElementTree as ET
from functools import cache

import numpy as np
import pytest
from browsing import ROOT, chromium, free_port, visiting
from streamlit.testing.v1 import AppTest
from test_serving import healthy, running

from dashboard.animation import FUTURES, LONGEST, MOST_DOTS, animation, course_of, drawn, week_said, week_table, week_words
from dashboard.jobs import Question
from dashboard.numbers import SMALL
from dashboard.runner import runner
from dashboard.session import Session
from dashboard.texts import LANGUAGES, text
from dashboard.work import Work
from scenarios.levers import apply
from scenarios.load import load
from scenarios.units import DAY
from sim.fold import SERIES, weeks
from sim.replicate import run

NAME = 'Flere <b>&"barn"</b>'
LADDER = {
    "name": {"nb": "Byen", "en": "The town"},
    "staffing": "national_average",
    "period": {"length": "3y", "warmup": "200d"},
    "needs": {"need": {"severity": "moderate", "step": "red"}},
    "demand": {"c": {"rate": "2/d"}},
    "doors": {"gp": {"share": 0.98, "to": "gp"}, "ppt": {"share": 0.02, "to": "rare"}},
    "services": {
        "gp": {
            "name": {"nb": "fastlege", "en": "GP"},
            "step": "green",
            "places": "endless",
            "course": {"length": "40d"},
            "routes": [{"to": "bup", "after": ["done"]}],
        },
        "rare": {"name": {"nb": "PPT", "en": "PPT"}, "step": "green", "places": "endless", "course": {"length": "1d"}},
        "bup": {
            "name": "BUP <i>",
            "step": "red",
            "places": 45,
            "patience": {"law": "exponential", "mean": "15d"},
            "course": {"length": {"law": "exponential", "mean": "30d"}},
        },
    },
}
"""A door with more than fifty at a time, one with hardly anybody, and a list that is sometimes short and sometimes long."""


@cache
def results():
    base = load(LADDER)
    more = apply(base, "bup.places+=20")
    return {
        name: run(each, name=name, replications=3, seed=5, workers=1, record="weekly")
        for name, each in (("i dag", base), (NAME, more))
    }


@cache
def shown(future=2, language="nb"):
    return animation(results(), future, language)


def parsed(html):
    """The figures as elements; the style goes before."""
    return ET.fromstring(html[html.index("</style>") + len("</style>") :])


def figures(html):
    return parsed(html).findall(".//figure/div")


def words_in(figure):
    return [" ".join(element.itertext()) for element in figure.iter() if element.tag in ("p", "span")]


def dots(line):
    """How many dots a line of the picture draws."""
    return sum(int(re.fullmatch(r"--d:(\d+)", each.get("style"))[1]) for each in line.iter("b"))


def series(future=2, name="i dag"):
    result = results()[name]
    plan = result.plans[0]
    counted = weeks(plan) >= 0
    table = result.replications[future - 1].folded.series[counted]
    return {
        s: {lane: table[:, i, SERIES.index(lane)] for lane in ("waiting", "in_course")}
        for i, s in enumerate(plan.shape.services)
    }


# -- what it shows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("future", [1, 2, 3])
def test_it_shows_the_weekly_series_of_the_future_that_was_asked_for(future):
    for scene in shown(future).scenes:
        real = series(future, scene.scenario)
        for queue in scene.queues:
            for lane in ("waiting", "in_course"):
                assert np.array_equal(getattr(queue, lane), real[queue.service][lane][: LONGEST + 1])


def test_futures_differ():
    assert not np.array_equal(shown(1).scenes[0].queues[-1].waiting, shown(2).scenes[0].queues[-1].waiting)


def test_it_begins_at_the_start_date_and_lasts_two_years_at_most():
    found = shown()
    start = results()["i dag"].scenario.period.start
    assert found.days[0] == start
    assert found.last == LONGEST
    assert all((later - earlier).days * 86400 == 7 * DAY for earlier, later in zip(found.days, found.days[1:], strict=False))


def test_a_shorter_period_is_shown_whole():
    short = run(apply(load(LADDER), "period.length=70d"), name="kort", replications=1, seed=5, workers=1, record="weekly")
    assert animation({"kort": short}, 1, "nb").last == 10


def test_services_with_hardly_anybody_are_named_and_not_drawn():
    found = shown()
    assert found.left_out == ("PPT",)
    assert [queue.name for queue in found.scenes[0].queues] == ["Fastlege", "BUP <i>"]
    assert all(queue.service != "rare" for scene in found.scenes for queue in scene.queues)


def test_only_where_somebody_waits_is_there_a_line_for_those_who_wait():
    assert shown().lists == {"bup"}
    assert text("nothing", "nb") in week_table(shown(), 5, "nb").iloc[0].tolist()


# -- how it is drawn ----------------------------------------------------------------------------------------------------


def weeks_by_waiting(low, high):
    waiting = series()["bup"]["waiting"][: LONGEST + 1]
    return [int(week) for week in np.flatnonzero((waiting >= low) & (waiting < high))]


def marks(html):
    """Of the first figure: dots of children waiting, dots of children helped, faded marks."""
    figure = figures(html)[0]
    waiting, helped = ([line for line in figure if line.get("class") == f"l {kind}"] for kind in "wc")
    return [dots(line) for line in waiting], [dots(line) for line in helped], len(list(figure.iter("i")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dot_is_a_child(language):
    real = series()
    some = weeks_by_waiting(SMALL, MOST_DOTS)[:6]
    assert len(some) == 6
    for week in some:
        waiting, helped, faded = marks(drawn(shown(language=language), week, language))
        assert waiting == [real["bup"]["waiting"][week]]
        assert helped == [min(MOST_DOTS, real[name]["in_course"][week]) for name in ("gp", "bup")]
        assert faded == 0


@pytest.mark.parametrize("count", range(SMALL))
def test_under_five_children_are_one_faded_mark_whatever_they_are(count):
    """Nought to four look the same, in the picture, its words and its table."""
    pictures = set()
    for week in weeks_by_waiting(count, count + 1)[:3]:
        html = drawn(shown(), week, "nb")
        waiting, _, faded = marks(html)
        assert (waiting, faded) == ([0], 1)
        scene = shown().scenes[0]
        assert "under 5 venter" in week_said(shown(), scene, week, "nb")
        assert week_table(shown(), week, "nb").iloc[1, 1] == "under 5"
        pictures.add(re.search(r'<div class="l w">.*?</div></div>', html)[0])
    assert pictures == {'<div class="l w"><div><span>under 5 venter</span><div><i></i></div></div>'}


def test_at_most_fifty_dots_are_drawn_and_the_rest_is_a_number():
    week = int(np.argmax(series()["gp"]["in_course"][: LONGEST + 1]))
    many = int(series()["gp"]["in_course"][week])
    assert many > MOST_DOTS
    html = drawn(shown(), week, "nb")
    assert max(marks(html)[1]) == MOST_DOTS
    assert f"50 tegnet, + {many - MOST_DOTS} til" in words_in(figures(html)[0])


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_says_that_it_is_one_possible_future_and_whose_staffing_it_is(language, moving):
    for figure in figures(drawn(shown(language=language), 3, language, moving)):
        staffing = text("animation_staffing", language, whose=text("staffing_short_national_average", language))
        assert words_in(figure)[-1] == f"{text('animation_stamp', language, future=2)} {staffing}"
    assert text("not_forecast_short", language) in text("animation_stamp", language, future=2)


def test_names_are_text_and_there_is_no_script():
    for moving in (False, True):
        html = drawn(shown(), 3, "nb", moving)
        assert "<b>" not in html
        assert "BUP <i>" not in html
        assert words_in(figures(html)[1])[0] == NAME
        assert not re.search(r"<script|\bon\w+=|javascript:|https?://|url\(", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_has_its_week_s_numbers_as_its_alternative_text(language):
    found = shown(language=language)
    for scene, figure in zip(found.scenes, figures(drawn(found, 30, language)), strict=True):
        assert figure.get("role") == "img"
        said = figure.get("aria-label")
        assert said == week_said(found, scene, 30, language)
        assert week_words(found, 30, language) in said
        assert scene.scenario in said
        assert f"{round(scene.queues[0].in_course[30])} " in said


# -- what moves ---------------------------------------------------------------------------------------------------------


def frames(figure):
    """Line by line of the moving picture: (first week, weeks, kinds, what is shown)."""
    for line in figure.findall("div"):
        yield [(*map(int, re.findall(r"\d+", each.get("style"))), each.get("class").split(), each) for each in line]


def test_the_moving_picture_shows_every_week_once_and_ends_with_the_last():
    found = shown()
    for figure in figures(drawn(found, 7, "nb", moving=True)):
        lines = list(frames(figure))
        assert len(lines) == 4  # the week, those helped at two services, those who wait at one
        for line in lines:
            covered = [week for begin, long, *_ in line for week in range(begin, begin + long)]
            assert covered == list(range(found.last + 1))
            assert [("last" in kinds) for _, _, kinds, _ in line] == [False] * (len(line) - 1) + [True]
            assert [begin <= 7 < begin + long for begin, long, *_ in line] == ["chosen" in kinds for _, _, kinds, _ in line]


def inside(element):
    return (element.text or "") + "".join(ET.tostring(child, encoding="unicode") for child in element)


def test_the_moving_picture_shows_what_the_still_ones_show():
    found = shown()
    moving = figures(drawn(found, 0, "nb", moving=True))[0]
    for week in (0, 13, 50, found.last):
        seen = [inside(each) for line in frames(moving) for begin, long, _, each in line if begin <= week < begin + long]
        assert seen == [inside(line[0]) for line in figures(drawn(found, week, "nb"))[0].findall("div")]


def test_nothing_moves_where_the_device_asks_for_less_motion():
    """By the style: no animation, the chosen week is seen, and it is said why."""
    html = drawn(shown(), 7, "nb", moving=True)
    reduced = html[html.index("prefers-reduced-motion:reduce") :]
    assert ".k{animation:none}" in reduced
    assert ".k.chosen{visibility:visible}" in reduced
    assert text("animation_still", "nb") in html
    assert "animation_still" not in drawn(shown(), 7, "nb")
    assert text("animation_still", "nb") not in drawn(shown(), 7, "nb")


def test_the_still_picture_has_nothing_that_could_move():
    assert 'class="k' not in drawn(shown(), 7, "nb")


def test_the_course_of_the_list_is_told_quarter_by_quarter():
    table = course_of(shown(), "en")
    assert list(table.columns)[1:] == [text("animation_week_short", "en", week=week) for week in range(0, LONGEST + 1, 13)]
    assert len(table) == 2
    waiting = series()["bup"]["waiting"][::13][: len(table.columns) - 1]
    assert list(table.iloc[0, 1:]) == ["under 5" if count < SMALL else str(int(count)) for count in waiting]


# -- on the page --------------------------------------------------------------------------------------------------------


@cache
def job():
    base = load(LADDER)
    scenarios = {"i dag": base, NAME: apply(base, "bup.places+=20"), "Færre": apply(base, "bup.places-=2")}
    asked = runner().ask(Question(scenarios, stages=(10,)), "animation")
    asked.wait(10, 120)
    return asked


def page(language="nb"):
    def script():
        import streamlit as st

        from dashboard.widgets.animation import put_animation

        put_animation(st.session_state["job"])

    at = AppTest.from_function(script, default_timeout=60)
    at.session_state["trinn"] = Session(language, Work(place="etnedal", futures=10))
    at.session_state["job"] = job()
    at.run()
    assert not at.exception
    return at


def opened(language="nb"):
    at = page(language)
    at.toggle(key="animation_show").set_value(True).run()
    assert not at.exception
    return at


def picture(at):
    return at.get("html")[0].proto.body


def test_nothing_is_made_before_it_is_asked_for():
    at = page()
    assert not at.get("html")
    assert not at.slider
    assert not at.toggle(key="animation_show").value


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_loudly_that_it_is_one_of_many_futures_and_no_forecast(language):
    at = opened(language)
    assert [warning.value for warning in at.warning] == [text("animation_warning", language)]
    assert "prognose" in at.warning[0].value or "forecast" in at.warning[0].value


def test_it_stands_still_until_the_reader_asks_for_the_film():
    at = opened()
    assert 'class="k' not in picture(at)
    at.toggle(key="animation_move").set_value(True).run()
    assert 'class="k' in picture(at)
    at.toggle(key="animation_move").set_value(False).run()
    assert 'class="k' not in picture(at)


def test_buttons_go_week_by_week_and_stop_at_the_ends():
    at = opened()
    assert at.button(key="animation_before").disabled
    at.button(key="animation_next").click().run()
    at.button(key="animation_next").click().run()
    assert at.slider[0].value == 2
    assert text("animation_week", "nb", week=2, date="18. jan. 2027") in picture(at)
    at.button(key="animation_before").click().run()
    assert at.slider[0].value == 1
    at.slider[0].set_value(LONGEST).run()
    assert at.button(key="animation_next").disabled


def test_another_future_and_another_proposal_can_be_chosen():
    at = opened()
    first = picture(at)
    assert len(at.selectbox[0].options) == FUTURES
    at.selectbox[0].set_value(3).run()
    third = picture(at)
    assert third != first
    assert "nr. 3" in third
    at.selectbox(key="animation_proposal").set_value("Færre").run()
    assert "Færre" in picture(at)
    assert "&lt;b&gt;" not in picture(at)


def test_more_futures_leave_the_chosen_one_on_the_page():
    """Surer answers come while the reader looks."""
    at = opened()
    at.selectbox(key="animation_future").set_value(4).run()
    more = runner().ask(Question(job().question.scenarios, stages=(10, 12)), "")
    more.wait(12, 120)
    assert more.shown == 12
    at.session_state["job"] = more
    at.run()
    assert at.selectbox(key="animation_future").value == 4
    assert "nr. 4" in picture(at)


def test_the_week_stands_as_a_table_too():
    at = opened()
    at.slider[0].set_value(20).run()
    table = at.table[0].value
    assert len(table) == 2
    assert at.table[0].proto.alt


def test_a_job_without_a_future_shows_nothing():
    at = AppTest.from_function(_empty, default_timeout=60)
    at.session_state["trinn"] = Session("nb", Work(place="etnedal", futures=10))
    at.run()
    assert not at.exception
    assert not at.toggle


def _empty():
    from types import SimpleNamespace

    from dashboard.widgets.animation import put_animation

    put_animation(SimpleNamespace(shown=0))


# -- in a browser -------------------------------------------------------------------------------------------------------

DRIVER = """
import sys
import streamlit as st
import dashboard.views.about
from dashboard.session import here
from dashboard.widgets.animation import put_animation
from dashboard.widgets.running import answer, question_of
def draw():
    st.title("Om")
    st.header("Om")
    job = answer(question_of(here().work, "nb"), "about")
    if job is not None:
        put_animation(job)
dashboard.views.about.draw = draw
import trinn
trinn.main(["dashboard", "--port", sys.argv[1]])
"""
"""The command, with the animation on a page of its own."""
SHOWN = """() => [...document.querySelectorAll(".trinn-one .d")].map(line =>
    [...line.children].filter(each => getComputedStyle(each).visibility === "visible").map(each => each.innerText).join())"""
"""The weeks that are to be seen now."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def address():
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running([sys.executable, "-c", DRIVER, str(port)], healthy(port), cwd=ROOT, env=environment):
        yield f"http://localhost:{port}"


@pytest.mark.xdist_group("serving")
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_film_runs_under_our_policy_and_stands_still_for_who_wants_that(address, browser, motion):
    """Streamlit takes out much of what a page puts in, and the policy lets no script run: what is left must draw and move."""
    with visiting(browser, address, path="about", reduced_motion=motion) as visit:
        page = visit.page
        page.get_by_text(text("animation_show", "nb"), exact=True).click()
        page.wait_for_selector(".trinn-one b")
        assert "radial-gradient" in page.evaluate("getComputedStyle(document.querySelector('.trinn-one b')).backgroundImage")
        assert page.evaluate(SHOWN) == [text("animation_week", "nb", week=0, date="4. jan. 2027")] * 2
        page.get_by_role("button", name=text("animation_next", "nb")).click()
        first = text("animation_week", "nb", week=1, date="11. jan. 2027")
        page.wait_for_function(f"weeks => ({SHOWN})().every(each => each === weeks)", arg=first)
        page.get_by_text(text("animation_move", "nb", seconds=0).partition(" (")[0]).click()
        page.wait_for_selector(".trinn-one .k", state="attached")
        names = page.evaluate(
            "[...new Set([...document.querySelectorAll('.trinn-one .k')].map(k => getComputedStyle(k).animationName))]"
        )
        if motion == "reduce":
            assert names == ["none"]
            assert page.evaluate(SHOWN) == [first] * 2
            assert page.get_by_text(text("animation_still", "nb")).is_visible()
        else:
            assert names == ["trinn-week"]
            page.wait_for_function(
                f"first => ({SHOWN})().every(each => each && each !== first && !each.includes(' 0 '))", arg=first
            )
            assert not page.get_by_text(text("animation_still", "nb")).is_visible()
        assert visit.complaints == []
