"""What may be said of a proposal, in words: numbers first, both sides in one sentence, and what the reader must know before."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import numbers
from dashboard.tables import Row, row_of, service_name
from dashboard.texts import Language, chosen, has_text, joined, sentence, text
from dashboard.whose import staffing_words
from scenarios.levers import levers
from scenarios.schema import Scenario
from sim.compare import Caution, Comparison, Verdict, settling
from sim.fold import ALL
from sim.measures import MEASURES
from sim.output_analysis import MINIMUM_REPLICATIONS
from sim.result import Result
from sim.view import FEWEST

WAITS = ("wait_to_help", "wait_after_referral")
SERVICE_WAITS = ("wait_started", "wait_list_started")
OUTSIDE = ("inpatient", "coercion", "medication", "school", "substance", "quality", "18_25", "season")
"""What the model leaves out, by the last part of its text's key."""


TABLE_WORDS = {"small": "too_small_short", "few": "few_children", "none": "no_difference"}
"""Words in cells that the note under a table explains."""


@dataclass(frozen=True)
class Words:
    """A verdict as it is read."""

    title: str
    """Such as "Better than today"."""
    sentence: str
    """The answer, numbers first."""
    notes: tuple[str, ...]
    """What belongs to it: further measures, cuts, waits that fall because children give up."""


def verdict_words(comparison: Comparison, proposal: str, language: Language) -> Words:
    """The verdict on a proposal in words."""
    verdict = comparison.verdicts[proposal]
    notes = [*_also(comparison, proposal, verdict, language), *_guarded(verdict, language)]
    notes += _falling(comparison, proposal, language)
    if verdict.fewer_posts:
        notes.append(text("cut_not_safe", language))
    words = _sentence(comparison, proposal, verdict, language)
    unjudged = verdict.word == "unclear" and not any(row.n for row in _headlines(comparison, proposal))
    title = text("verdict_not_judged" if unjudged else f"verdict_{verdict.word}", language)
    return Words(title, words, tuple(notes))


def _sentence(comparison: Comparison, proposal: str, verdict: Verdict, language: Language) -> str:
    total = comparison.replications
    if verdict.word == "too_few":
        return text("too_few_sentence", language, total=total, least=MINIMUM_REPLICATIONS)
    if verdict.word == "same":
        return text("same_sentence", language, total=total)
    if verdict.word == "unclear":
        return _unclear(comparison, proposal, language)
    sides = [(side, names) for side, names in (("better", verdict.better), ("worse", verdict.worse)) if names]
    clauses = [
        _clause(comparison, proposal, _foremost(comparison, proposal, names), side, number == 0, language)
        for number, (side, names) in enumerate(sides)
    ]
    if len(clauses) == 2:
        return sentence(text("mixed_sentence", language, better=clauses[0], worse=clauses[1])) + "."
    return sentence(clauses[0]) + "."


def _unclear(comparison: Comparison, proposal: str, language: Language) -> str:
    total = comparison.replications
    rows = [row for row in _headlines(comparison, proposal) if row.n]
    if not rows:
        return text("not_judged", language, total=total)
    row = next((row for row in rows if row.share_better > 0), rows[0])
    number = round(row.share_better * row.n)
    clause = _what(row.key[3], "better", language)
    return text("unclear_sentence", language, number=number, total=row.n, clause=clause)


def _headlines(comparison: Comparison, proposal: str) -> list[Row]:
    known = comparison.base.replications[0].folded.values
    keys = [(ALL, "", ALL, m.name) for m in MEASURES.values() if m.headline]
    return [row_of(comparison, key, proposal) for key in keys if key in known]


def _clause(comparison: Comparison, proposal: str, name: str, side: str, first: bool, language: Language) -> str:
    """``i 18 av 20 mulige framtider venter barna kortere på første hjelp (fra 122 til 113 dager, …)``."""
    row = row_of(comparison, (ALL, "", ALL, name), proposal)
    pair = comparison.pair(row.key, proposal)
    share = (pair.better if side == "better" else pair.worse) or 0.0
    key = "futures_clause" if first else "futures_clause_short"
    clause = text(key, language, number=round(share * row.n), total=row.n, clause=_what(name, side, language))
    return f"{clause} ({_size(row, language)})"


def _what(name: str, side: str, language: Language) -> str:
    if has_text(f"{side}_{name}"):
        return text(f"{side}_{name}", language)
    label = chosen(MEASURES["area", name].label, language)
    return text(f"{side}_other", language, measure=label)


def _size(row: Row, language: Language) -> str:
    """From what to what, and how much it probably is; less where the numbers are small."""
    if row.small and numbers.is_small(max(row.base, row.mean), row.unit):
        return text("small_numbers", language, number=numbers.with_unit_of(numbers.SMALL, row.unit, language))
    old = numbers.shown(row.base, row.unit, language)
    last = numbers.with_unit(row.mean, row.unit, language)
    if row.small or not row.bounded:
        return text("from_to", language, old=old, new=last)
    if numbers.rounded(row.difference, row.unit) == 0:
        return text("by_less_than", language, number=numbers.one_of(row.unit, language))
    near, far = sorted((abs(row.low), abs(row.high)))
    way = "up" if row.difference > 0 else "down"
    special = f"direction_{way}_{row.unit}"
    direction = text(special if has_text(special) else f"direction_{way}", language)
    span = (numbers.bare_size(near, row.unit, language), numbers.size_of(far, row.unit, language))
    if span[0] == numbers.bare_size(far, row.unit, language):
        return text("from_to_about", language, old=old, new=last, size=span[1], direction=direction)
    return text("from_to_range", language, old=old, new=last, low=span[0], high=span[1], direction=direction)


def _foremost(comparison: Comparison, proposal: str, names: tuple[str, ...]) -> str:
    """The measure to speak of first: the first whose difference can be seen after rounding, else the first."""
    for name in names:
        row = row_of(comparison, (ALL, "", ALL, name), proposal)
        if row.bounded and numbers.rounded(min(abs(row.low), abs(row.high)), row.unit) > 0:
            return name
    return names[0]


def _also(comparison: Comparison, proposal: str, verdict: Verdict, language: Language) -> list[str]:
    """The measures that are better or worse beyond noise and do not stand in the sentence."""
    spoken = verdict.word in ("better", "worse", "mixed")
    notes = []
    for side, names in (("better", verdict.better), ("worse", verdict.worse)):
        first = _foremost(comparison, proposal, names) if names and spoken else ""
        labels = [_lower(chosen(MEASURES["area", name].label, language)) for name in names if name != first]
        if labels:
            notes.append(text(f"also_{side}" if spoken else f"only_{side}", language, measures="; ".join(labels)))
    return notes


def _guarded(verdict: Verdict, language: Language) -> list[str]:
    return [text("no_guard_worse", language)] if verdict.word == "better" else []


def _falling(comparison: Comparison, proposal: str, language: Language) -> list[str]:
    """Where a wait falls while more children give up, or are rejected."""
    if not _some_wait_falls(comparison, proposal):
        return []
    notes = []
    for name, words in (("gave_up_all", "giving_up"), ("rejected_all", "rejected_more")):
        key = (ALL, "", ALL, name)
        if key not in comparison.base.replications[0].folded.values:
            continue
        row = row_of(comparison, key, proposal)
        if row.direction == "higher" and (row.small or numbers.rounded(row.difference, row.unit)):
            old, new = (numbers.shown(value, row.unit, language) for value in (row.base, row.mean))
            notes.append(
                text(words, language) if row.small or old == new else text(f"{words}_number", language, old=old, new=new)
            )
    return notes


def _some_wait_falls(comparison: Comparison, proposal: str) -> bool:
    known = comparison.base.replications[0].folded.values
    keys = [(ALL, "", ALL, name) for name in WAITS]
    keys += [(ALL, service, ALL, name) for service in comparison.base.plans[0].shape.services for name in SERVICE_WAITS]
    return any(key in known and row_of(comparison, key, proposal).direction == "better" for key in keys)


def table_note(comparison: Comparison, language: Language) -> str:
    """How to read the tables."""
    words = {name: text(key, language) for name, key in TABLE_WORDS.items()}
    return text("table_note", language, futures=comparison.replications, least=FEWEST, **words)


def whose_staffing(comparison: Comparison, language: Language) -> str:
    """The sentence that stands on every table, figure and page."""
    return staffing_words((result.scenario for result in comparison.results.values()), language)


def run_staffing(result: Result, language: Language) -> str:
    """The same of a single run."""
    return staffing_words([result.scenario], language)


def caution_words(caution: Caution, scenario: Scenario, language: Language) -> str:
    """A caution in words."""
    return _caution(caution, _subject(caution, scenario, language), language)


def _caution(caution: Caution, subject: str, language: Language) -> str:
    return text(f"caution_{caution.kind}", language, subject=subject, number=caution.number)


def _subject(caution: Caution, scenario: Scenario, language: Language) -> str:
    known = caution.subject in scenario.services
    return service_name(scenario, caution.subject, language) if known else caution.subject


def cautions(comparison: Comparison, language: Language) -> list[str]:
    """What the reader must know. Whose staffing it is stands everywhere by itself, and not here."""
    found = [*_cautions(comparison.cautions, comparison.base.scenario, language), *_presupposed(comparison.cautions, language)]
    if comparison.wanted > comparison.replications:
        found.insert(0, text("caution_partial", language, done=comparison.replications, wanted=comparison.wanted))
    return found


def run_cautions(result: Result, language: Language) -> list[str]:
    """The same of a single run."""
    few = len(result.replications) < MINIMUM_REPLICATIONS
    found = (Caution("few_replications", number=MINIMUM_REPLICATIONS),) if few else ()
    return _cautions((*found, *settling(result)), result.scenario, language)


def _cautions(found: tuple[Caution, ...], scenario: Scenario, language: Language) -> list[str]:
    """In words; services about which the same is said share a sentence."""
    subjects: dict[tuple[str, int], list[Caution]] = {}
    for caution in found:
        if caution.kind not in ("national_average", "partly_own", "presupposes"):
            subjects.setdefault((caution.kind, caution.number), []).append(caution)
    return [
        _caution(alike[0], joined([_subject(caution, scenario, language) for caution in alike], language), language)
        for alike in subjects.values()
    ]


def _presupposed(found: tuple[Caution, ...], language: Language) -> list[str]:
    """What levers need and the scenario lacks, or nobody can see in a model."""
    said = []
    for caution in found:
        if caution.kind == "presupposes":
            lever = levers()[caution.subject]
            say = chosen(lever.presupposes[caution.number].say, language)
            said.append(text("caution_presupposes", language, subject=chosen(lever.name, language), say=say))
    return said


def outside(scenario: Scenario, language: Language) -> str:
    """What the model leaves out; seasons and young adults only where the scenario has no demand for them."""
    has = set()
    if any(demand.season.months or demand.season.amplitude for demand in scenario.demand.values()):
        has.add("season")
    if any(demand.per_1000.get("18-25", 0) for demand in scenario.demand.values()):
        has.add("18_25")
    return joined([text(f"outside_{name}", language) for name in OUTSIDE if name not in has], language)


def limits(scenario: Scenario, language: Language) -> list[str]:
    """What the results are not, and what they leave out."""
    found = [
        text("limit_forecast", language),
        text("limit_single", language),
        text("limit_outside", language, things=outside(scenario, language)),
    ]
    if any(service.intake for service in scenario.services.values()):
        found.append(text("limit_rejections", language))
    return [*found, text("limit_small", language), text("limit_cut", language), _assumed(scenario, language)]


def _assumed(scenario: Scenario, language: Language) -> str:
    if not scenario.evidence:
        return text("limit_all_assumed", language)
    named = [address for address, evidence in scenario.evidence.items() if evidence.grade == "assumed"]
    return text("limit_assumed", language, numbers=", ".join(named) or text("none_stated", language))


def _lower(words: str) -> str:
    """Without the capital, unless the word is a name or letters of one."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
