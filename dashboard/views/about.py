"""About: what the model is and is not, what it rests on, how it is tested, what its words mean, and who may rely on what."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import numbers
from dashboard.evidence import evidence_groups, of_scenarios, summary
from dashboard.held import holding, national, off, queues
from dashboard.numbers import percent, whole
from dashboard.runner import MOST_JOBS, MOST_WORK
from dashboard.serve import LARGEST_UPLOAD, settings
from dashboard.session import here
from dashboard.texts import Language, catalogue, chosen, has_text, joined, text
from dashboard.verdicts import limits
from dashboard.widgets.running import put_error
from dashboard.widgets.showing import plain, put_table, put_whose
from dashboard.work import FUTURES, MOST_PROPOSALS, base_of, scenarios_of
from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from scenarios.sources import ids, sources
from sim.measures import MEASURES
from sim.replicate import trinn_version

RULES = ("own", "rank", "better", "waits", "unknown", "year", "counts", "death")
ENGLISH = (
    "Upload", "per file", "file upload", "Press Enter to apply", "Copy to clipboard", "Clear all", "Clear value", "Select all",
    "No results", "Open", "Search", "Download as CSV", "Show/hide columns", "Fullscreen", "Link to heading", "Help for",
    "Dismiss", "Sidebar", "Collapse sidebar", "App pages", "progress", "Skip to main content",
)  # fmt: skip
"""Words of Streamlit's that no setting translates."""
ACCESS = ("english", "grid", "minor")
LICENCE = "MIT"
AUTHORS, YEAR = "The Trinn authors", 2026
TITLE = "Trinn: capacity planning for stepped-care mental health services for children"
_ALPHABET = " abcdefghijklmnopqrstuvwxyzæøå"


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(plain(text("about_title", language)))
    try:
        scenarios = list(scenarios_of(session.work, language).values())
    except TrinnError as error:
        put_error(error, language)
        scenarios = []
    parts: dict[str, Callable[[Language, list[Scenario]], None]] = {
        "what": _put_what,
        "limits": _put_limits,
        "rests": _put_rests,
        "tested": _put_tested,
        "terms": _put_terms,
        "version": _put_version,
        "privacy": _put_privacy,
        "access": _put_access,
        "server": _put_server,
    }
    st.markdown(plain(text("about_contents", language)) + ":")
    st.markdown("\n".join(f"* [{plain(text(f'about_{key}', language))}](#{key})" for key in parts))
    if scenarios:
        put_whose(scenarios)
    for key, put in parts.items():
        st.header(text(f"about_{key}", language), anchor=key)
        put(language, scenarios)


def _say(key: str, language: Language, **values: object) -> None:
    st.markdown(plain(text(f"about_{key}", language, **values)))


def _points(words: list[str], numbered: bool = False) -> None:
    mark = "1." if numbered else "*"
    st.markdown("\n".join(f"{mark} {plain(point)}" for point in words))


def _put_what(language: Language, _scenarios: list[Scenario]) -> None:
    _say("what_1", language)
    _say("what_2", language)
    st.markdown(f"### {plain(text('about_moves', language))}")
    keys = [f"about_moves_{number}" for number in range(1, 20)]
    _points([text(key, language) for key in keys if has_text(key)], numbered=True)


def _put_limits(language: Language, scenarios: list[Scenario]) -> None:
    if scenarios:
        *said, _assumed = limits(scenarios[0], language)  # which numbers are assumed has a section of its own
        _points(said)
    st.markdown(f"### {plain(text('about_rules', language))}")
    judged = [chosen(measure.label, language) for measure in MEASURES.values() if measure.per == "area" and measure.guard]
    guards = joined([_small(words) for words in judged], language)
    _points([text(f"about_rule_{rule}", language, **({"guards": guards} if rule == "better" else {})) for rule in RULES])


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


def _put_rests(language: Language, scenarios: list[Scenario]) -> None:
    if not scenarios:
        return
    _say("rests_place", language, place=chosen(base_of(here().work).name, language))
    found = of_scenarios(scenarios)
    st.markdown(f"**{plain(summary(found, language))}** {plain(text('evidence_ranges', language)) if found else ''}")
    heads = [text(key, language) for key in ("head_key", "evidence_head_value", "head_range", "head_source", "head_lever")]
    for group in evidence_groups(found, scenarios, language):
        with st.expander(text("evidence_show", language, grade=group.title)):
            rows = [(f"{row.subject}: {row.words}", row.value, row.range, row.source, row.lever) for row in group.rows]
            put_table(pd.DataFrame(rows, columns=heads), group.title)
    used = sorted({name for number in found for name in ids(number.source)} & sources().keys())
    if used:
        with st.expander(text("about_sources", language, number=len(used))):
            put_table(_sources(used, language), text("about_sources_title", language))


def _sources(used: list[str], language: Language) -> pd.DataFrame:
    rows = []
    for name in used:
        source = sources()[name]
        kind = text(f"about_kind_{source.kind}", language) if source.kind else text("nothing", language)
        rows.append((source.title, kind, source.year, source.address or text("nothing", language)))
    keys = ("head_source", "about_source_kind", "about_source_year", "about_source_address")
    return pd.DataFrame(rows, columns=[text(key, language) for key in keys])


def _put_tested(language: Language, _scenarios: list[Scenario]) -> None:
    _say("theory", language)
    checks = holding().checks
    title = text("about_theory_table", language, number=len(checks))
    with st.expander(title):
        heads = [text("about_test_what", language), text("about_test_name", language)]
        put_table(pd.DataFrame([(chosen(check.what, language), check.test) for check in checks], columns=heads), title)
    _say("theory_says", language)
    published = queues()
    _say("murch", language, all=published.all, near=published.all - published.apart, apart=published.apart)
    st.markdown(f"### {plain(text('about_national', language))}")
    _put_national(language)


def _put_national(language: Language) -> None:
    held = national()
    near = sum(item.near for item in held.values())
    _say("national_says", language, near=near, total=len(held))
    put_table(national_table(language), text("about_national", language))
    fitted = holding().fitted
    figures = joined([_small(chosen(held[name].target.label, language)) for name in fitted], language)
    _say("national_fitted", language, number=len(fitted), figures=figures)
    farthest = max(held.values(), key=lambda item: abs(off(item)))
    unit = farthest.target.unit
    _say(
        "national_farthest",
        language,
        figure=chosen(farthest.target.label, language),
        model=_figure(farthest.model, unit, language),
        published=_figure(farthest.target.published, unit, language),
        off=_signed(off(farthest), language),
    )
    _say("national_missing", language)


def national_table(language: Language) -> pd.DataFrame:
    """The country: what was published, what the model gives, and how far apart they may be."""
    rows = []
    for name, item in national().items():
        target, unit = item.target, item.target.unit
        low, high = (_figure(end, unit, language) for end in (target.least, target.most))
        rows.append(
            (
                chosen(target.label, language),
                _figure(target.published, unit, language),
                target.year,
                _figure(item.model, unit, language),
                text("range", language, low=low, high=high),
                _signed(off(item), language),
                text("yes" if name in holding().fitted else "no", language),
                target.source,
            )
        )
    keys = ("published", "year", "model", "within", "off", "fitted")
    heads = [
        text("head_measure", language),
        *(text(f"about_head_{key}", language) for key in keys),
        text("head_source", language),
    ]
    return pd.DataFrame(rows, columns=heads)


def _figure(value: float, unit: str, language: Language) -> str:
    return percent(value, language) if unit == "share" else numbers.decimal(round(value, 1), language)


def _signed(share: float, language: Language) -> str:
    sign = "+" if share > 0 else numbers.MINUS if share < 0 else ""
    return sign + percent(abs(share), language)


def terms(language: Language) -> list[tuple[str, str]]:
    """Every word of the list and what it means, in the reader's alphabet."""
    ending = "_means"
    keys = [key.removesuffix(ending) for key in catalogue() if key.startswith("term_") and key.endswith(ending)]
    found = [(text(key, language), text(key + ending, language)) for key in keys]
    return sorted(found, key=lambda pair: [_ALPHABET.find(letter) for letter in pair[0].lower()])


def _put_terms(language: Language, _scenarios: list[Scenario]) -> None:
    words = terms(language)
    with st.expander(text("about_terms_show", language, number=len(words))):
        heads = [text("about_term", language), text("about_term_means", language)]
        put_table(pd.DataFrame(words, columns=heads), text("about_terms", language))


def _put_version(language: Language, _scenarios: list[Scenario]) -> None:
    version = trinn_version()
    _say("version_is", language, version=version)
    _say("licence", language, licence=LICENCE)
    _say("cite", language)
    st.code(f"{AUTHORS} ({YEAR}). {TITLE} (version {version}).", language=None, wrap_lines=True)
    _say("cite_also", language)


def _put_privacy(language: Language, _scenarios: list[Scenario]) -> None:
    seconds = settings("", 0, ())["server.disconnectedSessionTTL"]
    _say("privacy_stored", language, seconds=seconds)
    for key in ("privacy_log", "privacy_link", "privacy_counts", "privacy_others"):
        _say(key, language)


def _put_access(language: Language, _scenarios: list[Scenario]) -> None:
    _say("access_aim", language)
    _say("access_figures", language)
    _say("access_known", language)
    words = joined([f"“{word}”" for word in ENGLISH], language)
    _points([text(f"about_access_{key}", language, **({"words": words} if key == "english" else {})) for key in ACCESS])
    _say("access_tell", language)


def _put_server(language: Language, _scenarios: list[Scenario]) -> None:
    futures = 100
    said = [
        text(
            "about_server_work",
            language,
            work=whole(MOST_WORK, language),
            futures=futures,
            children=whole(MOST_WORK // futures // 2, language),
        ),
        text("about_server_futures", language, least=FUTURES[0], most=whole(FUTURES[-1], language), proposals=MOST_PROPOSALS),
        text("about_server_jobs", language, jobs=MOST_JOBS),
        text("about_server_upload", language, megabytes=LARGEST_UPLOAD),
        text("about_server_command", language),
    ]
    _points(said)
