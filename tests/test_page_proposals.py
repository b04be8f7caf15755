"""The page of proposals: every state in both languages, and what is turned, put on, named and read there."""

import json
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.any_number import known, standing
from dashboard.dials import dials_of, now, same_address, stops
from dashboard.lever_cards import cards, first_wanted, lacks, moments
from dashboard.proposing import (
    added,
    changed_to,
    lever_word,
    moved,
    on,
    renamed,
    told,
    with_lever,
    with_number,
    without,
    without_lever,
)
from dashboard.session import Session
from dashboard.texts import text
from dashboard.verdicts import cautions, limits, verdict_words
from dashboard.whose import staffing_words
from dashboard.work import MOST_PROPOSALS, Proposal, Work, from_json, scenarios_of, to_json
from scenarios.errors import TrinnError
from scenarios.levers import wanted

SHORT = ("period.warmup=60d", "period.length=200d")
PSYCHOLOGIST = "bup.psychologist.fte"


def work(*proposals, **more):
    named = tuple(Proposal(name=name, changes=changes) for name, changes in proposals)
    return Work(place="etnedal", today=SHORT, proposals=named, futures=10, **more)


def page(session):
    """The page alone, with a table laid."""

    def script():
        from dashboard.views.proposals import draw

        draw()

    at = AppTest.from_function(script, default_timeout=60)
    at.session_state["trinn"] = session
    return at.run()


def answered(at):
    """The page once everything that was asked has been answered."""
    session = at.session_state["trinn"]
    for _ in range(100):
        if session.job is not None and session.job.finished:
            break
        if session.job is not None:
            session.job.wait(session.job.wanted, 5)
        at.run()
    at.run()
    assert not at.exception
    return at


def shown(at):
    """All words on the page, with what escapes markup taken away."""
    blocks = (at.title, at.markdown, at.caption, at.info, at.warning, at.error, at.code, at.success)
    return "\n".join(str(each.value) for block in blocks for each in block).replace("\\", "")


def changes_of(at, index=0):
    return at.session_state["trinn"].work.proposals[index].changes


# -- states -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_without_proposals_it_says_what_to_do_and_a_button_does_it(language):
    at = page(Session(language, work()))
    assert not at.exception
    assert text("proposals_none", language) in shown(at)
    at.button(key="proposals_first").click().run()
    assert not at.exception
    made = at.session_state["trinn"].work.proposals
    assert [(each.name, each.changes) for each in made] == [(text("proposals_new_name", language, number=1), ())]
    at.session_state["trinn"].undo()
    at.run()
    assert text("proposals_none", language) in shown(at)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_verdict_of_the_edited_proposal_stands_first(language):
    session = Session(language, work(("En til", (f"{PSYCHOLOGIST}+=1",)), ("Ti til", (f"{PSYCHOLOGIST}+=10",))))
    at = answered(page(session))
    at.button(key="proposals_edit_1").click().run()
    words = verdict_words(session.job.comparison, "Ti til", language)
    shown_words = shown(at)
    assert f"Ti til: {words.title}" in shown_words
    assert words.sentence in shown_words
    assert f"En til: {verdict_words(session.job.comparison, 'En til', language).title}" not in shown_words
    for line in (*cautions(session.job.comparison, language), *limits(session.job.comparison.base.scenario, language)):
        assert line in shown_words
    assert staffing_words(session.job.question.scenarios.values(), language) in shown_words
    heads = [each.value for each in at.markdown if each.value.startswith("## ")]
    assert words.title in heads[0].replace("\\", "")


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_place_that_is_not_known_is_told_and_a_file_can_still_be_opened(language):
    at = page(Session(language, Work(place="nowhere at all")))
    assert not at.exception
    assert text("running_input", language) in shown(at)
    assert "nowhere at all" in shown(at)
    assert at.get("file_uploader")


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_proposal_that_fits_no_more_is_told_and_can_be_mended(language):
    at = page(Session(language, work(("Rar", ("nothing.there=1", f"{PSYCHOLOGIST}+=1")))))
    assert not at.exception
    assert "nothing" in shown(at)
    assert "nothing.there=1" in shown(at)
    assert text("running_input", language) in shown(at)
    at.button(key="proposals_away_0").click().run()
    assert not at.exception
    assert changes_of(at) == (f"{PSYCHOLOGIST}+=1",)
    assert text("running_input", language) not in shown(at)


def test_names_are_shown_as_text():
    name = "<b>x</b> [a](b) $y$ # h"
    at = page(Session("nb", work((name, (f"{PSYCHOLOGIST}+=1",)))))
    assert not at.exception
    raw = " ".join(str(each.value) for each in at.markdown)
    assert "<b>" not in raw.replace("\\<b\\>", "")
    assert "[a](b)" not in raw


# -- sliders ------------------------------------------------------------------------------------------------------------


def test_a_slider_makes_one_change_and_back_again_none():
    at = page(Session("nb", work(("En", ()))))
    slider = at.select_slider(key=f"proposals_dial_{PSYCHOLOGIST}")
    today = float(slider.value)
    assert f"i dag: {text_of(today)}" in slider.label.replace("\\", "")
    more = next(each for each in map(float_of, slider.options) if each > today)
    slider.set_value(more).run()
    assert not at.exception
    assert changes_of(at) == (f"{PSYCHOLOGIST}={more:g}",)
    at.select_slider(key=f"proposals_dial_{PSYCHOLOGIST}").set_value(today).run()
    assert changes_of(at) == ()


def text_of(value):
    return f"{value:g}".replace(".", ",")


def float_of(words):
    return float(words.replace("\u00a0", "").replace(",", "."))


def test_undo_puts_the_slider_back():
    session = Session("nb", work(("En", ())))
    at = page(session)
    key = f"proposals_dial_{PSYCHOLOGIST}"
    today = float(at.select_slider(key=key).value)
    other = float_of(at.select_slider(key=key).options[-1])
    at.select_slider(key=key).set_value(other).run()
    assert float(at.select_slider(key=key).value) == other
    session.undo()
    at.run()
    assert float(at.select_slider(key=key).value) == today
    assert changes_of(at) == ()


def test_a_slider_follows_the_proposal_that_is_edited_and_what_a_file_says():
    at = page(Session("nb", work(("En", (f"{PSYCHOLOGIST}=3.33",)), ("To", ()))))
    key = f"proposals_dial_{PSYCHOLOGIST}"
    assert float(at.select_slider(key=key).value) == 3.33
    at.button(key="proposals_edit_1").click().run()
    assert not at.exception
    assert float(at.select_slider(key=key).value) != 3.33


def test_the_sliders_are_those_of_the_ladder_and_hold_todays_number():
    found = dials_of(Work(place="stange"), "nb")
    assert {"staff", "rejections", "help"} == {dial.group for dial in found}
    assert all(dial.today in dial.options and dial.options == tuple(sorted(dial.options)) for dial in found)
    assert all(len(dial.options) <= 120 for dial in found)
    addresses = [dial.address for dial in found]
    assert {"bup.psychologist.fte", "bup.intake.accept.orange", "low_threshold.course.sessions"} <= set(addresses)
    assert dials_of(Work(place="jackson"), "nb") == ()


def test_every_place_of_every_slider_fits():
    table = Work(place="stange", proposals=(Proposal(name="x"),))
    for dial in dials_of(table, "nb"):
        for end in (dial.options[0], dial.options[-1]):
            if dial.unit == "fte" and end == 0:
                continue
            assert changed_to(table, 0, moved((), dial, end), "nb").proposals[0].changes or end == dial.today


def test_direct_referral_takes_from_the_way_past_the_municipality():
    dial = next(dial for dial in dials_of(Work(place="stange"), "nb") if dial.other)
    changes = moved((), dial, 0.3)
    assert len(changes) == 2
    assert sum(float(change.rpartition("=")[2]) for change in changes) == pytest.approx(dial.total)
    assert moved(changes, dial, dial.today) == ()


@pytest.mark.parametrize(
    ("change", "value"),
    [("=5", 5.0), ("+=1", 3.0), ("-=0.5", 1.5), ("*=2", 4.0)],
)
def test_a_slider_reads_every_way_of_writing_a_change(change, value):
    dial = dials_of(work(), "nb")[-1]
    at = 2.0
    dial = type(dial)(**{**dial.__dict__, "today": at, "options": (1.0, at), "other": ""})
    assert now((dial.address + change,), dial) == value
    assert value in stops(dial, value)


def test_addresses_are_told_apart_and_dated_changes_left_alone():
    assert same_address("services.bup.staff.psychologist.fte=3", PSYCHOLOGIST)
    assert same_address(f"{PSYCHOLOGIST}+=1", PSYCHOLOGIST)
    assert not same_address(f"{PSYCHOLOGIST}+=1@2028-01-01", PSYCHOLOGIST)
    assert not same_address("bup.clinician.fte=3", PSYCHOLOGIST)
    assert not same_address("capa", PSYCHOLOGIST)
    dated = f"{PSYCHOLOGIST}+=1@2028-01-01"
    assert with_number((dated, f"{PSYCHOLOGIST}=4", "capa"), PSYCHOLOGIST, "5") == (dated, f"{PSYCHOLOGIST}=5", "capa")


# -- levers -------------------------------------------------------------------------------------------------------------


def test_a_lever_is_put_on_in_part_from_a_date_and_taken_off():
    at = page(Session("nb", work(("En", ()))))
    at.session_state["proposals_lever_psychologists_2_per_20000"] = True
    at.run()
    assert "En brukerorganisasjons ønske" in shown(at)
    at.button(key="proposals_put_on_psychologists_2_per_20000").click().run()
    assert not at.exception
    assert changes_of(at) == ("psychologists_2_per_20000",)
    at.select_slider(key="proposals_part_psychologists_2_per_20000").set_value(0.5).run()
    assert changes_of(at) == ("psychologists_2_per_20000*0.5",)
    since = at.selectbox(key="proposals_since_psychologists_2_per_20000")
    since.set_value(date(2027, 7, 1)).run()
    assert not at.exception
    assert changes_of(at) == ("psychologists_2_per_20000*0.5@2027-07-01",)
    assert "50 %, fra 1. juli 2027" in shown(at)
    at.button(key="proposals_take_off_psychologists_2_per_20000").click().run()
    assert changes_of(at) == ()


def test_a_variant_of_a_lever_can_be_chosen():
    at = page(Session("en", work(("One", ("coordinator",)))))
    kinds = at.selectbox(key="proposals_kind_coordinator")
    assert len(kinds.options) > 1
    kinds.set_value("barnekoordinator").run()
    assert not at.exception
    assert changes_of(at) == ("coordinator:barnekoordinator",)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_levers_that_contradict_each_other_are_told_and_nothing_is_lost(language):
    session = Session(language, work(("Begge", ("see_everyone",))))
    at = page(session)
    at.session_state["proposals_levers_search"] = "capa"
    at.session_state["proposals_lever_capa"] = True
    at.run()
    before = session.work
    at.button(key="proposals_put_on_capa").click().run()
    assert not at.exception
    assert session.work == before
    assert "is set twice" in shown(at)
    at.button(key="proposals_copy_0").click().run()
    assert "is set twice" not in shown(at)


def test_levers_are_found_by_group_and_words():
    every = cards("nb")
    assert len(cards("nb", "between")) < len(every)
    assert {card.group for card in cards("nb", "between")} == {"between"}
    assert [card.name for card in cards("nb", search="UNN dialog finnes ikke")] == []
    assert "capa" in [card.name for card in cards("en", search="choice PARTNERSHIP")]
    assert all(card.about and card.grade and card.sources for card in every)


def test_what_a_lever_presupposes_and_the_place_lacks_is_told():
    assert lacks(work(("x", ())), (), "referral_pathways", "nb")[-1].startswith("Virkningen er ikke vist")
    without_team = work(("x", ("municipal_team.open=false",)))
    found = lacks(without_team, without_team.proposals[0].changes, "referral_pathways", "nb")
    assert any("behandlingstilbud" in said for said in found)


def test_a_lever_is_written_as_it_is_read():
    for word in ("capa", "capa*0.5", "capa@2028-01-01", "capa@beginning", "coordinator:barnekoordinator*0.25@2028-01-01"):
        assert lever_word(wanted(word)) == word
    changes = (f"{PSYCHOLOGIST}=3", "capa*0.5", "gp_channel")
    assert with_lever(changes, wanted("capa")) == (f"{PSYCHOLOGIST}=3", "capa", "gp_channel")
    assert without_lever(changes, "capa") == (f"{PSYCHOLOGIST}=3", "gp_channel")
    assert list(on(changes)) == ["capa", "gp_channel"]
    assert first_wanted("own_unit").since == "beginning"
    assert date(2028, 4, 1) in moments(Work(place="stange"), "start")


# -- any number ---------------------------------------------------------------------------------------------------------


def test_any_number_takes_a_decimal_comma():
    at = page(Session("nb", work(("En", ()))))
    at.session_state["proposals_more"] = True
    at.run()
    at.text_input(key="proposals_more_address").set_value("bup.clinician.weekly_hours").run()
    at.text_input(key="proposals_any_bup.clinician.weekly_hours").set_value("34,5").run()
    assert not at.exception
    assert changes_of(at) == ("bup.clinician.weekly_hours=34.5",)
    at.text_input(key="proposals_any_bup.clinician.weekly_hours").set_value("4,5,1").run()
    assert not at.exception
    assert changes_of(at) == ("bup.clinician.weekly_hours=34.5",)
    assert "4,5,1" in shown(at)


def test_a_text_of_the_model_can_be_changed_and_a_wrong_address_is_told():
    at = page(Session("nb", work(("En", ()))))
    at.session_state["proposals_more"] = True
    at.run()
    at.text_input(key="proposals_more_address").set_value("bup.intake.lead.mean").run()
    at.text_input(key="proposals_any_bup.intake.lead.mean_words").set_value("20d").run()
    assert changes_of(at) == ("bup.intake.lead.mean=20d",)
    at.text_input(key="proposals_more_address").set_value("bup.nothing").run()
    assert not at.exception
    assert 'no pool or field "nothing"' in shown(at)


def test_numbers_have_names_in_both_languages_and_lead_somewhere():
    for language in ("nb", "en"):
        found = known(work(), language)
        assert len(found) > 40
        assert list(found.values()) == sorted(found.values(), key=str.casefold)
    assert standing(work(), "bup.accuracy").number == 0.9
    assert standing(work(), "bup.intake.lead.mean").number is None
    with pytest.raises(TrinnError, match="no service or field"):
        standing(work(), "nothing.here")


# -- cards, names, files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_four_proposals_are_the_most(language):
    full = work(*((f"P{number}", ()) for number in range(MOST_PROPOSALS)))
    at = page(Session(language, full))
    assert at.button(key="proposals_new").disabled
    assert all(at.button(key=f"proposals_copy_{number}").disabled for number in range(MOST_PROPOSALS))
    assert text("proposals_full", language, most=MOST_PROPOSALS) in shown(at)
    with pytest.raises(TrinnError, match=str(MOST_PROPOSALS)):
        added(full, (), language)


def test_a_copy_has_the_changes_and_a_name_of_its_own_and_is_edited():
    at = page(Session("nb", work(("En", (f"{PSYCHOLOGIST}=4",)))))
    at.button(key="proposals_copy_0").click().run()
    at.button(key="proposals_copy_0").click().run()
    assert not at.exception
    made = at.session_state["trinn"].work.proposals
    assert [each.name for each in made] == ["En", "En (kopi)", "En (kopi 2)"]
    assert {each.changes for each in made} == {(f"{PSYCHOLOGIST}=4",)}
    assert at.button(key="proposals_edit_2").disabled
    at.button(key="proposals_delete_0").click().run()
    assert [each.name for each in at.session_state["trinn"].work.proposals] == ["En (kopi)", "En (kopi 2)"]
    assert at.button(key="proposals_edit_1").disabled


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize(
    ("name", "key"), [("", "proposals_name_missing"), ("to", "proposals_name_taken"), ("I dag", "proposals_name_taken")]
)
def test_a_name_that_will_not_do_is_told_at_its_field(language, name, key):
    at = page(Session(language, work(("En", ()), ("To", ()))))
    at.text_input(key="proposals_name_0").set_value(name).run()
    assert not at.exception
    assert text(key, language, name=name) in shown(at)
    assert at.session_state["trinn"].work.proposals[0].name == "En"
    at.text_input(key="proposals_name_0").set_value("Tre").run()
    assert at.session_state["trinn"].work.proposals[0].name == "Tre"
    assert text(key, language, name=name) not in shown(at)


def test_names_have_a_length():
    with pytest.raises(TrinnError, match="60"):
        renamed(work(("En", ())), 0, "x" * 61, "nb")


def test_what_is_changed_is_told_in_sentences():
    changes = (f"{PSYCHOLOGIST}=4.5", "bup.intake.accept.orange=0.75", "bup.course.dropout=0.1", "capa*0.5@beginning")
    table = work(("En", changes))
    lines = [each.words for each in told(table, table.proposals[0], dials_of(table, "nb"), "nb")]
    fte = next(dial for dial in dials_of(table, "nb") if dial.address == PSYCHOLOGIST).today
    assert lines[0] == f"BUP, psykologspesialist: {text_of(fte)} → 4,5\u00a0årsverk"
    assert "55 % → 75 %" in lines[1]
    assert "0,2 → 0,1" in lines[2]
    assert lines[3].endswith("50 %, fra begynnelsen, innarbeidet")
    assert len(lines) == len(changes)
    assert without(table, 0).proposals == ()


def test_a_file_gives_back_the_same_work_and_a_broken_one_changes_nothing():
    session = Session("nb", work(("En", (f"{PSYCHOLOGIST}=4",))))
    at = page(session)
    before = session.work
    broken = json.loads(to_json(before)) | {"seed": -1, "futures": 3, "unknown": 1}
    at.get("file_uploader")[0].set_value(("trinn.json", json.dumps(broken).encode(), "application/json")).run()
    assert not at.exception
    assert session.work == before
    assert text("proposals_upload_refused", "nb") in shown(at)
    assert all(field in shown(at) for field in ("seed", "futures", "unknown"))
    other = work(("To", (f"{PSYCHOLOGIST}=6",)))
    at.get("file_uploader")[0].set_value(("trinn.json", to_json(other).encode(), "application/json")).run()
    assert session.work == other == from_json(to_json(other).encode())
    assert text("proposals_upload_refused", "nb") not in shown(at)
    assert list(scenarios_of(session.work, "nb")) == ["i dag", "To"]
