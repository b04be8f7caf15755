"""Referral review: decided on paper or in a meeting, given the right or rejected."""

from __future__ import annotations

from simpy.events import Event

from sim.frame import pack
from sim.laws import look_up
from sim.order import DECISION
from sim.plan import NOWHERE, Meeting, Review
from sim.records import Kind
from sim.rules import (
    FORMAL_ERROR,
    INFORMATION_MISSING,
    REJECTED,
    accepts,
    next_date,
    perceive,
    pick,
    reason,
    tightened,
    wrongly_rejected,
)
from sim.state import REVIEWED, Moment, Stay
from sim.ways import Ways

ACCEPTED, REJECTION, MET = int(Kind.ACCEPTED), int(Kind.REJECTED), int(Kind.MET)
NO_CONSENT = -1


class Reviews(Ways):
    """Referrals under review."""

    def _decide(self, event: Event) -> None:
        """The decision on paper, or whether there will be a meeting."""
        stay: Stay = event._value
        if stay.status != REVIEWED:
            return
        now, terms = self.now(), self.terms[stay.place]
        review = terms.review
        if review is None:  # the review was done away with meanwhile
            self._join(stay, now)
        else:
            self._judge(stay, review, now)
        if self.touched:
            self._settle()

    def _judge(self, stay: Stay, review: Review, now: int) -> None:
        if review.plain:
            step, terms = self.needs.step[stay.child.need], self.terms[stay.place]
            taken_for = max(terms.step, 0) if step < 0 else perceive(step, self.quantile(stay, "judge"), review.accuracy)
            bound = accepts(review.accept[taken_for], review.accept_again, stay.child.rejections.get(terms.service, 0))
            if self.people[stay.child.row] < 0:
                self._conclude(stay, self.quantile(stay, "accept") < bound, taken_for, now)
                return
        if review.tasks:
            self._work(stay.child, stay.place, review.tasks, now)
        if review.referrers is not None and stay.origin != NOWHERE and stay.origin not in review.referrers:
            self._reject(stay, 0, now, FORMAL_ERROR)
            return
        if not stay.mapped and self.quantile(stay, "returned") < review.returned:
            self._reject(stay, 0, now, INFORMATION_MISSING)
            return
        accuracy = review.accuracy if stay.mapped else review.accuracy_unmapped
        taken_for = self._seen(stay, "judge", accuracy)
        accepted = self._is_accepted(stay, review, taken_for)
        meeting = review.meeting
        if meeting is not None and not (accepted and meeting.doubtful):
            self._call_meeting(stay, meeting, taken_for, now)
        else:
            self._conclude(stay, accepted, taken_for, now)

    def _seen(self, stay: Stay, purpose: str, accuracy: int) -> int:
        """The step a reviewer takes the need for."""
        step = self.needs.step[stay.child.need]
        if step < 0:
            return max(self.terms[stay.place].step, 0)
        return perceive(step, self.quantile(stay, purpose), accuracy)

    def _is_accepted(self, stay: Stay, review: Review, taken_for: int) -> bool:
        child, service = stay.child, self.terms[stay.place].service
        bound = accepts(review.accept[taken_for], review.accept_again, child.rejections.get(service, 0))
        bound = tightened(bound, *review.tightens, self.waiting[stay.place])
        if self.quantile(stay, "accept") >= bound:
            return False
        people = self.people[child.row]
        return people < 0 or self.quantile(stay, "access") < self.plan.people_accept[people]

    def _conclude(self, stay: Stay, accepted: bool, taken_for: int, now: int) -> None:
        if not accepted:
            self._reject(stay, taken_for, now)
            return
        child = stay.child
        row = (now, ACCEPTED, child.row, stay.place, stay.number, stay.since, stay.received, taken_for, child.need)
        self.write(pack(*row))
        self._join(stay, now)

    def _call_meeting(self, stay: Stay, meeting: Meeting, taken_for: int, now: int) -> None:
        """A meeting with those who know the child, if the family consents."""
        child = stay.child
        stay.taken_for = taken_for
        if self.quantile(stay, "meet_consent") >= meeting.consent:
            row = (now, MET, child.row, stay.place, stay.number, stay.since, stay.received, NO_CONSENT, child.need)
            self.write(pack(*row))
            review = self.terms[stay.place].review
            self._conclude(stay, review is not None and self._is_accepted(stay, review, taken_for), taken_for, now)
            return
        at = now + look_up(meeting.delay, self.quantile(stay, "meet_delay"))
        if meeting.every:
            at = next_date(at, meeting.every)
        self.schedule(Moment((self._meet,), stay), DECISION, child, at - now)

    def _meet(self, event: Event) -> None:
        stay: Stay = event._value
        if stay.status != REVIEWED:
            return
        now, child = self.now(), stay.child
        review = self.terms[stay.place].review
        if review is None:
            self._join(stay, now)
        elif review.meeting is None:  # meetings were done away with: the paper decides
            self._conclude(stay, self._is_accepted(stay, review, stay.taken_for), stay.taken_for, now)
        else:
            taken_for = self._seen(stay, "meet", review.meeting.accuracy)
            row = (now, MET, child.row, stay.place, stay.number, stay.since, stay.received, taken_for, child.need)
            self.write(pack(*row))
            self._work(child, stay.place, review.meeting.tasks, now)
            self._conclude(stay, self._is_accepted(stay, review, taken_for), taken_for, now)
        if self.touched:
            self._settle()

    def _reject(self, stay: Stay, taken_for: int, now: int, why: int | None = None) -> None:
        child, terms = stay.child, self.terms[stay.place]
        assert terms.review is not None
        if why is None:
            reasons = terms.review.reasons
            why = reason(taken_for, terms.step, pick(reasons, 0, len(reasons), self.quantile(stay, "reason")))
        wrong = wrongly_rejected(self.needs.step[child.need], terms.step)
        route = self._route_after(stay, REJECTED, child.need)
        detail = why + 100 * wrong + 1000 * bool(route and route.warm)
        self.write(pack(now, REJECTION, child.row, stay.place, stay.number, stay.since, stay.received, detail, child.need))
        child.rejections[terms.service] = child.rejections.get(terms.service, 0) + 1
        self.expected[stay.place].pop(child.row, None)
        self._close_stay(stay)
        self._follow(stay, route, now)
