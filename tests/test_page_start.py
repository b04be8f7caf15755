"""Start: a finished answer first, one's own municipality by name, and questions to begin with."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import beginning, runner
from dashboard.choosing import fitting, laid_under, moved_to, offer_of, offers
from dashboard.jobs import Job
from dashboard.session import EXAMPLES, Session
from dashboard.texts import text
from dashboard.verdicts import verdict_words
from dashboard.widgets import running
from dashboard.work import MOST_PROPOSALS, Proposal, Work, base_of, from_link, proposed
from scenarios.described import presets
from scenarios.errors import TrinnError
from scenarios.places import alphabetical, catchments, places

LANGUAGES = ("nb", "en")
SHORT = ("period.warmup=26w", "period.length=1y")


def work(*changes, place="etnedal", **more):
    proposals = (Proposal(name="Flere", changes=changes),) if changes else ()
    return Work(**{"place": place, "today": SHORT, "proposals": proposals, "futures": 10} | more)


def app(session):
    """The whole script with a table laid, on its first page, when all is worked out."""
    at = AppTest.from_file("../dashboard/app.py", default_timeout=120)
    at.session_state["trinn"] = session
    at.run()
    if session.job is not None:
        session.job.wait(session.job.wanted, 60)
    at.run()
    assert not at.exception
    return at


def seen(at):
    """Everything there is to read, without what keeps Markdown from taking it for markup."""
    kinds = (at.main.markdown, at.main.info, at.main.warning, at.main.error, at.main.success, at.main.caption, at.main.code)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


def place_field(at):
    return next(field for field in at.selectbox if field.key.startswith("start_place"))


# -- what is offered ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_is_offered_once_under_a_name_of_its_own_and_can_be_loaded_by_what_it_stands_for(language):
    found = offers(language)
    assert len({offer.words for offer in found}) == len({offer.place for offer in found}) == len(found)
    assert all(offer_of(offer.place, language) == offer for offer in found)
    assert len(found) == len(places()) + len(catchments()) + len(presets())


def test_places_stand_in_the_norwegian_alphabet_and_never_by_how_they_do():
    names = [offer.words for offer in offers("nb") if not offer.words.startswith(("BUP ", "En ", "Et "))]
    assert names == sorted(names, key=lambda words: alphabetical(words.split(" (")[0].split(",")[0]))
    assert names.index("Ås") > names.index("Øygarden") > names.index("Vågå")


def test_a_described_place_stands_beside_itself_on_the_plain_ladder():
    words = [offer.words for offer in offers("nb")]
    described = words.index("Tromsø, slik dokumentene beskrev stedet i 2017–2022")
    assert words[described - 1] == "Tromsø"
    plain, told = offers("nb")[described - 1], offers("nb")[described]
    assert base_of(Work(place=plain.place)).changes == ()
    assert base_of(Work(place=told.place)).changes != ()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("Tromsø", "Tromsø, slik dokumentene beskrev stedet i 2017–2022"),
        ("5401", "Tromsø"),
        ("helse bergen", "BUP Bergen (hele opptaksområdet)"),
        ("gamle oslo", "Gamle Oslo, slik dokumentene beskrev stedet i 2017–2022"),
        ("030101", "Gamle Oslo (bydel i Oslo)"),
    ],
)
def test_a_place_is_known_under_any_of_its_names(place, words):
    assert offer_of(place, "nb").words == words


@pytest.mark.parametrize("place", ["norge", "jackson", "nowhere"])
def test_what_is_not_offered_has_no_offer(place):
    assert offer_of(place, "nb") is None


# -- what becomes of the work -------------------------------------------------------------------------------------------


def test_proposals_that_fit_go_along_and_the_others_are_named():
    before = Work(
        place="stange",
        proposals=(
            Proposal(name="Passer", changes=("bup.psychologist.fte+=1",)),
            Proposal(name="Bare i Stange", changes=("stange/municipal_team.psychologist.fte+=1",)),
        ),
    )
    moved = moved_to(before, "etnedal")
    assert [proposal.name for proposal in moved.work.proposals] == ["Passer"]
    assert moved.left_out == ("Bare i Stange",)
    assert not moved.own_gone


def test_own_numbers_stay_with_the_place_they_are_of():
    own = {
        "areas": {"stange": {"services": {"municipal_team": {"staff": {"psychologist": {"fte": 3.0}}}}}},
        "staffing": "partly_own",
    }
    moved = moved_to(Work(place="stange", own=own), "etnedal")
    assert moved.own_gone
    assert (moved.work.own, moved.work.today) == ({}, ())
    assert moved_to(Work(place="stange", own=own), "stange").work.own == own


def test_a_place_that_is_not_there_changes_nothing():
    with pytest.raises(TrinnError, match="no place"):
        moved_to(Work(place="stange"), "ingensteds")


def test_a_file_goes_under_the_proposals_of_the_table_unless_it_brings_its_own():
    table = work("bup.psychologist.fte+=1")
    assert laid_under(table, Work(place="stange")).work.proposals == table.proposals
    brought = Work(place="stange", proposals=(Proposal(name="X", changes=("bup.psychologist.fte+=2",)),))
    assert laid_under(table, brought).work == brought


def test_fitting_keeps_the_order():
    names = ("b", "a", "c")
    proposals = [Proposal(name=name, changes=("bup.psychologist.fte+=1",)) for name in names]
    assert [each.name for each in fitting(work(), proposals)[0].proposals] == list(names)


# -- questions to begin with --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["etnedal", "tromso", "gamle_oslo", "BUP Helgeland", "trust_catchment"])
@pytest.mark.parametrize("make", [beginning.more_psychologists, beginning.fewer_rejections])
def test_ready_questions_fit_their_place(place, make):
    made = make(Work(place=place), "nb")
    assert made is not None
    assert proposed(Work(place=place), made).changes


def test_of_a_whole_catchment_it_is_bup_that_hires():
    assert beginning.more_psychologists(Work(place="BUP Helgeland"), "nb").changes == ("bup.psychologist.fte+=2",)
    assert beginning.more_psychologists(Work(place="etnedal"), "nb").changes == ("municipal_team.psychologist.fte+=2",)


def test_half_as_many_rejections_is_half_at_every_severity():
    changes = dict(change.split("=") for change in beginning.fewer_rejections(Work(place="etnedal"), "nb").changes)
    accept = base_of(Work(place="etnedal")).services["bup"].intake.accept
    for step, share in accept.items():
        assert 1 - float(changes[f"bup.intake.accept.{step}"]) == pytest.approx((1 - share) / 2)


def test_a_place_without_psychologists_and_reviews_is_asked_nothing():
    assert beginning.more_psychologists(Work(place="one_service"), "nb") is None
    assert beginning.fewer_rejections(Work(place="one_service"), "nb") is None


def test_a_question_gives_way_to_none_but_the_example_and_stands_once():
    asked = beginning.more_psychologists(EXAMPLES["nb"], "nb")
    alone = beginning.with_proposal(EXAMPLES["nb"], asked, EXAMPLES["nb"].proposals)
    assert alone.proposals == (asked,)
    assert beginning.with_proposal(alone, asked) == alone
    assert beginning.with_proposal(EXAMPLES["nb"], asked).proposals == (*EXAMPLES["nb"].proposals, asked)


def test_there_is_room_for_so_many_proposals():
    full = work().model_copy(
        update={
            "proposals": tuple(
                Proposal(name=f"{n}", changes=(f"bup.psychologist.fte+={n + 1}",)) for n in range(MOST_PROPOSALS)
            )
        }
    )
    assert beginning.with_proposal(full, beginning.fewer_rejections(full, "nb")) is None


# -- the page -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_stands_first_and_only_as_verdicts_say_it(language):
    session = Session(language, work("bup.psychologist.fte+=20", place="stange"))
    at = app(session)
    assert [title.value for title in at.title] == [text("start_title", language)]
    words = verdict_words(session.job.comparison, "Flere", language)
    read = [each.value.replace("\\", "") for each in at.main.markdown]
    assert read[0] == f"## Flere: {words.title}"
    assert words.sentence in read[1]
    assert all(note in seen(at) for note in words.notes)
    assert text("not_forecast_short", language) in seen(at)
    assert text("staffing_national_average", language) in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_button_is_primary_and_one_picture_is_shown_with_its_words(language):
    at = app(Session(language, work("bup.psychologist.fte+=1", place="stange")))
    primary = [button for button in at.button if button.proto.type == "primary"]
    assert [button.label for button in primary] == [text("start_own", language)]
    charts = at.main.get("arrow_vega_lite_chart") or at.main.get("vega_lite_chart")
    assert len(charts) == 1
    assert charts[0].proto.alt


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_no_proposal_it_says_how_it_is_today_and_what_to_do(language):
    at = app(Session(language, work(place="stange")))
    assert text("start_today_head", language) in seen(at)
    assert "Stange" in at.main.caption[0].value
    assert text("start_no_proposal", language) in seen(at)
    assert "13" in [each.value for each in at.main.markdown][1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_are_too_few_children_no_wait_is_shown(language):
    at = app(Session(language, work(place="utsira")))
    assert text("start_today_few", language) in seen(at)
    assert text("start_no_list", language) in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_is_called_one_until_something_is_chosen(language, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(Session, "ask", lambda self, question: setattr(self, "job", idle(question)) or self.job)
    at = AppTest.from_file("../dashboard/app.py", default_timeout=60)
    at.session_state["trinn"] = Session(language, EXAMPLES[language])
    at.run()
    assert not at.exception
    assert place_field(at).value is None
    assert place_field(at).proto.placeholder == text("start_placeholder", language)


def test_choosing_a_place_puts_it_on_the_table_with_the_proposals_that_fit():
    session = Session("nb", work("stange/municipal_team.psychologist.fte+=1", place="stange"))
    at = app(session)
    assert session.answered
    place_field(at).select("etnedal").run()
    assert session.work.place == "etnedal"
    assert all(job.question.scenarios[text("today", "nb")].place == "etnedal" for job in session.answered.values())
    assert session.work.proposals == ()
    assert text("start_left_out", "nb", names="«Flere»") in seen(at)
    assert text("start_own_gone", "nb") in seen(at)
    assert (
        from_link(at.query_params["s"][0] if isinstance(at.query_params["s"], list) else at.query_params["s"]).place
        == "etnedal"
    )
    session.undo()
    at.run()
    assert session.work.place == "stange"
    assert place_field(at).value == offer_of("stange", "nb").place


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_puts_its_question_on_the_table_and_goes_to_compare(language):
    session = Session(language, work())
    at = app(session)
    at.button(key="start_card_rejections").click().run()
    assert [proposal.name for proposal in session.work.proposals] == [text("start_fewer_rejections", language)]
    assert text("start_title", language) not in [title.value for title in at.title]


def test_the_third_card_and_the_primary_button_go_to_our_services():
    for key in ("start_card_own", "start_next"):
        at = app(Session("nb", work()))
        at.button(key=key).click().run()
        assert [title.value for title in at.title] == [text("app_services", "nb")]


def test_with_four_proposals_the_cards_are_shut_and_say_why():
    proposals = tuple(Proposal(name=f"{n}", changes=(f"bup.psychologist.fte+={n + 1}",)) for n in range(MOST_PROPOSALS))
    at = app(Session("nb", work(proposals=proposals)))
    assert at.button(key="start_card_psychologists").disabled
    assert text("start_full", "nb", most=MOST_PROPOSALS) in seen(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_not_fit_is_said_and_another_place_can_still_be_chosen(language):
    at = app(Session(language, work("bup.nobody.fte+=1")))
    assert text("running_input", language) in seen(at)
    assert "nobody" in seen(at)
    assert place_field(at).value == "etnedal"
    at = app(Session(language, Work(place="ingensteds")))
    assert "ingensteds" in seen(at)
    assert place_field(at).value is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("limit", "value", "key"), [("MOST_JOBS", 0, "limit_queue"), ("LEAST_MEMORY", 1 << 62, "limit_memory")]
)
def test_a_limit_of_the_server_is_said_in_words(language, limit, value, key, monkeypatch):
    monkeypatch.setattr(runner, limit, value)
    at = AppTest.from_file("../dashboard/app.py", default_timeout=60)
    at.session_state["trinn"] = Session(language, work(seed=77))
    at.run()
    assert not at.exception
    assert text(key, language) in seen(at)
    assert at.button(key="start_next")


def idle(question, **more):
    """A job that nobody works on."""
    job = Job(question, "x", question.digests)
    for name, value in more.items():
        setattr(job, name, value)
    return job


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, partial(text, "running_stop")),
        ({"cancelled": True}, partial(text, "running_again")),
        ({"fault": "7F3A"}, lambda language: text("running_fault", language, code="7F3A")),
        ({"error": TrinnError("the model says no")}, lambda language: "the model says no"),
    ],
)
def test_busy_stopped_and_broken_are_said(language, more, expected, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(Session, "ask", lambda self, question: setattr(self, "job", idle(question, **more)) or self.job)
    at = AppTest.from_file("../dashboard/app.py", default_timeout=60)
    at.session_state["trinn"] = Session(language, work())
    at.run()
    assert not at.exception
    assert expected(language=language) in seen(at) + " ".join(button.label for button in at.button)
    assert place_field(at).value == "etnedal"
    assert at.button(key="start_card_own")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_older_answer_stays_and_is_called_old(language, monkeypatch):
    session = Session(language, work("bup.psychologist.fte+=1", place="stange"))
    at = app(session)
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(Session, "ask", lambda self, question: setattr(self, "job", idle(question)) or self.job)
    session.change(work("bup.psychologist.fte+=2", place="stange"))
    at.run()
    assert not at.exception
    assert text("running_stale", language) in seen(at)


def test_names_of_proposals_stay_text():
    name = "<script>x</script> [a](http://b) :red[x]"
    at = app(Session("nb", work(proposals=(Proposal(name=name, changes=("bup.psychologist.fte+=1",)),))))
    heads = [each.value for each in at.main.markdown if each.value.startswith("## ")]
    assert name in heads[0].replace("\\", "")
    assert "<script>" not in heads[0]
    assert ":red[" not in heads[0]
