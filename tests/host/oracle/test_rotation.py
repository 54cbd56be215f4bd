"""Who waits is served in turn: rotation of the queue through the guard itself, on sites that cannot feed all at once."""

import random

import pytest

from ampacity.circuit.guard import Guard
from tests.deep import sample

SLOT_S = 60
STEP_MS = 500


class Crowd:
    """`count` cars at EVSEs whose circuit has room for a few minimums; every order is obeyed and proven at once."""

    def __init__(self, count, room_da, seed, equal=False):
        chance = random.Random(seed)
        self.now_ms = (1 << 30) - 60_000
        evses = [
            {"name": "e%d" % i, "kind": "ampacity", "circuit": 0, "terminals": [[(i + n) % 3] for n in range(3 if equal else chance.choice((1, 3)))],
             "max_da": 160, "fallback_da": 0, "watchdog_ms": 10_000, "watchdog_fixed": True, "power_on_da": 0, "power_on_source": "documented",
             "weight": 1 if equal else chance.choice((1, 1, 2))}
            for i in range(count)
        ]  # fmt: skip
        timing = {"slot_s": SLOT_S, "raise_hold_ms": 1000, "restart_hold_ms": 2000, "idle_ms": 10**9}
        facts = {"phases": 3, "circuits": [{"name": "main", "parent": -1, "rating_da": [room_da] * 3}], "evses": evses, "settings": timing}
        self.guard = Guard(facts, self.now_ms)
        self.charged_ms = [0] * count
        self.had = [0] * count  # da times steps
        self.longest = [0] * count  # steps without current, one after the other
        self.rested = [0] * count
        self.turns = [0] * count
        self.was = [0] * count
        for e in range(count):
            self.guard.evidence(e, "fallback_da", 0, self.now_ms)
            self.guard.demand(e, True)

    def run(self, seconds):
        for _ in range(seconds * 1000 // STEP_MS):
            self.now_ms += STEP_MS
            self.guard.tick(self.now_ms)
            for e in range(len(self.was)):
                self._obey(e)

    def _obey(self, e):
        guard, want = self.guard, self.guard.want_da[e]
        order_id = guard.send(e, want, self.now_ms)
        if order_id is not None:
            guard.answered(e, order_id, self.now_ms, True)
            guard.proven(e, order_id, want, self.now_ms)
            self.turns[e] += want > 0 and self.was[e] == 0
            self.was[e] = want
        guard.measured(e, [self.was[e]] * len(guard.site.evses[e].terminals), self.now_ms, self.now_ms)
        self.charged_ms[e] += STEP_MS if self.was[e] else 0
        self.had[e] += self.was[e]
        self.rested[e] = 0 if self.was[e] else self.rested[e] + 1
        self.longest[e] = max(self.longest[e], self.rested[e])


@pytest.mark.parametrize("count, room_da, seed", sample([(5, 130, 1), (9, 200, 2), (16, 320, 3), (24, 400, 4)], 4, 1))
def test_section_6_the_queue_starves_no_evse_and_slots_are_even(count, room_da, seed):
    crowd = Crowd(count, room_da, seed)
    rounds = count // max(1, room_da // 60) + 2  # slots until everybody had one, whatever the order
    crowd.run(SLOT_S * rounds + 60)
    assert min(crowd.charged_ms) > 0, crowd.turns
    start = list(crowd.charged_ms)
    crowd.run(SLOT_S * rounds * 4)
    had = [after - before for before, after in zip(start, crowd.charged_ms, strict=True)]
    assert min(had) >= SLOT_S * 1000


@pytest.mark.deep
def test_section_6_forty_equal_cars_with_current_for_eight_wait_a_bounded_time_and_get_the_same():
    crowd = Crowd(40, 490, 1, equal=True)
    crowd.run(SLOT_S * 6)
    assert min(crowd.charged_ms) > 0
    crowd.longest = [0] * 40
    start = list(crowd.had)
    crowd.run(3 * 3600)
    had = [after - before for before, after in zip(start, crowd.had, strict=True)]
    assert min(had) >= 0.9 * max(had), (min(had), max(had))
    assert max(crowd.longest) * STEP_MS <= SLOT_S * 1000 * (40 // 8 + 1), "slots until its turn comes again"
