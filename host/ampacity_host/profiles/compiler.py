"""From the profile that a person writes to the tables that the controller interprets.

The result is JSON-able and small: lists, ints and short texts. Its layout is private to this file and to
`ampacity.bus.profile`. Fields are numbered; `reads` hold finished spans of registers, `order` finished writes.
"""

from fractions import Fraction

from ampacity_host.profiles.loader import limit_registers, load, reads_feed
from ampacity_host.profiles.read_requests import spans
from ampacity_host.profiles.undocumented import off_conditions, off_refused
from ampacity_host.profiles.units import WATTS, da, fraction, ms

WIDTH = {"u16": 1, "i16": 1, "u32": 2, "i32": 2, "u64": 4, "i64": 4, "f32": 2, "f64": 4, "bool": 1, "letter": 1, "text": 1}
READ_WITH = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
LEAST_VOLTAGE_PERCENT = 90
NO_LIMIT = 1 << 30
MOST_DA = 800  # no pilot offers more (IEC 61851-1)
MEASURES = ("A", "V", "W", "kW")
LAYOUT = ("fields", "reads", "live_ms", "slow_ms", "gap_ms", "reply_ms", "sign", "require")
SWITCHES_PER_DAY = 24
SWITCH_S = 5  # undocumented: the time in which a car follows its pilot


class _Compiler:
    def __init__(self, profile: dict, voltage_v: int) -> None:
        self.profile = profile
        self.link = profile["link"]
        self.names = self._used()
        self.voltage_v = voltage_v
        self.limits = set(limit_registers(profile))
        self.ordered = self.limits | set(self._settable())

    def _used(self) -> list[str]:
        """Registers that are ever read; what is only written needs no field."""
        found = set(self.proof_names()) | set(self.phases_shown())
        for names in self.profile["reads"].values():
            found |= set(names) if isinstance(names, list) else set()
        registers = self.profile["registers"]
        return sorted(found | {registers[name]["scale_from"] for name in found if "scale_from" in registers[name]})

    def _settable(self) -> list:
        """Registers with possible order values other than limits: fallback and power-on value."""
        dog, power_on = self.profile.get("watchdog", {}), self.profile.get("power_on", {})
        return [table[key] for table, key in ((dog, "fallback"), (dog, "fallback_shown_by"), (power_on, "register")) if key in table]

    def index(self, name: "str | None") -> int:
        return self.names.index(name) if name in self.names else -1

    def field(self, name: str) -> list:
        register = self.profile["registers"][name]
        scale = self.order_scale(register) if name in self.ordered else fraction(register)
        kind = register["type"]
        if register.get("words", self.link["words"]) == "low-first" and kind not in ("text", "letter"):
            kind += "<"
        shift, width = register.get("bits", [0, 0])
        rounding = "u" if name.startswith("current_") or name in self.limits else "n"
        return [
            name, READ_WITH[register["in"]], register["at"], register.get("count", WIDTH[register["type"]]), kind,
            scale.numerator, scale.denominator, rounding, self.markers(register), shift, width,
            self.index(register.get("scale_from")),
        ]  # fmt: skip

    def markers(self, register: dict) -> list:
        """Raw values that are no number: what the profile names, and of measures what no device could mean (all bits, the least)."""
        found, kind = list(register.get("none", [])), register["type"]
        if register.get("unit") in MEASURES and "bits" not in register:
            bits = 16 * WIDTH[kind]
            blank = [(1 << bits) - 1] if kind[0] == "u" else [1 << (bits - 1)] if kind[0] == "i" else []
            found += [raw for raw in blank if raw not in found]
        return found

    def reads(self) -> dict:
        groups = {key: names for key, names in self.profile["reads"].items() if isinstance(names, list)}
        proof = self.proof_names()
        covered = [groups[key] for key in ("settings", "live") if proof and key in groups and set(proof) <= set(groups[key])]
        groups["proof"] = covered[0] if covered else proof
        groups["phases"] = self.phases_shown()
        return {key: spans(self.names, self.profile["registers"], names, self.link, WIDTH) for key, names in groups.items() if names}

    def proof_names(self) -> list[str]:
        proof = self.profile.get("proof", {})
        if not proof:
            return []
        live = self.profile["reads"]["live"]
        rows = proof.get("charging", []) + proof.get("paused", [])
        rows += [row for row in proof.get("acknowledged", []) if row["register"] not in live]  # those come soon enough
        shown = proof.get("limit") or self.limit_shown()
        names = {row["register"] for row in rows} | ({shown} if shown else set())
        return sorted(names)

    def limit_shown(self) -> "str | None":
        limit = self.profile.get("order", {}).get("limit")
        readable = limit and "r" in self.profile["registers"][limit].get("access", "rw")
        return limit if readable and self.profile.get("proof", {}).get("kind") == "limit" else None

    def write(self, row: dict) -> list:
        if "wait_ms" in row:
            return [0, 0, "", "wait", row["wait_ms"], "", 1, 1, -1, 0]
        register = self.profile["registers"][row["write"]]
        word = register["type"] + ("<" if register.get("words", self.link["words"]) == "low-first" else "")
        code = register.get("write_with") or (5 if register["in"] == "coil" else self.link.get("write_with", 16))
        if WIDTH[register["type"]] > 1:
            code = 16
        value = row.get("value", "order")
        what, raw = (value, 0) if isinstance(value, str) else ("raw", value)
        scale = fraction(register) if what in ("raw", "watchdog") else self.order_scale(register)
        shown = row.get("shown_by") or (row["write"] if "r" in register.get("access", "rw") else None)
        role = row.get("effect") or ("limit" if row["write"] in self.limits else "")
        stored = int(register.get("stored", False))
        return [code, register["at"], word, what, raw, role, scale.numerator, scale.denominator, self.index(shown), stored]

    def order_scale(self, register: dict) -> Fraction:
        """da per raw count of the setpoint. Watts: as if one phase drew it all, at the lowest voltage."""
        if register.get("unit") not in WATTS:
            return fraction(register)
        phases = 3 if self.profile["order"].get("balances") else 1
        return fraction(register) * 10 / Fraction(self.voltage_v * LEAST_VOLTAGE_PERCENT * phases, 100)

    def order(self) -> dict:
        order = self.profile["order"]
        limit = self.profile["registers"][order["limit"]]
        scale = self.order_scale(limit)
        step = Fraction(da(order["step_a"])) if "step_a" in order else scale
        raises = order["rounds"] not in ("exact", "down")
        return {
            "min": da(order["min_a"]), "max": da(order["max_a"]) if "max_a" in order else MOST_DA,
            "step": [step.numerator, step.denominator], "up": int(raises), "tolerance": da(order.get("tolerance_a", 0)),
            "charge": [self.write(row) for row in order["charge"]], "pause": [self.write(row) for row in order["pause"]],
            "forbidden": [[self.profile["registers"][row["register"]]["at"], row["from"], row["to"]] for row in order.get("forbidden", [])],
            "gap_ms": self.link.get("write_gap_ms", 0), "per_day": order.get("writes_per_day", 0),
            "full": self.full(limit), "pause_da": da(order.get("pause_counts_a", 0)),
            "refresh": int(self.refreshes_by_order()),
        }  # fmt: skip

    def refreshes_by_order(self) -> bool:
        """Is it the order itself that keeps the device from falling back, or could it be?"""
        dog = self.profile.get("watchdog", {})
        perhaps = dog.get("fed_by") == "unknown" and "feed_every_s" in dog
        return "feed" not in dog and (perhaps or dog.get("fed_by") in ("order", "any-write"))

    def full(self, limit: dict) -> list:
        """Watts: an order of the maximum is one of the power of all phases, [raw counts per da]. Else nothing."""
        if limit.get("unit") not in WATTS or self.profile["order"].get("balances"):
            return []
        counts = Fraction(3 * self.voltage_v, 10) / fraction(limit)
        return [counts.numerator, counts.denominator]

    def conditions(self, rows: list) -> list:
        compiled = []
        for row in rows:
            op, argument = next(((op, row[op]) for op in ("shows", "one_of", "none_of") if op in row), ("none_of", []))
            if op == "shows":
                op, argument = ("is", [argument]) if isinstance(argument, int) else (argument, [])
            compiled.append([self.index(row["register"]), op, argument])
        return compiled

    def proof(self) -> dict:
        proof = self.profile.get("proof", {"kind": "none"})
        told = [] if off_refused(self.profile) else self.conditions(off_conditions(self.profile))
        return {
            "kind": proof["kind"], "limit": self.index(proof.get("limit") or self.limit_shown()),
            "charge": self.conditions(proof.get("charging", [])), "pause": self.conditions(proof.get("paused", [])),
            "word": self.conditions(proof.get("acknowledged", [])),
        } | ({"told": told} if told else {})  # fmt: skip

    def watchdog(self) -> dict:
        dog = self.profile.get("watchdog", {})
        fed_by = dog.get("fed_by", "none")
        return {
            "time": self.index(dog.get("shown_by") or dog.get("register")),
            "fallback": self.index(dog.get("fallback_shown_by") or dog.get("fallback")),
            "reads_feed": int(reads_feed(self.profile)),
            "fallback_fixed": da(dog["fallback_fixed_a"]) if "fallback_fixed_a" in dog else -1,
            "feed": self.write(dog["feed"]) if "feed" in dog else [], "feed_ms": ms(dog.get("feed_every_s", 0)),
            "fed_by": fed_by, "latched": int(dog.get("latched", False)),
        }  # fmt: skip

    def rules(self, key: str, from_map: str) -> list:
        state = self.profile.get("state", {})
        mapped = sorted(state.get(from_map, {}).items())
        rows = [[self.index(state["from"]), 0, int(raw) if raw.isdigit() else raw, text, None] for raw, text in mapped]
        for row in state.get(key, []):
            index, least = self.index(row["register"]), row.get("at_least")
            rows.append([index, row.get("bits", 0), row.get("equals"), row["is"], least])
        return rows

    def chain(self) -> list:
        """Where a device with movable registers may begin; layouts by their models, the first found is read (0: this one);
        additional values: [[addresses], [[models, table], …], [[models, table], …]]."""
        chain = self.link.get("chain")
        if not chain:
            return []
        others = [load(name) for name in chain.get("use", [])[1:]]
        beside = [load(name) for name in chain.get("beside", [])]
        layouts = [[chain["models"], 0]] + [[other["link"]["chain"]["models"], self.layout(other)] for other in others]
        return [chain["starts"], layouts, [[other["link"]["chain"]["models"], self.layout(other)] for other in beside]]

    def layout(self, other: dict) -> dict:
        """The tables of another profile, to be read by as soon as its model is found."""
        compiled = compile_profile(other, self.voltage_v)
        return {key: compiled[key] for key in LAYOUT}

    def shared(self) -> list:
        """Limits that travel in one frame for all units of a line: [unit that all hear, words, unit of the first word]."""
        shared = self.link.get("shared")
        return [shared["unit"], shared["words"], shared["first"]] if shared else []

    def answers(self) -> list:
        """[field, value that it shows when it asks, address of the answer, its words]."""
        registers = self.profile["registers"]
        return [[self.index(row["register"]), row["asks"], registers[row["write"]]["at"], row["values"]] for row in self.profile.get("answers", [])]

    def phases_shown(self) -> list[str]:
        """What is read before a raise while fewer phases are counted than it has."""
        phases = self.profile.get("phases")
        return [phases.get("shown_by", phases["register"])] if phases else []

    def phases(self) -> list:
        """[write for one, for all, field, its values for one, for all, waits in ms, what says that it can, writes a day]."""
        phases = self.profile.get("phases")
        if not phases:
            return []
        shown = self.phases_shown()[0]
        able = [[self.index(row["register"]), row.get("at_least", -NO_LIMIT), row.get("at_most", NO_LIMIT)] for row in phases.get("able", [])]
        return [
            self.write({"write": phases["register"], "value": phases["one"], "shown_by": shown}),
            self.write({"write": phases["register"], "value": phases["three"], "shown_by": shown}), self.index(shown),
            phases.get("shows_one", [phases["one"]]), phases.get("shows_three", [phases["three"]]),
            ms(phases.get("before_s", 0)), ms(phases.get("after_s", SWITCH_S)), able, phases.get("writes_per_day", SWITCHES_PER_DAY),
        ]  # fmt: skip

    def contactor(self) -> list:
        """[writes that open, writes that release, [field that shows the contactor, its values when open]]."""
        contactor = self.profile.get("contactor")
        if not contactor:
            return []
        opened, released = ([self.write(row) for row in contactor.get(key, [])] for key in ("open", "release"))
        return [opened, released, [self.index(contactor.get("shown_by")), contactor.get("shows_open", [])]]

    def wake(self) -> list:
        """The reading that wakes a device that sleeps between frames: a span, of which nothing is kept."""
        wake = self.link.get("wake")
        return [READ_WITH[wake["in"]], wake["at"], wake["count"], []] if wake else []

    def extras(self) -> dict:
        """What only some devices have; left out where there is nothing of it."""
        found = {"shared": self.shared(), "answers": self.answers(), "phases": self.phases(), "contactor": self.contactor(), "wake": self.wake()}
        return {key: value for key, value in found.items() if value}

    def identity(self) -> dict:
        identity = self.profile.get("identity", {})
        require = [
            [self.index(row["register"]), row.get("at_least", -NO_LIMIT), row.get("at_most", NO_LIMIT), row["why"]]
            for row in identity.get("require", [])
        ]
        fingerprint = [self.index(name) for name in identity.get("fingerprint", [])]
        return {"fingerprint": fingerprint, "max": self.index(identity.get("max")), "require": require}


def compile_profile(profile: dict, voltage_v: int = 230) -> dict:
    """Tables for the controller. voltage_v: the site's nominal voltage, for devices that are ordered in watts."""
    work = _Compiler(profile, voltage_v)
    reads = profile["reads"]
    result = {
        "format": 1, "name": profile["name"], "kind": profile["kind"],
        "gap_ms": work.link["gap_ms"], "reply_ms": work.link["reply_ms"], "latency_ms": work.link["latency_ms"],
        "fields": [work.field(name) for name in work.names], "reads": work.reads(),
        "live_ms": reads.get("live_ms", 0), "slow_ms": reads.get("slow_ms", 10000), "settings_ms": reads.get("settings_ms", 5000),
    }  # fmt: skip
    if profile["kind"] == "meter":
        result["sign"] = profile.get("measure", {}).get("sign", "register")
        result["require"] = work.identity()["require"]
        result["chain"] = work.chain()
        return result
    result["state"] = work.rules("rules", "map")
    result["faults"] = work.rules("fault_rules", "faults")
    result["amps_in"] = "".join(profile.get("state", {}).get("currents_count_in", []))
    result["identity"] = work.identity()
    result["power_on"] = work.index(profile.get("power_on", {}).get("register"))
    result["watchdog"] = work.watchdog()
    result["proof"] = work.proof()
    result["order"] = work.order() if "order" in profile else None
    settings = profile.get("settings", {})
    result["settings"] = [work.write(row) for row in settings.get("recipe", [])]
    result["survives"] = int(settings.get("survive_restart", False))
    return result | work.extras()
