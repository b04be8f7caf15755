"""The published arithmetic of CAPA (Choice and Partnership Approach), and a clinic built with its numbers.

A family is first seen in one talk (Choice); those who go on are treated (Partnership). Clinicians set half-days aside for
partnership work, and arithmetic says how many new families a quarter that is enough for. `tests/test_capa.py` holds runs of
the model to it; the lever that puts CAPA on a Norwegian BUP is `scenarios/library/levers/capa.yaml`.

Source: York and Kingsbury, Choice and Partnership Approach, as published by camhsnetwork.co.uk ("Calculate new Core Partnership
activity for each clinician"; "Are you in balance?"), teams in England; `capa_uk` in `scenarios/library/sources.yaml`.
"""

from __future__ import annotations

from scenarios.load import load
from scenarios.schema import Scenario

APPOINTMENTS_A_HALF_DAY = 2.0
HALF_DAY = 3.5
"""Hours."""
USABLE_WEEKS = 11.25
"""Of the 13 of a quarter, when holidays, courses and illness are taken away."""
WEEKS = 13
"""Of a quarter."""
APPOINTMENTS = 7.5
"""A partnership takes, on average."""
GOING_ON = (0.66, 0.70)
"""Of choice appointments, the share that goes on to partnership."""


def multiplier(
    appointments_a_half_day: float = APPOINTMENTS_A_HALF_DAY,
    usable_weeks: float = USABLE_WEEKS,
    appointments: float = APPOINTMENTS,
) -> float:
    """New partnerships a quarter for each weekly half-day: appointments that can be held over those that one takes."""
    return appointments_a_half_day * usable_weeks / appointments


def new_partnerships(hours_a_week: float, half_day: float = HALF_DAY) -> float:
    """New partnerships a quarter for so many weekly hours of partnership work."""
    return hours_a_week / half_day * multiplier()


def partnerships_wanted(accepted_a_week: float) -> tuple[float, float]:
    """New partnerships a quarter that so many accepted referrals a week ask for: fewest and most."""
    least, most = (accepted_a_week * WEEKS * share for share in GOING_ON)
    return least, most


def hours_of_a_partnership() -> float:
    """Hours of partnership work that one takes in all."""
    return APPOINTMENTS * HALF_DAY / APPOINTMENTS_A_HALF_DAY


def partnership_clinic(clinicians: float, hours_a_week: float, waiting: int, days: int, under_way: int = 0) -> Scenario:
    """A clinic that gives partnerships only, one appointment a week, with more children waiting than it can take.

    Args:
        clinicians: full posts.
        hours_a_week: of partnership work, in a usable week, of each clinician.
        waiting: children on the list on the first day.
        days: length of the run.
        under_way: courses on the first day, each somewhere in the middle.
    """
    return load(
        {
            "name": "Partnership",
            "period": {"start": "2027-01-04", "length": f"{days}d"},
            "demand": {"children": {"rate": "0/y", "to": "partnership"}},
            "services": {
                "partnership": {
                    "staff": {"clinician": _posts(clinicians, hours_a_week)},
                    "course": _partnership(""),
                    "opening_list": waiting,
                    "opening_cases": under_way,
                }
            },
        }
    )


def choice_clinic(hours_a_week: float, accepted_a_week: float, going_on: float, years: int = 3) -> Scenario:
    """A clinic whose posts give first talks, as many as come, and with the rest of their hours partnerships.

    Args:
        hours_a_week: of choice and partnership work together, over all weeks of the year.
        accepted_a_week: referrals given the right.
        going_on: share that goes on from choice.
        years: length of the run, after a year of warm-up.
    """
    one = HALF_DAY / APPOINTMENTS_A_HALF_DAY
    talk = {"sessions": 1.0, "interval": "7d", "hours": {"clinician": one}}
    return load(
        {
            "name": "Choice and Partnership",
            "period": {"start": "2027-01-04", "warmup": "52w", "length": f"{52 * years}w"},
            "demand": {"accepted": {"rate": f"{accepted_a_week}/w", "to": "choice"}},
            "services": {
                "choice": {
                    "staff": {"clinician": {"fte": hours_a_week / 10, "weekly_hours": 10.0}},
                    "course": talk,
                    "routes": [{"to": "partnership", "share": going_on, "delay": "1d"}],
                },
                "partnership": {"weight": 1, "course": _partnership("choice.")},
            },
        }
    )


def _posts(clinicians: float, hours_a_week: float) -> dict[str, float]:
    """Posts whose hours are to be had in the usable weeks only; the model spreads them over the year."""
    return {"fte": clinicians, "weekly_hours": hours_a_week, "weeks_a_year": 52 * USABLE_WEEKS / WEEKS}


def _partnership(owner: str) -> dict[str, object]:
    """Courses without chance: every appointment is kept, one a week."""
    hours = {f"{owner}clinician": HALF_DAY / APPOINTMENTS_A_HALF_DAY}
    return {"sessions": APPOINTMENTS, "interval": "7d", "hours": hours}
