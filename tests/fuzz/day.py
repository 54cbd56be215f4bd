"""`python -m tests.fuzz.day [--hours 24] [--seed 1] [--json]`: a day of a line that is hardly ever well, the whole firmware.

Six of our own secondaries, three makes of wall boxes and a meter on one RS-485 pair in virtual time. Noise, dropped
frames, duplicates, delays, echoes, a station that babbles and a second primary (collisions) come and go; the other load
steps, so that orders change all the time. The verdict is the plant's (currents above a rating), the devices' (whatever one
obeys had been sent to it) and the orders' (each comes into force, or is replaced). Exit code 1: one of them was not kept.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from ampacity.base.rng import Rng
from ampacity.bus.leases import register_table as table
from ampacity_host.configure import compile_site, load_site
from ampacity_host.replay.results import violations
from ampacity_host.rig.control_channel.truth import order_a
from ampacity_host.rig.plant.car import Car
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from tests.fuzz.watch import orders_in

FOREIGN = ("heidelberg-energy-control", "delta-ac-max", "viridian-epc2")
OWN = 6
HOUR_MS = 3_600_000
LOOK_MS = 250
NEAR_DA = 10          # a device may make a little less of an order
CALM_MS = 10_000      # of the line, before an order that takes long counts as slow
END_MS = 300_000      # without faults, at the end, for the last orders
FAULTS = (
    ("noise", {"ber": 0.0005}, 30_000), ("noise", {"ber": 0.005}, 10_000), ("cut", {}, 400), ("cut_tx", {}, 400), ("cut_rx", {}, 400),
    ("cut", {}, 30_000), ("duplicate", {}, 30_000), ("delay", {"ms": 120}, 20_000), ("echo", {}, 30_000), ("babble", {}, 15_000),
    ("second_primary", {}, 20_000),
)
DROP_FAULTS = (("noise", {"ber": 0.001}, 30_000), ("cut", {}, 400), ("cut_tx", {}, 30_000), ("duplicate", {}, 30_000))


def site_text():
    lines = [
        '[site]\nname = "day"\nvoltage = 230\n[[circuit]]\nname = "main"\nrating_a = 125.0\nassumed_other_a = 60.0\nmeter = "grid"\n',
        'breaker = "C125"\n',
        '[[bus]]\nname = "line"\nkind = "rtu"\nport = "virtual"\n[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "line"\nunit = 100\n',
        "[settings]\nraise_hold_s = 2.0\nrestart_hold_s = 10.0\n",
    ]
    kinds = ["ampacity"] * OWN + list(FOREIGN)
    for at, kind in enumerate(kinds):
        turn = ", ".join('"L%d"' % ((at + n) % 3 + 1) for n in range(3))
        lines.append(
            '[[evse]]\nname = "bay-%d"\nkind = "%s"\nbus = "line"\nunit = %d\ncircuit = "main"\nmax_a = 16.0\nphases = [%s]\n'
            "watchdog_s = 20\n%s" % (at + 1, kind, at + 1, turn, "" if kind == "ampacity" else "power_on_a = 0.0\n")
        )
    return "\n".join(lines)


class BusMonitor:
    """What the primary said on the line, and what each device took of it."""

    def __init__(self, bench):
        self.bench, self.now = bench, bench.time
        self.sent = {}          # (unit, what was ordered) -> when last
        self.taken = {"own": 0, "foreign": 0}
        self.taken_ms = {}      # EVSE name -> when it last took something
        self.wrong = []
        self.oldest_ms = 0      # between sending and taking
        for line in bench.lines.values():
            line.on_frame = self._after(line.on_frame)

    def attach_devices(self):
        """Whatever the wall boxes accept as a write."""
        for name, host in self.bench.hosts.items():
            unit = host.device.unit
            host.device.wrote = self._taking(host.device.wrote, unit, name)

    def _after(self, before):
        def heard(station, data):
            before(station, data)
            if station.name == "primary":
                self._said(data)
        return heard

    def _said(self, data):
        unit, pdu, at_ms = data[0], bytes(data[1:-2]), self.now.now_ms
        units = range(1, OWN + 1) if unit == 0 else (unit,)
        for own in units:
            for order in orders_in(unit, pdu, own, table.GRANT_AT, table.BROADCAST, table.SETTINGS_AT):
                self.sent[own, order] = at_ms
        if unit > OWN and pdu[0] in (6, 16):
            data = pdu[3:] if pdu[0] == 6 else pdu[6:]
            self.sent[unit, int.from_bytes(pdu[1:3], "big"), data] = at_ms

    def _taking(self, before, unit, name):
        def wrote(address, values):
            before(address, values)
            self._took("foreign", (unit, address, b"".join(value.to_bytes(2, "big") for value in values)), name)
        return wrote

    def grant_taken(self, unit, identity, epoch, sequence, limit_da):
        self._took("own", (unit, ("grant", identity, epoch, sequence, limit_da)), "bay-%d" % unit)

    def _took(self, kind, order, name):
        self.taken[kind] += 1
        self.taken_ms[name] = self.now.now_ms
        if order not in self.sent:
            self.wrong.append((self.now.now_ms - self.bench.start_ms, name, repr(order)))
            return
        self.oldest_ms = max(self.oldest_ms, self.now.now_ms - self.sent[order])


class Orders:
    """Each change of an order, until the device obeys it or another one replaces it."""

    def __init__(self, bench, storm, ear):
        self.bench, self.storm, self.ear = bench, storm, ear
        self.open = {}          # EVSE -> (da, since when)
        self.counts = {"sent": 0, "in_force": 0, "replaced": 0}
        self.slowest_ms = self.slowest_calm_ms = 0
        bench.time.at_ms(bench.time.now_ms + LOOK_MS, self._look)

    def sent(self, evse, da):
        was = self.open.get(evse)
        if was is not None and was[0] == da:
            return
        point = self.bench.plant.points[evse]
        if was is None and self._near(point, da):
            return
        if was is not None:
            self.counts["replaced"] += 1
        self.counts["sent"] += 1
        self.open[evse] = (da, self.bench.time.now_ms)

    def _near(self, point, da):
        return da - NEAR_DA <= round(order_a(self.bench, point) * 10) <= da

    def _obeyed(self, point, da, since_ms):
        """At the order, or below it after a write was accepted: one in watts is that of all phases together."""
        below = round(order_a(self.bench, point) * 10) <= da
        return self._near(point, da) or (below and self.ear.taken_ms.get(point.name, -1) >= since_ms)

    def _look(self):
        now_ms = self.bench.time.now_ms
        for evse, (da, since_ms) in list(self.open.items()):
            if self._obeyed(self.bench.plant.points[evse], da, since_ms):
                del self.open[evse]
                self.counts["in_force"] += 1
                self.slowest_ms = max(self.slowest_ms, now_ms - since_ms)
                if self.storm.calm_since(since_ms - CALM_MS):
                    self.slowest_calm_ms = max(self.slowest_calm_ms, now_ms - since_ms)
        self.bench.time.at_ms(now_ms + LOOK_MS, self._look)


class Weather:
    """Faults of the line and of single drops, one after another, until `until_ms`; some a second long, some half a minute."""

    def __init__(self, bench, seed, until_ms):
        self.bench, self.until_ms = bench, until_ms
        self.rng = Rng(seed * 77 + 1)
        self.done = {}
        self.troubled_ms = 0
        self.ended_ms = bench.time.now_ms
        self.on = False
        self._wait()

    def calm_since(self, at_ms):
        return not self.on and self.ended_ms <= at_ms

    def _wait(self):
        self.bench.time.at_ms(self.bench.time.now_ms + 2_000 + self.rng.below(60_000), self._begin)

    def _begin(self):
        bench, rng = self.bench, self.rng
        if bench.time.now_ms >= self.until_ms:
            return
        on_line = rng.chance(700)
        kind, options, longest_ms = FAULTS[rng.below(len(FAULTS))] if on_line else DROP_FAULTS[rng.below(len(DROP_FAULTS))]
        target = "line" if on_line else bench.facts["evses"][rng.below(len(bench.facts["evses"]))]["name"]
        self.done[kind] = self.done.get(kind, 0) + 1
        lasts_ms = 50 + rng.below(longest_ms)
        self.troubled_ms += lasts_ms
        bench.fault_injector.set(kind, target, True, dict(options))
        self.on = True
        bench.time.at_ms(bench.time.now_ms + lasts_ms, self._end, kind, target)

    def _end(self, kind, target):
        self.bench.fault_injector.set(kind, target, False, {})
        self.on, self.ended_ms = False, self.bench.time.now_ms
        self._wait()


class Day:
    """hours: of faults; five minutes without follow."""

    def __init__(self, hours, seed):
        self.hours, self.seed = hours, seed
        with tempfile.TemporaryDirectory(prefix="ampacity-day.") as name:
            path = Path(name) / "site.toml"
            path.write_text(site_text())
            facts = compile_site(load_site(path))
        self.bench = bench = VirtualBench(facts, seed, keep_history=False)
        self.rng = Rng(seed)
        self.counters = {}
        self._made = bench.role_made
        bench.role_made = self._role_made
        self.weather = Weather(bench, seed, bench.start_ms + int(hours * HOUR_MS))
        self.ear = BusMonitor(bench)
        self.orders = Orders(bench, self.weather, self.ear)
        bench.start()
        self.ear.attach_devices()
        bench.time.at_ms(bench.time.now_ms + 1000, self._load)
        for index in range(len(facts["evses"])):
            self._arrive(index)

    def _role_made(self, name, role):
        """A controller came to life: what it sends, or takes, is noted."""
        self._made(name, role)
        if name == "primary":
            send = role.guard.send

            def sent(evse, most_da, now_ms, held=False):
                order_id = send(evse, most_da, now_ms, held)
                if order_id is not None:
                    self.orders.sent(evse, most_da)
                return order_id
            role.guard.send = sent
        else:
            grant, unit = role.lease.grant, role.config["unit"]

            def taken(identity, epoch, sequence, lease_ms, limit_da, now_ms):
                good = grant(identity, epoch, sequence, lease_ms, limit_da, now_ms)
                if good:
                    self.ear.grant_taken(unit, identity, epoch, sequence, limit_da)
                return good
            role.lease.grant = taken

    def _load(self):
        """The other load steps, at times beyond what was assumed; in the end nothing changes any more."""
        if self.bench.time.now_ms >= self.weather.until_ms:
            return
        amps_da = [self.rng.below(75) * 10 for _ in range(3)] if self.rng.chance(800) else [self.rng.below(30) * 10] * 3
        self.bench.plant.set_background(self.bench.plant.circuits[0], amps_da)
        self.bench.time.at_ms(self.bench.time.now_ms + 10_000 + self.rng.below(80_000), self._load)

    def _arrive(self, index):
        rng, point = self.rng, self.bench.plant.points[index]
        point.plug(Car(phases=3 if rng.chance(700) else 1, max_da=160, need_wh=60_000))
        self.bench.time.at_ms(self.bench.time.now_ms + 600_000 + rng.below(HOUR_MS), self._leave, index)

    def _leave(self, index):
        if self.bench.time.now_ms >= self.weather.until_ms:
            return
        self.bench.plant.points[index].unplug()
        self.bench.time.at_ms(self.bench.time.now_ms + 10_000 + self.rng.below(300_000), self._arrive, index)

    def run(self, tell=None):
        began = time.process_time()
        for hour in range(max(1, int(self.hours))):
            self.bench.run_ms(int(min(self.hours, 1) * HOUR_MS))
            if tell is not None:
                tell("hour %d: %s, %d wrong, %d violations" % (
                    hour + 1, self.orders.counts, len(self.ear.wrong), len(violations(self.bench.plant))))
        self.bench.run_ms(END_MS)
        result = self.result()
        result["speed"] = round((self.hours * HOUR_MS + END_MS) / 1000 / (time.process_time() - began))
        self.bench.close()
        return result

    def result(self):
        bench, line = self.bench, self.bench.lines["line"]
        primary = bench.primary.role.buses.wires[0].engine.counters
        own = {}
        for secondary in bench.secondaries.values():
            for key, value in secondary.role.engine.counters.items():
                own[key] = own.get(key, 0) + value
        bench.plant.close()
        return {
            "hours": self.hours, "seed": self.seed, "frames": line.frames, "collisions": line.errors, "faults": self.weather.done,
            "troubled_percent": round(self.weather.troubled_ms / (self.hours * HOUR_MS) * 100),
            "orders": dict(self.orders.counts, open=len(self.orders.open)), "slowest_ms": self.orders.slowest_ms,
            "slowest_calm_ms": self.orders.slowest_calm_ms, "taken": self.ear.taken, "oldest_ms": self.ear.oldest_ms,
            "wrong": self.ear.wrong, "violations": violations(bench.plant), "primary": dict(primary), "secondaries": own,
            "energy_kwh": round(sum(point.energy_wh for point in bench.plant.points) / 1000, 1), "mode": bench.primary.role.guard.mode,
            "problems": bench.loop.problems[:5]}  # fmt: skip


def kept(result):
    """Was everything as promised?"""
    return not (result["wrong"] or result["violations"] or result["orders"]["open"] or result["problems"])


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.day", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    if not options.hours > 0:
        parser.error("--hours: %s is not allowed; use more than 0" % options.hours)
    tell = None if options.json else lambda text: print(text, file=sys.stderr, flush=True)
    result = Day(options.hours, options.seed).run(tell)
    print(json.dumps(result))
    return 0 if kept(result) else 1


if __name__ == "__main__":
    sys.exit(main())
