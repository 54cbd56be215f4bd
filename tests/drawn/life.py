"""One drawn site on the rig's virtual clock: cars of every manner, attack after attack; then all is well again.

Found wrong, all by the judge of this folder: a rating passed for longer or further than one of its excuses, an EVSE that
charged at first and not within half an hour of the last fault although no person is asked for, a primary that does not
regulate any more, anything raised in the rig's process.
"""

import contextlib
import gc
import io
import random
import time
import tomllib
import traceback

from tests.drawn.families_at_random import draw_family
from tests.drawn.person import Person
from tests.drawn.sites_at_random import draw
from tests.drawn.table import CHARGES_DA, table
from tests.drawn.troubles import Troubles

FIRST_S, AGAIN_S, ROUNDS = 700, 1_800, 3
FAMILIES = 0.15  # of all sites
UNBALANCE = "unbalance limit"


class Life:
    """one: the Table; text: the site file; chance: what is drawn comes from it.

    not_asked: who waits below a limit of the unbalance while an EVSE charges that does not say on which phase. What that draws is
    other load to such a limit, so it is not asked to give any of it.
    """

    def __init__(self, one, text, chance):
        self.one, self.chance, self.not_asked = one, chance, set()
        self.site = tomllib.loads(text)
        self.troubles = Troubles(one, text, chance, self.car)
        self.log = self.troubles.log
        self.person = Person(one)

    def play(self, seconds):
        """What is wrong, as texts."""
        one = self.one
        self.plug(self.car)
        self.charging(FIRST_S)
        first = set(one.charged)
        until_ms = one.judge.t_ms + seconds * 1_000
        while one.judge.t_ms < until_ms:
            self.troubles.next()
        self.troubles.end()
        one.forget()
        self.charging(AGAIN_S, first)
        left = self.left(first)
        for _ in range(ROUNDS):
            done = self.person.clear(left)
            if not done:
                break
            for words in done:
                self.troubles.say("a person:", words)
            self.charging(AGAIN_S, set(left))
            left = self.left(first)
        problems = ["%s charged at first and never again: %s" % pair for pair in sorted(left.items())]
        return problems + self.wrongs() + self.mode()

    def left(self, first):
        """{EVSE: why} of those that have not charged since the last attack, whether the others are measured or not."""
        judge, left = self.one.judge, {name: why for name, why in self.one.left().items() if name in first}
        drawing = {name for name in judge.unmeasured if max(judge.drawn_da[name], default=0) >= CHARGES_DA}
        self.not_asked = {name for name, why in left.items() if UNBALANCE in why and drawing - {name}}
        return {name: why for name, why in left.items() if name not in self.not_asked}

    def told(self):
        """Its figures."""
        judge = self.one.judge
        return {"evses": len(self.one.evses), "attacks": self.troubles.count, "played_s": judge.t_ms // 1000,
                "not_asked": sorted(self.not_asked), "over_s": sum(judge.over_ms.values()) / 1000, "person": self.person.given, "log": self.log}

    def wrongs(self):
        judge, found = self.one.judge, []
        for name, ms in sorted(judge.wrong_ms.items()):
            first_ms = next(at for at, where, _ in judge.wrong if where == name)
            said = (name, ms / 1000, judge.worst[name] / 10, first_ms)
            found.append("%s: %.1f s above its rating that nothing excuses, %.1f A; first at %d ms" % said)
        for name, ms in sorted(judge.may_ms.items()):
            if ms > judge.wrong_ms.get(name, 0):
                first_ms, most_da = judge.could[name]
                said = (name, ms / 1000, most_da / 10, first_ms)
                found.append("%s: for %.1f s cars could have drawn above its rating, %.1f A; first at %d ms" % said)
        return found + (["the rig's tree is another one: " + judge.crossed] if judge.crossed else [])

    def mode(self):
        view = self.one.state["primary"]
        fine = view and view["mode"] in ("regulating", "degraded")
        return [] if fine else ["the primary does not regulate any more: %s" % (view and view["mode"])]

    def car(self):
        """One of any manner: what it may depart from its order by is within what rule 10 lets pass."""
        chance = self.chance
        car = {"phases": chance.choice((1, 2, 3)), "max_a": chance.choice((10, 16, 32)), "ramp_a_per_s": chance.choice((0.5, 2, 10, 100)),
               "reaction_ms": chance.choice((0, 200, 500, 3_000))}
        manner = chance.choice(("plain", "plain", "plain", "below", "late", "above",
                                "overshoots", "leaks", "pulses", "pulses", "above", "late", "late", "picky"))
        more = {"below": {"factor": chance.choice((0.95, 0.98))}, "late": {"hold_ms": 4_400}, "above": {"factor": chance.choice((1.01, 1.03, 1.06))},
                "overshoots": {"over_a": 0.8, "beyond_ms": 3_000}, "leaks": {"leak_a": 0.8}, "picky": {"min_a": chance.choice((7, 8))},
                "pulses": {"over_a": 0.9, "beyond_ms": chance.choice((2_000, 8_000)), "obeys_ms": chance.choice((1_500, 6_000))}}  # fmt: skip
        return car | more.get(manner, {})

    def plug(self, car):
        one = self.one
        for name in one.evses:
            one.plug(name, **car())
        one.go(30_000)
        self.troubles.cards(one.evses)

    def charging(self, within_s, names=None):
        """Until all of them took current, or that time is over."""
        for _ in range(within_s // 10):
            self.one.go(10_000, 1_000)
            if not (self.one.hungry() if names is None else names & self.one.hungry()) - self.one.charged:
                break


def again(seed, seconds):
    """The command that plays this life once more."""
    return "python -m tests.drawn --seed %d --sites 1 --seconds %d" % (seed, seconds)


def live(order):
    """order: (seed, seconds). One life, as what `told` says of it; whatever is raised is one of its problems. Its site and what was
    done to it are told only where something was found: the seed gives them again. cpu_s: the time of a core that it took."""
    began_s = time.process_time()
    seed, seconds = order
    chance = random.Random(seed)
    beside, problems, life = [], [], None
    if chance.random() < FAMILIES:
        text, beside, report = draw_family(chance)
    else:
        text, report = draw(chance)
    with io.StringIO() as errors, contextlib.redirect_stderr(errors):
        try:
            with table(text, seed, report, beside, "[ocpp]" in text) as one:
                life = Life(one, text, chance)
                problems = life.play(seconds)
        except Exception:  # whatever it is: the seed and the site are needed to see it again
            problems = ["the play broke off: " + traceback.format_exc()[-2_000:]]
        gc.collect()  # what nobody waited for says so now
        said = errors.getvalue()
    problems += [said[said.index("Traceback"):][:2_000]] if "Traceback" in said else []
    whole = "\n".join([text, *("#### %s\n%s" % pair for pair in beside)])
    told = life.told() if life else {"evses": 0, "attacks": 0, "played_s": 0, "not_asked": [], "over_s": 0, "person": {}, "log": []}
    log = told.pop("log")
    shown = {"site": whole, "log": log} if problems else {}
    return {"seed": seed, "seconds": seconds, "again": again(seed, seconds), "cpu_s": round(time.process_time() - began_s, 1),
            "problems": problems, **told, **shown}
