"""Every page as a visitor sees it: in a real browser, in both languages, on a wide and a narrow screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import SCREENS, chromium, served, visiting

from dashboard.texts import text
from dashboard.views.all import PAGES

pytestmark = pytest.mark.xdist_group("browser")

KNOWN = {"empty-table-header", "presentation-role-conflict"}
"""What is left inside Streamlit's own table and upload, both minor; the accessibility statement names them."""
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}


@pytest.fixture(scope="module")
def server():
    with served() as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def path_of(page):
    return "" if page == "start" else page


def described(violations):
    return [f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes']][:3]}" for each in violations]


CONTRASTS = """() => {
    const part = (value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const read = (colour) => (colour.match(/[0-9.]+/g) || []).map(Number);
    const found = [];
    for (const text of document.querySelectorAll('[data-testid="stVegaLiteChart"] svg text')) {
        if (!text.textContent.trim()) continue;
        const [r, g, b, a = 1] = read(getComputedStyle(text).fill);
        const over = Math.min(a, Number(getComputedStyle(text).opacity));
        if (over === 0) continue;  // a label that makes way for its neighbours is not there
        const seen = [r, g, b].map((value) => value * over + 255 * (1 - over));
        const ratio = 1.05 / (light(seen) + 0.05);
        if (ratio < 4.5) found.push(`${text.textContent} ${ratio.toFixed(1)}`);
    }
    return found;
}"""
"""Text in charts with less contrast to white than 4.5 to 1: axe does not look there."""


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_sound_in_a_real_browser(server, browser, page, language):
    """No violation of WCAG 2.1 AA, nothing asked of others, no complaint, its language said, its texts to be read."""
    with visiting(browser, server, path=path_of(page), language=language) as visit:
        SCREENS.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=SCREENS / f"{page}_{language}.png", full_page=True)
        assert visit.page.evaluate("document.documentElement.lang") == language
        assert visit.page.locator("h1").count() == 1
        found = Axe().run(visit.page, options=RULES).response["violations"]
        assert described([each for each in found if each["id"] not in KNOWN]) == []
        assert visit.page.evaluate(CONTRASTS) == []
        assert visit.complaints == []
        assert visit.elsewhere == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_telephone(server, browser, page):
    with visiting(browser, server, path=path_of(page), width=390, height=844) as visit:
        visit.page.screenshot(path=SCREENS / f"{page}_390.png", full_page=True)
        wide = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert visit.page.locator("h1").inner_text()


def test_the_language_follows_the_reader(server, browser):
    with visiting(browser, server, language="en") as visit:
        assert visit.page.title() == text("app_title", "en")
        visit.page.get_by_role("radio", name="Norsk").or_(visit.page.get_by_role("button", name="Norsk")).first.click()
        visit.page.wait_for_function("() => document.documentElement.lang === 'nb'", timeout=200_000)
        visit.settle()
        assert "lang=nb" in visit.page.url
