"""Devices that differ from their profiles where no document speaks: each with a neighbour under one guard, on a circuit that is tight.

`python -m tests.host.profiles.variants [NAMES|all] [VARIANTS]` plays them and prints who charged, how often which register
was written in an hour, and how long the cars together drew more than the circuit carries. With VARIANTS = "open" it plays what the
profiles themselves leave open (`[open]`), without and with the site's word for it.
"""

import collections
import functools
import sys

from pymodbus.constants import ExcCodes

from ampacity.bus.profile.evse_driver import EvseDriver
from ampacity.circuit.guard import Guard
from ampacity_host import profiles
from ampacity_host.profiles.conformance.evse_testbed import SteadyCar, site_of
from ampacity_host.profiles.conformance.testbed import START_MS, TICK_MS, DeviceWire
from ampacity_host.profiles.undocumented import off_refused, variants
from ampacity_host.rig.devices import make_device
from ampacity_host.rig.devices.description import Register

NEIGHBOUR = "heidelberg-energy-control"
MAX_DA, NEIGHBOUR_DA, LEAST_DA = 160, 60, 60
LIVE_MS = (800, 2000)
WRITES = (5, 6, 15, 16)
STEP_MS, SILENCE_MS, LIVE_TICK_MS = 60_000, 10_000, 200


class Bent:
    """A device whose registers show, take or answer otherwise than described, by one variant."""

    def __init__(self, device, plant, profile, variant):
        self.device, self.plant, self.profile = device, plant, profile
        low = profile["link"]["words"] == "low-first"
        self.registers = {name: Register(name, _row(row), low) for name, row in profile["registers"].items()}
        self.last_da, self.seen = MAX_DA, []
        kind, run = VARIANTS[variant] if isinstance(variant, str) else (variant[0], functools.partial(OPEN[variant[0]], value=variant[1]))
        if kind == "shows":
            self.wrap("refresh", lambda plain: (plain(), run(self)))
        elif kind == "reads":
            self.wrap("allow_read", lambda plain, at, count: run(self, at, count) or plain(at, count))
        elif kind == "writes":
            self.wrap("allow_write", lambda plain, at, values: run(self, at) or plain(at, values))
        elif kind == "lags":
            device.fault("lags", True, ms=run)
        elif kind in ("off_shows", "unplugged_shows", "off_states"):
            self.wrap("refresh", lambda plain: (plain(), run(self)))
        elif run is not None:
            run(self)

    def wrap(self, name, call):
        plain = getattr(self.device, name)
        setattr(self.device, name, lambda *arguments: call(plain, *arguments))

    @property
    def off(self):
        return self.device.limit_da == 0

    def put(self, name, raw):
        register = self.registers[name]
        words = raw if isinstance(raw, list) else register.words(raw)
        self.device.registers.put(register.space, register.at, words)

    def put_amps(self, name, amps):
        register = self.registers[name]
        if register.kind == "text" or register.space in "cd":
            return
        amps *= {"W": 690, "kW": 0.69}.get(register.unit, 1)
        blank = amps < 0 and register.kind[0] == "u"
        self.put(name, (1 << 16 * register.size) - 1 if blank else amps / register.scale)

    def words(self, name):
        register = self.registers[name]
        return [self.device.registers.get(register.space, register.at + n) for n in range(register.size)]

    def raw(self, name):
        return self.registers[name].raw(self.words(name))

    def currents(self, numbers=(1, 2, 3)):
        return [f"current_l{n}" for n in numbers if f"current_l{n}" in self.registers]


def _row(row):
    row = dict(row)
    row.setdefault("scale", 1)
    if row["type"] == "letter":
        row |= {"type": "text", "count": row.get("count", 1)}
    return row


def limit_of(profile):
    """The register that shows the limit in force, if one does."""
    proof, order = profile.get("proof", {}), profile["order"]
    readable = "r" in profile["registers"][order["limit"]].get("access", "rw") and proof.get("kind") == "limit"
    return proof.get("limit") or (order["limit"] if readable else None)


def _off_shows(bent, amps):
    name = limit_of(bent.profile)
    bent.last_da = bent.device.limit_da or bent.last_da
    if name and bent.off:
        bent.put_amps(name, bent.last_da / 10 if amps is None else amps)


def _shows_less(bent, amps):
    name = limit_of(bent.profile)
    if name and not bent.off:
        bent.put_amps(name, max(6.0, bent.device.limit_da / 10 - amps))


def _shows_late(bent, ms):
    name, now_ms = limit_of(bent.profile), bent.device.now_ms
    if name:
        bent.seen.append((now_ms, bent.words(name)))
        old = [words for at_ms, words in bent.seen if at_ms <= now_ms - ms]
        bent.put(name, old[-1] if old else bent.seen[0][1])


def _setting(bent, keys, change):
    dog = bent.profile.get("watchdog", {})
    name = dog.get(keys[0]) or dog.get(keys[1])
    if name:
        raw = bent.raw(name)
        if raw or change == 0:
            bent.put(name, raw + change if change else 0)


def _watchdog_up(bent):
    dog = bent.profile.get("watchdog", {})
    name = dog.get("shown_by") or dog.get("register")
    _setting(bent, ("shown_by", "register"), 500 if name and bent.registers[name].unit == "ms" else 1)


def _state_unknown(bent):
    state = bent.profile.get("state", {})
    name = state.get("from") or (state["rules"][-1]["register"] if state.get("rules") else None)
    if name and bent.off and bent.plant.car_state == "C":
        bent.put(name, "X9" if bent.registers[name].kind == "text" else 201)


def _currents(bent, numbers, amps):
    for name in bent.currents(numbers):
        register = bent.registers[name]
        full = (1 << 16 * register.size) - 1 if register.kind[0] != "i" else (1 << 16 * register.size - 1) - 1
        bent.put(name, min(amps / register.scale, full))


def _noise(bent, amps):
    if bent.off or bent.plant.car_state != "C":
        _currents(bent, (1, 2, 3), amps)


def _blank(bent):
    for name in bent.currents((2, 3)):
        register = bent.registers[name]
        bent.put(name, float("nan") if register.kind in ("f32", "f64") else (1 << 16 * register.size) - 1)


def _block(bent, at, count, most):
    if at == bent.profile["link"].get("wake", {}).get("at"):
        return None  # whatever wakes it
    own = max([register.size for register in bent.registers.values() if register.at == at] or [1])
    return ExcCodes.ILLEGAL_VALUE if count > max(most, own) else None


def _unreadable(bent, at, count):
    rows = [bent.registers[name] for name in bent.profile["reads"].get("settings", [])]
    return ExcCodes.ILLEGAL_ADDRESS if any(row.space == "h" and at <= row.at < at + count for row in rows) else None


def _refuses(bent, at, names):
    return ExcCodes.ILLEGAL_VALUE if at in [bent.registers[name].at for name in names(bent.profile)] else None


def _limits(profile):
    return [profile["order"]["limit"]]


def _settings(profile):
    return [row["write"] for row in profile.get("settings", {}).get("recipe", []) if "write" in row]


def _keba(bent, code, limit_ma):
    if bent.profile["name"] == "keba-p30" and bent.off and bent.plant.car_state == "C":
        bent.put("state", code)
        bent.put("limit_in_force", limit_ma)


SHOWN_A = {"0": 0.0, "least": 6.0, "max": MAX_DA / 10, "last": None}


def _unplugged_shows(bent, value):
    name = limit_of(bent.profile)
    if name and bent.plant.car_state == "A":
        bent.put_amps(name, SHOWN_A[value])


def _off_state(bent, value):
    name, code = value
    shift = bent.profile["registers"][name].get("bits", [0])[0]
    if bent.off and bent.plant.car_state == "C":
        bent.put(name, code << shift if shift else code)


def _limit_while_off(bent, value):
    """Ignored: acknowledged, and what it held before stays."""
    at = bent.registers[bent.profile["order"]["limit"]].at

    def wrote(plain, address, values):
        before, off = dict(bent.device.raw), bent.off
        plain(address, values)
        if value == "ignored" and off and address == at:
            bent.device.raw |= {name: before[name] for name in bent.device._limit["registers"]}

    bent.wrap("wrote", wrote)


def _latches(bent, value):
    device = bent.device
    renewed = [*device._limit["registers"], *([device._enable["register"]] if device._enable else [])]
    device._dog = {key: row for key, row in device._dog.items() if key != "latched"} | ({"latched": renewed} if value else {})


def _rounds(bent, value):
    step_da = max(1, round(float(bent.profile["order"].get("step_a", 0)) * 10))
    change_da = step_da if value == "up" else -step_da
    bent.wrap("target_da", lambda plain: min(plain() + change_da, bent.device.max_da) if plain() > LEAST_DA else plain())


OPEN = {
    "off_shows": lambda b, value: _off_shows(b, SHOWN_A[value]), "unplugged_shows": _unplugged_shows, "off_states": _off_state,
    "limit_while_off": _limit_while_off, "latches": _latches, "rounds": _rounds,
    "acts_after_s": lambda b, value: b.device.fault("lags", True, ms=round(value * 1000)),
}  # fmt: skip

VARIANTS = {
    "as described": ("", None),
    "off shows maximum": ("shows", lambda b: _off_shows(b, 16.0)),
    "off shows 0": ("shows", lambda b: _off_shows(b, 0.0)),
    "off shows -0.1 A": ("shows", lambda b: _off_shows(b, -0.1)),
    "off shows last": ("shows", lambda b: _off_shows(b, None)),
    "shows 1 A less": ("shows", lambda b: _shows_less(b, 1.0)),
    "shows 3 A less": ("shows", lambda b: _shows_less(b, 3.0)),
    "shows 10 s late": ("shows", lambda b: _shows_late(b, 10_000)),
    "watchdog reads 0": ("shows", lambda b: _setting(b, ("shown_by", "register"), 0)),
    "watchdog reads more": ("shows", _watchdog_up),
    "fallback reads 0": ("shows", lambda b: _setting(b, ("fallback_shown_by", "fallback"), 0)),
    "unknown state off": ("shows", _state_unknown),
    "noise 0.1 A": ("shows", lambda b: _noise(b, 0.1)),
    "noise 0.3 A": ("shows", lambda b: _noise(b, 0.3)),
    "no number on L2 and L3": ("shows", _blank),
    "600 A on L2": ("shows", lambda b: _currents(b, (2,), 600.0)),
    "one value a read": ("reads", lambda b, at, count: _block(b, at, count, 1)),
    "four values a read": ("reads", lambda b, at, count: _block(b, at, count, 4)),
    "settings unreadable": ("reads", _unreadable),
    "orders refused": ("writes", lambda b, at: _refuses(b, at, _limits)),
    "settings refused": ("writes", lambda b, at: _refuses(b, at, _settings)),
    "effect after 2 s": ("lags", 2000),
    "effect after 10 s": ("lags", 10_000),
}  # fmt: skip
for _code, _ma in ((1, 0), (1, 16_000), (2, 0), (2, 6000), (5, 0), (5, 16_000), (2, 16_000)):
    VARIANTS[f"keba {_code}, {_ma} mA"] = ("shows", functools.partial(_keba, code=_code, limit_ma=_ma))


@functools.cache
def compiled_of(name):
    return profiles.compile(profiles.load("evse-" + name))


class Pair:
    """The device and its neighbour, a wire each, one guard; over_ms: so long the cars drew more than the circuit carries."""

    def __init__(self, name, variant, tight=True, told=None, tick_ms=TICK_MS):
        self.told = {"off_shows": told} if told else {}
        self.tick_ms = tick_ms
        self.now_ms = self._tick_ms = START_MS
        self.over_ms = 0
        rows = [self._facts(i, n) for i, n in enumerate((name, NEIGHBOUR))]
        self.facts = [facts for _, _, facts in rows]
        one = self.facts[0]
        sure = (one["watchdog_ms"] or one["holds"]) and max(one["fallback_da"] * bool(one["watchdog_ms"]), one["power_on_da"]) < MAX_DA
        self.rating_da = MAX_DA + NEIGHBOUR_DA - (20 if sure and tight else 0)
        self.guard = Guard(self._site(rows), START_MS)
        self.plants = [SteadyCar(), SteadyCar()]
        clock = type("Clock", (), {"now_ms": staticmethod(lambda: START_MS)})
        self.devices, self.drivers = [], []
        for i, (profile, site, facts) in enumerate(rows):
            compiled = dict(compiled_of(profile["name"]))
            compiled["live_ms"] = max(compiled["live_ms"], LIVE_MS[i])
            self.devices.append(make_device(profile, facts["unit"], self.plants[i], clock, 1 + i, profile["link"]["media"][0], site))
            self.drivers.append(EvseDriver(facts, compiled, i, self.guard))
        self.bent = Bent(self.devices[0], self.plants[0], rows[0][0], variant)
        self.wires = [DeviceWire(driver, device, START_MS) for driver, device in zip(self.drivers, self.devices, strict=True)]
        self.guard.limit("neighbour", ("evse", 1), [NEIGHBOUR_DA] * 3, None, "hold")

    def _facts(self, index, name):
        profile = profiles.load("evse-" + name)
        site = {"max_a": 16, "fallback_a": 0.0} if index else site_of(profile) | self.told
        facts = profiles.evse_facts(profile, site) | {
            "name": ("bay", "neighbour")[index], "kind": "profile", "profile": name, "bus": index, "circuit": 0,
            "unit": 255 if profile["link"]["media"][0] == "tcp" else 3, "terminals": [[0], [1], [2]], "transit_ms": 50,
        }  # fmt: skip
        facts.pop("phase_switch", None)
        return profile, site, facts

    def _site(self, rows):
        main = {"name": "main", "parent": -1, "rating_da": [self.rating_da] * 3, "assumed_other_da": [0] * 3, "meter": -1, "generation_da": [0] * 3}
        buses = [{"name": f"w{i}", "kind": row[0]["link"]["media"][0], "private": True, "transit_ms": 50} for i, row in enumerate(rows)]
        return {
            "format": 1, "name": "pair", "voltage_v": 230, "system": "wye", "phases": 3, "require_tested": False, "circuits": [main],
            "buses": buses, "meters": [], "evses": self.facts,
            "settings": {"raise_hold_ms": 0, "restart_hold_ms": 0, "idle_ms": 10_000_000},
        }  # fmt: skip

    def allow(self, limit_da):
        self.guard.limit("bay", ("evse", 0), [limit_da] * 3, None, "hold")

    def run(self, ms):
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            over = max(sum(plant.amps_da[n] for plant in self.plants) for n in range(3)) > self.rating_da
            before_ms = self.now_ms
            due_ms = min([self._tick_ms, until_ms] + [wire.due_ms(self.now_ms) for wire in self.wires])
            self.now_ms = max(self.now_ms + 1, due_ms)
            self.over_ms += (self.now_ms - before_ms) * over
            for device, wire in zip(self.devices, self.wires, strict=True):
                device.tick(self.now_ms)
                wire.move(self.now_ms)
            if self.now_ms >= self._tick_ms:
                self._tick()

    def _tick(self):
        self._tick_ms = self.now_ms + self.tick_ms
        for i, driver in enumerate(self.drivers):
            self.guard.plugged(i, driver.facts.plugged)
            self.guard.demand(i, driver.facts.plugged)
        self.guard.tick(self.now_ms)
        for i, driver in enumerate(self.drivers):
            driver.want(self.guard.want_da[i], self.now_ms)

    def paused(self):
        """Is its pause proven? Nobody has to where its maximum is reserved all the time, or where only a current proves an order."""
        known = self.facts[0]["proof"] == "measured" or self.guard.reserve_da(0) >= MAX_DA
        return self.guard.want_da[0] == 0 and (known or self.drivers[0].device.order.proven)

    def lose(self, ms):
        """Nobody is heard on its wire for so long."""
        wire = self.wires[0]
        wire.cut_tx = wire.cut_rx = True
        self.run(ms)
        wire.cut_tx = wire.cut_rx = False

    def until(self, true, ms):
        """As long as it takes, at most so long; did it come?"""
        until_ms = self.now_ms + ms
        while not true() and self.now_ms < until_ms:
            self.run(500)
        return true()

    def writes(self, since_ms):
        """How often each register was written since."""
        sent = [pdu for at_ms, pdu in self.wires[0].sent if at_ms >= since_ms and pdu[0] in WRITES]
        return collections.Counter(int.from_bytes(pdu[1:3], "big") for pdu in sent)

    def said(self):
        facts = self.drivers[0].facts
        return facts.fault or facts.trouble or facts.remark or ""


def play(name, variant, told=None):
    """A car charges, pauses, charges, leaves, comes, pauses. What came of it. told: the site's off_shows."""
    pair, shown = Pair(name, variant, told=told), {}
    device = pair.devices[0]
    for step, limit_da, ms in (("charge", 100, 60_000), ("pause", 0, 30_000), ("again", 120, 40_000)):
        pair.allow(limit_da)
        pair.run(ms)
        shown[step] = device.limit_da
    since_ms = pair.now_ms
    pair.run(60_000)
    shown["stays"], on = device.limit_da, pair.writes(since_ms)
    pair.plants[0].car_state = "A"
    pair.run(15_000)
    pair.plants[0].car_state = "C"
    pair.run(45_000)
    shown["comes"] = device.limit_da
    pair.allow(0)
    pair.run(30_000)
    since_ms = pair.now_ms
    pair.run(60_000)
    off = pair.writes(since_ms)
    hourly = {at: 60 * max(on[at], off[at]) for at in sorted({*on, *off})}
    charges = all(shown[step] for step in ("charge", "again", "stays", "comes"))
    return {"charges": charges, "neighbour": pair.devices[1].limit_da, "shown": shown, "hourly": hourly, "over_ms": pair.over_ms, "said": pair.said()}


def live(name, variant, told=None):
    """A shorter life for what its profile leaves open: charge, pause, charge, leave, come, and where it may latch a silence.

    (what it never did, or None; what is said of it then). told: what its site says that it shows while off.
    """
    pair = Pair(name, variant, told=told, tick_ms=LIVE_TICK_MS)
    device, plant = pair.devices[0], pair.plants[0]
    steps = [("charges", 100), ("pauses", 0), ("charges again", 120), ("leaves", None), ("comes", 120)]
    for step, limit_da in steps + ([("is lost", None), ("charges after the silence", 120)] if variant[0] == "latches" else []):
        if step == "is lost":
            pair.lose(device.timeout_ms() + SILENCE_MS)
            if not device.expired:
                return "falls back", pair.said()
            continue
        plant.car_state = "A" if step == "leaves" else "C"
        if limit_da is not None:
            pair.allow(limit_da)
        on = bool(limit_da)
        came = pair.until(lambda on=on: (device.limit_da > 0) == on and (on or pair.paused()), STEP_MS)
        if pair.over_ms:
            return f"{pair.over_ms} ms above the rating", pair.said()
        if not came:
            return step, pair.said()
    return None, pair.said()


def play_open(name):
    """Each variant that this profile leaves open, and what came of it: "charges", "charges with off_shows = …", or the sentence."""
    profile, found = profiles.load("evse-" + name), {}
    for variant in variants(profile):
        never, said = live(name, variant)
        if never is None:
            found[variant] = "charges"
            continue
        found[variant] = f"{never}: {said}"
        if variant[0] in ("off_shows", "unplugged_shows") and variant[1] != "0" and not off_refused(profile):
            never, told = live(name, variant, told=variant[1])
            found[variant] = f"charges with off_shows; without: {said}" if never is None else f"{never}: {told}"
    return found


def main_open(names):
    """A line for each variant that is not simply charged with."""
    for name in names:
        rows = play_open(name)
        plain = sum(row == "charges" for row in rows.values())
        print(f"{name}: {plain} of {len(rows)} charge", flush=True)
        for variant, row in rows.items():
            if row != "charges":
                print(f"   {variant}: {row}", flush=True)


def main(names, chosen):
    """The table, a line each, and the sums of each variant."""
    for variant in chosen:
        rows = [(name, play(name, variant)) for name in names]
        dead = sum(not row["charges"] for _, row in rows)
        most = max([max(row["hourly"].values(), default=0) for _, row in rows])
        over = sum(row["over_ms"] > 0 for _, row in rows)
        print(f"== {variant}: {dead} of {len(rows)} do not charge, at most {most} writes an hour of one register, {over} overloads", flush=True)
        for name, row in rows:
            print(f"   {name:26} {row['shown']} neighbour {row['neighbour']} {row['hourly']} {row['said']}", flush=True)


if __name__ == "__main__":
    every = [name for name in profiles.names("evse") if not profiles.blocked(profiles.load("evse-" + name))]
    asked = sys.argv[1:] + ["all", ""][len(sys.argv) - 1 :]
    chosen = every if asked[0] == "all" else asked[0].split(",")
    if asked[1] == "open":
        main_open(chosen)
        sys.exit()
    main(chosen, asked[1].split(";") if asked[1] else list(VARIANTS))
