"""One drawn site on the rig's virtual clock: cars of every manner, attack after attack; then all is well again.

Found wrong, all by the judge of this folder: a rating passed for longer or further than one of its excuses, a car that wants to
charge and does not in the time for it after the last fault, although whatever `why` asks a person for was done, a primary that does
not regulate any more, anything raised in the rig's process.

Who is not asked is in NOT_ASKED, and in the safety case with the same words. The sites are commissioned before the first car comes,
but for one in UNTESTED_EACH, where `why` may ask for it.
"""

import contextlib
import gc
import io
import random
import time
import tomllib
import traceback

from tests.drawn.families_at_random import draw_family
from tests.drawn.person import TESTS, Person
from tests.drawn.printed import short_of_room
from tests.drawn.sites_at_random import draw
from tests.drawn.table import CHARGES_DA, table
from tests.drawn.troubles import Troubles

FIRST_S, AGAIN_S, ROUNDS = 700, 1_800, 3
READ_S, TURN_S = 90, 60
FAMILIES = 0.15  # of all sites
UNTESTED_EACH = 6
UNBALANCE = "unbalance limit"
UNSEEN, SUMS, SATED = "unseen", "sums", "sated"
NOT_ASKED = {  # what that draws is other load to such a limit, which is not asked to give any of it
    UNSEEN: "an EVSE that waits below an unbalance limit while one without current measurement charges",
    SUMS: "an EVSE for which, by the printed sums of the tested site and what is declared, less is free than its car needs, 0.2 A for a device "
          "that rounds, or 0.5 A where a meter measures there or below",
    SATED: "a car that wants no current",
}


class Life:
    """one: the Table; text: the site file; chance: what is drawn comes from it; tested: the site is commissioned.

    not_asked: {EVSE: of NOT_ASKED} of those who did not charge at last and are not missed.
    """

    def __init__(self, one, text, chance, tested):
        self.one, self.chance, self.tested, self.not_asked = one, chance, tested, {}
        self.site, self.short = tomllib.loads(text), set()
        self.troubles = Troubles(one, text, chance, self.car)
        self.log = self.troubles.log
        self.person = Person(one)

    def play(self, seconds):
        """What is wrong, as texts."""
        one = self.one
        self.plug(self.car)
        if self.tested:
            self.commission()
        self.charging(FIRST_S, self.asked())
        until_ms = one.judge.t_ms + seconds * 1_000
        while one.judge.t_ms < until_ms:
            self.troubles.next()
        self.troubles.end()
        one.forget()
        self.charging(self.time_s(), self.asked())
        left = self.left()
        for _ in range(ROUNDS):
            done = self.person.clear(left)
            if not done:
                break
            for words in done:
                self.troubles.say("a person:", words)
            one.go(5_000)  # until `why` says so
            self.charging(self.time_s(), self.asked())
            left = self.left()
        problems = ["%s has not charged since the last fault: %s" % pair for pair in sorted(left.items())]
        return problems + self.wrongs() + self.mode()

    def commission(self):
        """Each EVSE, once its settings were read."""
        waiting = set(self.one.evses)
        for _ in range(READ_S // 5):
            waiting = {name for name in waiting if not self.one.rig.commissioned(name)}
            if not waiting:
                break
            self.one.go(5_000)

    def asked(self):
        """Who must charge: everybody but those for whom the printed sums leave nothing, and those who wait for a test of a device. Tests
        change the sums, so with them they are asked."""
        awaited = {name: self.person.names(words) for name, words in self.one.left().items()}
        short = short_of_room(self.one.rig.printed(), self.one.judge.geometry, self.one.needs_da)
        self.short = short - {name for name, names in awaited.items() if names}
        return self.one.hungry() - self.short - {name for name, names in awaited.items() if {verb for verb, _ in names} == {TESTS}}

    def time_s(self):
        """For so long a car may wait: half an hour, or a turn for each that waits where these take longer. A turn is a slot, the hold after
        a pause, and a minute in which the one settles and the other starts."""
        settings = self.site.get("settings", {})
        waiting = len(self.one.hungry() - self.one.charged)
        return max(AGAIN_S, waiting * (settings["slot_s"] + settings["restart_hold_s"] + TURN_S))

    def left(self):
        """{EVSE: why} of those that have not charged since the last attack and are missed."""
        one, judge = self.one, self.one.judge
        left = one.left()
        drawing = {name for name in judge.unmeasured if max(judge.drawn_da[name], default=0) >= CHARGES_DA}
        self.not_asked = {name: SATED for name in one.evses if name not in one.charged and name not in left}
        self.not_asked |= {name: SUMS for name in left if name in self.short}
        for name, why in left.items():
            if UNBALANCE in why and drawing - {name}:
                self.not_asked[name] = UNSEEN
        return {name: why for name, why in left.items() if name not in self.not_asked}

    def told(self):
        """Its figures."""
        judge = self.one.judge
        return {"evses": len(self.one.evses), "attacks": self.troubles.count, "played_s": judge.t_ms // 1000,
                "charged": len(self.one.charged), "not_asked": self.not_asked, "over_s": sum(judge.over_ms.values()) / 1000,
                "person": self.person.given, "log": self.log}

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
        """Of the primary at the top, and of every one below."""
        view = self.one.state["primary"]
        modes = {"the primary": view and view["mode"]}
        modes |= {"the primary " + name: seen and seen["mode"] for name, seen in ((view or {}).get("below") or {}).items()}
        return ["%s does not regulate any more: %s" % pair for pair in modes.items() if pair[1] not in ("regulating", "degraded")]

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

    def charging(self, within_s, names):
        """Until all of them took current, and those who are asked for by then, or that time is over."""
        for _ in range(within_s // 10):
            self.one.go(10_000, 1_000)
            if not names & self.one.hungry() - self.one.charged:
                names = self.asked()
                if names <= self.one.charged:
                    return
        self.asked()  # who has no room counts by what `why` asks for now


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
                life = Life(one, text, chance, not beside and seed % UNTESTED_EACH != UNTESTED_EACH - 1)
                problems = life.play(seconds)
        except Exception:  # whatever it is: the seed and the site are needed to see it again
            problems = ["the play broke off: " + traceback.format_exc()[-2_000:]]
        gc.collect()  # what nobody waited for says so now
        said = errors.getvalue()
    problems += [said[said.index("Traceback"):][:2_000]] if "Traceback" in said else []
    whole = "\n".join([text, *("#### %s\n%s" % pair for pair in beside)])
    told = life.told() if life else {"evses": 0, "attacks": 0, "played_s": 0, "charged": 0, "not_asked": {}, "over_s": 0, "person": {}, "log": []}
    log = told.pop("log")
    shown = {"site": whole, "log": log} if problems else {}
    return {"seed": seed, "seconds": seconds, "again": again(seed, seconds), "cpu_s": round(time.process_time() - began_s, 1),
            "problems": problems, **told, **shown}
