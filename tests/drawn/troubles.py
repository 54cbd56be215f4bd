"""What happens to a drawn site: each attack over before the next, but for a meter that lies for ever."""

import copy
import tomllib

OWN = ("local", "ampacity")
LINE = ("cut", "cut_tx", "cut_rx", "noise", "delay", "late", "duplicate")
BUS = (*LINE, "echo", "babble", "wrong_unit", "second_primary", "foreign_client")
LATCHED = ("residual_current", "overtemperature", "pilot_short", "diode", "pe_lost", "lock_failed")
EVSE = ("power_off", "restart", "forget_settings", "keep_setpoint", "ignore_writes", "round_up", "stale_reading", "lags", "disobeys", "disobeys",
        *LATCHED, *LINE)
METER = ("dead", "frozen", "nan", "offset", "swapped_phases", "reversed", "saturated", "scaled")
PRIMARY = ("csms_down", "network_down", "clock_jump", "disk_full", "slow_disk", "low_memory", "hang")
KINDS = ("jump", "jump", "dies", "writes", "bus", "bus", "evse", "evse", "evse", "meter", "meter", "primary", "replug", "pause", "limit", "pump",
         "change", "fact", "sun", "turns", "turns", "surge", "outage")
INSIDE = ("clock_jump", "disk_full", "slow_disk", "low_memory", "hang")  # also of a primary below
BELOW = ("power_off", "power_off", "power_off", "restart", "restart", *BUS, *INSIDE)
OF_FAMILIES = (*KINDS, "below", "below", "below", "below")
OUTAGE_S = (*(600, 3_600, 4 * 3_600) * 6, 24 * 3_600, 7 * 24 * 3_600)  # a day and a week are rare: a week costs up to minutes
BELOW_OUTAGE_S = 4 * 3_600  # of a primary below at most: the site above it runs on, and a week of that costs hours
AT_ONCE_MS = (20, 60, 100)
LAST_MS = (500, 3_000, 15_000, 40_000, 120_000, 400_000)
STRAY = ({"factor": 1.05}, {"factor": 1.09}, {"factor": 1.15}, {"factor": 1.5, "beyond_ms": 8_000, "obeys_ms": 1_500},
         {"over_a": 5, "beyond_ms": 4_000}, {"leak_a": 3}, {})  # fmt: skip


class Troubles:
    """one: the Table; car(): a car to be plugged in. `log`: what was done, in words, with the time."""

    def __init__(self, one, text, chance, car):
        self.one, self.text, self.chance, self.car = one, text, chance, car
        self.site = tomllib.loads(text)
        self.log, self.lies, self.latched = [], [], set()
        self.sites = one.judge.geometry.sites
        self.primaries = list(self.sites)  # "" is the one at the top
        self.kinds = OF_FAMILIES if len(self.primaries) > 1 else KINDS
        self.loads, self.count, self.outages = {}, 0, 0

    def next(self):
        self.count += 1
        getattr(self, "_" + self.chance.choice(self.kinds))()

    def _one(self, values):
        """One of them; nothing is drawn where there is no choice."""
        return values[0] if len(values) == 1 else self.chance.choice(values)

    def _all(self, kind):
        """(primary, name in the whole family, table) of each such table of every site file."""
        return [(of, ".".join(filter(None, (of, table["name"]))), table) for of in self.primaries for table in self.sites[of].get(kind, ())]

    def say(self, *words):
        self.log.append("%7.1f s: " % (self.one.judge.t_ms / 1000) + " ".join(str(word) for word in words))

    def some_ms(self, most_ms=60_000):
        return self.chance.randrange(1_000, most_ms)

    def cards(self, names):
        """A card for each car that came just now; a second one would end its transaction."""
        if "ocpp" in self.site:
            for name in names:
                self.one.rig.present_token(token="card-" + name, type="ISO14443", evse=name)

    def end(self):
        """Everything heals. Who a fault has latched is unplugged and plugged in again, for only that resets it."""
        one = self.one
        self.say("all is well from here on")
        for kind, meter in self.lies:
            one.fault(kind, meter, on=False)
        for name in one.circuits:
            one.background(name)
        if one.rig.state()["primary"] is None:
            one.primary("start")
        for of in self.primaries[1:]:
            one.primary("start", of)
        one.go(2_000)
        for name in sorted(self.latched):
            one.unplug(name)
        one.go(5_000)
        for name in sorted(self.latched):
            one.plug(name)
        one.go(30_000)
        self.cards(sorted(self.latched))

    # ---- other load

    def _load(self, circuit, amps):
        self.loads[circuit] = amps
        self.one.background(circuit, *amps)

    def _jump(self):
        """Other load within what the circuit and all above it declare; all of it in one place."""
        judge = self.one.judge
        circuit = self.chance.choice(self.one.circuits)
        most_a = min(min(judge.geometry.assumed[name]) for name in judge.geometry.above[circuit]) / 10
        for name in self.one.circuits:
            if name != circuit:
                self._load(name, [0.0] * judge.geometry.count)
        amps = [round(self.chance.choice((0, 0.3, 1, 1)) * self.chance.uniform(0, most_a), 1) for _ in range(judge.geometry.count)]
        self.say("jump", circuit, amps)
        self._load(circuit, amps)
        self.one.go(self.some_ms(30_000))

    def _surge(self):
        """More other load than was declared, where every circuit that carries it has a meter that tells the truth (assumption M2)."""
        geometry = self.one.judge.geometry
        lines = range(geometry.count)
        seen = [name for name in self.one.circuits if all(geometry.sees(one, lines) for one in geometry.above[name])]
        if not seen or self.lies or self.one.troubled or not self._believed(seen):
            return
        circuit = self.chance.choice(seen)
        free_da = min(geometry.ratings[one][line] - geometry.assumed[one][line] - self.one.judge.times.reserves_da(one, line)
                      for one in geometry.above[circuit] for line in range(geometry.count))
        more_da = int(self.chance.uniform(0.3, 0.9) * free_da)
        if more_da > 0:
            most_da = min(min(geometry.assumed[one]) for one in geometry.above[circuit])
            for name in self.one.circuits:
                self._load(name, [0.0] * geometry.count)
            amps = [(most_da + more_da) / 10] * geometry.count
            self.say("surge above what is declared", circuit, amps)
            self._load(circuit, amps)
            self.one.go(self.some_ms(60_000))
            self._load(circuit, [0.0] * geometry.count)
            self.one.go(30_000)

    def _believed(self, circuits):
        """Does the primary count with all their meters?"""
        view = {name: row for of in self.primaries for name, row in self.one.view(of).get("circuits", {}).items()}
        return all(view.get(name, {}).get("meter") == "ok" for name in circuits)

    def _sun(self):
        """Generation where it is declared, as far as it is declared."""
        places = [(name, table) for _, name, table in self._all("circuit") if table.get("generation_a")]
        if places:
            name, table = self.chance.choice(places)
            amps = [-round(self.chance.uniform(0, table["generation_a"]), 1)] * self.one.judge.geometry.count
            self.say("generation", name, amps)
            self._load(name, amps)
            self.one.go(self.some_ms(60_000))
            self._load(name, [0.0] * self.one.judge.geometry.count)

    # ---- the primary

    def _dies(self):
        off_ms = self.chance.choice((200, 900, 3_000, 20_000, 90_000))
        of = self._one(self.primaries)
        self.say("kill", of, "for", off_ms, "ms")
        self.one.primary("kill", of)
        self.one.go(off_ms)
        self.one.primary("start", of)
        self.one.go(20_000)

    def _outage(self):
        """A primary is gone for up to a week, one below for hours, once in a life; cars go and come meanwhile."""
        if self.outages or self.chance.random() < 0.7:
            return
        self.outages += 1
        off_s, name = self.chance.choice(OUTAGE_S), self.chance.choice(self.one.evses)
        of = self._one(self.primaries)
        off_s = min(off_s, BELOW_OUTAGE_S) if of else off_s
        self.say("outage of", off_s, "s", of)
        self.one.primary("kill", of)
        self.one.go(60_000)
        self._again(name, 1_000)
        self.one.go(off_s * 1_000, 1_000 if of else 60_000)  # the primaries above it regulate meanwhile
        self.one.primary("start", of)
        self.one.go(30_000)
        self.cards([name])

    def _writes(self):
        n, of = self.chance.randrange(1, 6), self._one(self.primaries)
        self.say("power cut in write", n, of)
        self.one.primary("power_cut_at_write", of, n=n)
        self.one.go(30_000)
        self.one.primary("kill", of)
        self.one.primary("start", of)
        self.one.go(20_000)

    def _fact(self):
        """Something that must be remembered, and the power goes in the next writes, or just after them."""
        name, n = self.chance.choice(self.one.evses), self.chance.choice((0, 1, 1, 2, 3))
        fact = self.chance.choice(("limit", "replug", "stray", "load", "isolate"))
        if fact == "isolate" and self._kind(name) == "local":
            return  # it has no feeder of its own
        of = owner(name) if fact == "isolate" else self._one(primaries_above(name))
        self.say("fact", fact, name, "power cut in write", n or "none, but at once", of)
        if n and fact != "isolate":
            self.one.primary("power_cut_at_write", of, n=n)
        if fact == "limit":
            self._limited(name, 0, 20)
        elif fact == "replug":
            self._again(name, self.chance.randrange(200, 2_000))
            self.cards([name])
        elif fact == "stray" and self._kind(name) in OWN:
            self.one.fault("disobeys", name)
        elif fact == "load":
            self._jump()
        elif fact == "isolate":
            self._open(name, n)
        after_ms = self.chance.choice((*AT_ONCE_MS, 1_000, 12_000, 25_000))
        self.one.go(after_ms, 100 if fact == "stray" else 500)
        self.one.primary("kill", of)
        self.one.go(self.chance.choice((200, 5_000)))
        self.one.primary("start", of)
        self.one.go(30_000)
        self.one.fault("disobeys", name, on=False)
        if fact == "isolate":
            self._close(name)

    def _open(self, name, n):
        """A person opens its feeder and declares it, at once or when no reading is fresh any more; the power goes in write n from then on."""
        self.one.fault("power_off", name)
        self.one.go(self.chance.choice((500, 3_000, 12_000)))
        if n:
            self.one.primary("power_cut_at_write", owner(name), n=n)
        if not self._word("isolate %s on", name):
            self.one.go(10_000)
            self._word("isolate %s on", name)
        self.one.go(self.chance.choice((500, 20_000)))  # what it leaves is given away, or not yet

    def _close(self, name):
        """The person takes it back until that is taken, and closes the feeder half a minute later; the power goes at the word, after it, or not."""
        n = self.chance.choice((0, 0, 1, 2, 3))
        if n:
            self.one.primary("power_cut_at_write", owner(name), n=n)
        taken = self._word("isolate %s off", name)
        if n or self.chance.random() < 0.3:
            self.one.go(self.chance.choice(AT_ONCE_MS), 20)
            self.one.primary("kill", owner(name))
            self.one.primary("start", owner(name))
            self.one.go(20_000)
        if not taken:
            self._word("isolate %s off", name)
        self.one.go(30_000)
        self.say("feeder of", name, "closed")
        self.one.fault("power_off", name, on=False)
        self.one.go(30_000)
        self.cards([name])

    def _word(self, line, name):
        """Said at the console of the primary that it belongs to. True: taken."""
        answer = self.one.rig.answer("console", text=line % name, **self._of(owner(name)))
        self.say("a person:", owner(name), line % name, answer.get("text", answer.get("error")))
        return answer.get("text") == "ok"

    def _of(self, of):
        return {"of": of} if of else {}

    def _primary(self):
        self._fault(PRIMARY, ["primary"])

    def _below(self):
        self._fault(BELOW, self.primaries[1:])

    def _change(self):
        """A primary is given another site file for a while: one EVSE, or a primary below, is gone, elsewhere, renamed or at another unit.

        Nothing in the installation moves with it, so the other circuit is one below its own: a file that leaves out a circuit which
        an EVSE does load is untrue, and nobody could see that.
        """
        of = self._one(self.primaries)
        devices = [table["name"] for table in self.sites[of]["evse"] if table["kind"] != "local"]
        if not devices:
            return
        site, name = copy.deepcopy(self.sites[of]), self.chance.choice(devices)
        how = self.chance.choice(("removed", "moved", "renamed", "other unit", "renamed circuit"))
        table = next(one for one in site["evse"] if one["name"] == name)
        if how == "removed":
            site["evse"].remove(table)
        elif how == "moved":
            above, place = self.one.judge.geometry.above, (of + "." if of else "") + table["circuit"]
            table["circuit"] = self.chance.choice([each["name"] for each, (_, full, _) in zip(
                site["circuit"], [one for one in self._all("circuit") if one[0] == of], strict=True) if place in above[full]])
        elif how == "renamed":
            table["name"] = "x" + name
        elif how == "other unit":
            table["unit"] = 60 + table["unit"]
        else:
            rename_circuit(site, table["circuit"])
        if not self.one.rig.answer("site", text=as_toml(site), **self._of(of))["ok"]:
            return
        self.say("site file:", of, name, how, table["circuit"] if how == "moved" else "")
        for text in (as_toml(site), as_toml(self.sites[of]) if of else self.text):
            self.one.rig.answer("site", text=text, **self._of(of))
            self.one.primary("power_cycle", of)
            self.one.go(self.some_ms(120_000))

    # ---- cars

    def _again(self, name, after_ms):
        if self.one.state["truth"]["evses"][name]["plugged"]:
            self.one.unplug(name)
        self.one.go(after_ms)
        self.one.plug(name, **self.car())

    def _replug(self):
        name = self.chance.choice(self.one.evses)
        self.say("replug", name)
        self._again(name, self.chance.choice((100, 500, 4_000, 9_000)))
        self.one.go(5_000)
        self.cards([name])

    def _pause(self):
        name = self.chance.choice(self.one.evses)
        self.say("pause", name)
        self.one.rig.ev(evse=name, action="pause")
        self.one.go(self.some_ms())
        self.one.rig.ev(evse=name, action="resume")

    def _limit(self):
        targets = ["site", *self.one.evses, *self.one.circuits, *self.primaries[1:]]
        target, amps = self.chance.choice(targets), self.chance.choice((0, 3, 6, 8.5, 13, 20))
        if self._limited(target, amps, self.chance.choice((5, 30))):
            self.say("limit", target, amps)
            self.one.go(self.some_ms())
            self._limited(target, None)

    def _limited(self, target, amps, ttl_s=0):
        """Said to the primary to which the target belongs. True: taken."""
        words = ("limit", target, "off") if amps is None else ("limit", target, amps, ttl_s)
        answer = self.one.rig.answer("console", text=" ".join(str(word) for word in words), **self._of(owner(target)))
        return answer["ok"] and not answer["text"].startswith("error")

    def _pump(self):
        if self.site.get("safety_load"):
            self.say("pump")
            self.one.rig.safety_load(name="pump", on=True)
            self.one.go(self.some_ms(40_000))
            self.one.rig.safety_load(name="pump", on=False)
            self.one.go(30_000)

    # ---- faults

    def _bus(self):
        self._fault(BUS, [name for _, name, _ in self._all("bus")])

    def _evse(self):
        self._fault(EVSE, self.one.evses)

    def _meter(self):
        """By turns, or for ever."""
        meters = [name for name in self.one.judge.geometry.meters if (name not in [meter for _, meter in self.lies])]
        if not meters:
            return
        if self.chance.random() < 0.2:
            kind, meter = self.chance.choice(METER), self.chance.choice(meters)
            options = self._options(kind, meter)
            if self.one.fault(kind, meter, **options)["ok"]:
                self.lies.append((kind, meter))
                self.say(kind, meter, options or "", "for ever")
                self.one.go(self.some_ms())
        else:
            self._fault(METER, meters)

    def _turns(self):
        """One meter lies in one way after the other, without a pause."""
        meters = [name for name in self.one.judge.geometry.meters if name not in [meter for _, meter in self.lies]]
        meter = self._one(meters if len(self.primaries) > 1 else meters[:1]) if meters else None
        for kind in self.chance.sample(METER, 3) if meters else ():
            options = self._options(kind, meter)
            last_ms = self.chance.choice((2_000, 8_000, 30_000, 90_000))
            if self.one.fault(kind, meter, **options)["ok"]:
                self.say(kind, meter, options or "", last_ms, "ms, by turns")
                self.one.go(last_ms)
                self.one.fault(kind, meter, on=False)
        self.one.go(15_000)

    def _kind(self, name):
        return self.one.judge.geometry.tables[name]["kind"]

    def _options(self, kind, target):
        chance = self.chance
        if kind == "disobeys":
            small = [one for one in STRAY if one.get("factor", 2) < 1.1]
            return chance.choice(STRAY if self._kind(target) in OWN else small)  # elsewhere nothing of ours could stop it (safety.md 9)
        choices = {"noise": ({"ber": 0.0005}, {"ber": 0.005}, {"ber": 0.05}), "delay": ({"ms": 20}, {"ms": 200}, {"ms": 400}, {"ms": 2_000}),
                   "foreign_client": ({"writes": True}, {"writes": False}), "clock_jump": ({"s": -5_000}, {"s": 100_000}),
                   "slow_disk": ({"ms": 300},), "lags": ({"ms": 300}, {"ms": 500}), "offset": ({"amps": 2}, {"amps": 5}),
                   "saturated": ({"amps": 10}, {"amps": 25}),
                   "scaled": ({"factor": 0.5}, {"factor": 2}), "reversed": ({}, {"inputs": ["L1"]}),
                   "swapped_phases": ({}, {"inputs": ["L1", "L2"]})}  # fmt: skip
        return chance.choice(choices.get(kind, ({},)))

    def _fault(self, kinds, targets):
        kind, target = self.chance.choice(kinds), self.chance.choice(targets)
        options, last_ms = self._options(kind, target), self.chance.choice(LAST_MS)
        if not self.one.fault(kind, target, **options)["ok"]:
            return  # not of that make
        if kind in LATCHED:
            self.latched.add(target)
        self.say(kind, target, options or "", last_ms, "ms")
        self.one.go(last_ms)
        self.one.fault(kind, target, on=False)
        self.one.go(15_000)


def owner(name):
    """The primary to which that name belongs; "": the one at the top."""
    return name.rpartition(".")[0]


def primaries_above(name):
    """Its primary and those above that, nearest first."""
    parts = name.split(".")[:-1]
    return [".".join(parts[:count]) for count in range(len(parts), -1, -1)]


def rename_circuit(site, name):
    """The circuit, and everything that names it."""
    for table in (*site["circuit"], *site["evse"]):
        for field in ("name", "parent", "circuit"):
            if table.get(field) == name and (field != "name" or table in site["circuit"]):
                table[field] = "x" + name


def as_toml(site):
    """A site as text again."""
    out = []
    for key, value in site.items():
        for table in value if isinstance(value, list) else [value]:
            out.append("[[%s]]" % key if isinstance(value, list) else "[%s]" % key)
            out += ["%s = %s" % (name, str(one).lower() if isinstance(one, bool) else repr(one).replace("'", '"')) for name, one in table.items()]
    return "\n".join(out) + "\n"
