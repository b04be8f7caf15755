"""A planner's way through the dashboard, in a real browser: from one's own municipality to a report that opens."""

from __future__ import annotations

import json
import re

import pytest
from browsing import chromium, served, visiting
from playwright.sync_api import expect

from dashboard.numbers import whole
from dashboard.texts import text
from dashboard.work import Proposal, Work, from_link, to_link

pytestmark = pytest.mark.xdist_group("browser")
LONG = 120_000
"""Milliseconds on a busy machine."""


@pytest.fixture(scope="module")
def server():
    with served() as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def verdict(visit):
    """Heading and sentence of the verdict, once there is one on as many futures as were asked for."""
    visit.settle()
    head = visit.page.get_by_role("heading", level=2).filter(has_text=re.compile(r": (Bedre|Verre|Blandet|For liten|Ingen)"))
    expect(head.first).to_be_visible(timeout=LONG)
    sentence = visit.page.get_by_text(re.compile(r"^I \d+ av \d+ mulige framtider"))
    return head.first.inner_text(), sentence.first.inner_text()


def table_of(visit):
    """What is on the table, as the address says it."""
    found = re.search(r"[?&]s=([^&]+)", visit.page.url)
    return None if found is None else from_link(found[1])


def go(visit, page):
    visit.page.get_by_role("link", name=text(f"app_{page}", "nb"), exact=True).click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(
        text({"compare": "compare_title_page"}.get(page, f"app_{page}"), "nb"), timeout=LONG
    )
    visit.settle()


def test_from_ones_own_municipality_to_a_report(server, browser, tmp_path):
    with visiting(browser, server) as visit:
        page = visit.page
        # Tromsø by name
        field = page.get_by_role("combobox", name=text("start_choose", "nb"))
        field.click()
        field.fill("Tromsø")
        page.get_by_role("option", name="Tromsø", exact=True).click()
        expect(page.get_by_text("Gjelder Tromsø", exact=False).first).to_be_visible(timeout=LONG)
        _, before = verdict(visit)
        assert table_of(visit).place == "5401"

        # a psychologist more, by the keyboard alone
        go(visit, "proposals")
        slider = page.get_by_role("slider", name=re.compile("^Lavterskeltilbud, psykolog")).first
        slider.focus()
        slider.press("End")
        page.wait_for_url(lambda url, old=page.url: url != old, timeout=LONG)
        head, sentence = verdict(visit)
        assert sentence != before
        table = table_of(visit)
        assert any("psychologist" in change for change in table.proposals[0].changes)

        # the link, in another browser
        with visiting(
            browser, page.url.partition("/proposals")[0], path="proposals" + page.url.partition("/proposals")[2]
        ) as other:
            assert verdict(other) == (head, sentence)
            assert table_of(other) == table

        # a broken file is refused in words, and nothing is lost
        page.get_by_text(text("proposals_upload", "nb"), exact=True).click()
        broken = tmp_path / "broken.json"
        broken.write_text('{"place": "stange", "proposals": [{"name": "<b>x</b>", "changes": 7}]')
        page.locator("input[type=file]").first.set_input_files(broken)
        expect(page.get_by_text(text("proposals_upload_refused", "nb"))).to_be_visible(timeout=LONG)
        assert table_of(visit) == table

        # the report is saved and opens by itself
        go(visit, "compare")
        verdict(visit)
        with page.expect_download(timeout=LONG) as saved:
            page.get_by_role("button", name=text("compare_save_report", "nb")).click()
        report = tmp_path / "report.html"
        saved.value.save_as(report)
        assert visit.complaints == []
        assert visit.elsewhere == []
    context = browser.new_context(offline=True)
    opened = context.new_page()
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(report.as_uri())
    words = " ".join(opened.locator("body").inner_text().split())
    assert " ".join(sentence.split()).rstrip(".") in words
    assert all(url.startswith("file:") for url in asked)
    context.close()


def test_work_that_takes_long_is_stopped_and_keeps_what_was_done(server, browser):
    work = Work(place="5401", proposals=(Proposal(name="Flere", changes=("bup.psychologist.fte+=3",)),), futures=1000)
    with visiting(browser, server, path=f"about?lang=nb&s={to_link(work)}") as visit:
        page = visit.page
        page.get_by_role("link", name=text("app_compare", "nb"), exact=True).click()
        stop = page.get_by_role("button", name=text("running_stop", "nb"), exact=True)
        expect(page.get_by_text(re.compile(rf"av {whole(1000, 'nb')} mulige framtider|av 1000 mulige")).first).to_be_visible(
            timeout=LONG
        )
        expect(page.get_by_role("heading", level=2).first).to_be_visible(timeout=LONG)
        stop.click()
        expect(page.get_by_text(re.compile(r"^Stoppet\. Viser de"))).to_be_visible(timeout=LONG)
        visit.settle()
        said = page.get_by_text(re.compile(r"^Stoppet\. Viser de")).inner_text()
        done = int(re.search(r"de (\d+)", said)[1])
        assert 0 < done < 1000
        with page.expect_download(timeout=LONG) as saved:
            page.get_by_role("button", name=text("compare_save_work", "nb")).click()
        found = json.loads(saved.value.path().read_text(encoding="utf-8"))
        assert found["partial"] is True
        assert found["replications"] == done
        assert visit.complaints == []


def test_the_pages_are_walked_by_the_keyboard_alone(server, browser):
    """From the top of the first page: every stop is seen to be one, and the menu leads on with Enter."""
    with visiting(browser, server) as visit:
        page = visit.page
        page.evaluate("document.body.focus()")
        reached = []
        for _ in range(80):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
        names = [each["name"] for each in reached]
        assert any(text("app_proposals", "nb") in name for name in names)
        assert any(text("start_choose", "nb") in name for name in names)
        assert any(text("start_own", "nb") in name for name in names)
        assert [each for each in reached if each["tag"] != "BODY" and not each["seen"]] == []
        page.get_by_role("link", name=text("app_proposals", "nb"), exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(text("app_proposals", "nb"), timeout=LONG)


FOCUSED = """() => {
    const at = document.activeElement;
    const ring = (element) => {
        const style = getComputedStyle(element);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
            || parseFloat(style.borderTopWidth) > 0;
    };
    let shown = false;
    for (let up = at, far = 0; up && far < 4; up = up.parentElement, far += 1) shown = shown || ring(up);
    const label = at.getAttribute('aria-label') || at.innerText || (at.labels && at.labels[0] && at.labels[0].innerText) || '';
    return {tag: at.tagName, name: label, seen: shown};
}"""
"""What has the focus, what it is called, and whether something is drawn around it."""


def test_nothing_moves_for_those_who_do_not_want_it(server, browser):
    """With reduced motion asked for, no animation or transition of ours or Streamlit's lasts longer than a blink."""
    with visiting(browser, server, reduced_motion="reduce") as visit:
        moving = visit.page.evaluate("""() => document.getAnimations().filter((each) => each.playState === 'running'
            && (each.effect.getComputedTiming().duration || 0) > 200).map((each) => each.animationName || 'transition')""")
        assert moving == []
