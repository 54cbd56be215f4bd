"""The bench: one site's plant, wires and simulated devices, on whichever clock. Controllers come with the clock.

`ProcessBench` (process/process_bench.py) and `VirtualBench` (virtual/virtual_bench.py) add controllers, sockets and the upstream.
"""

import json
import tempfile
from functools import partial
from pathlib import Path

from ampacity_host.configure import SiteErrors, compile_site, load_site, secondary_config
from ampacity_host.configure.site_file.ocpp_versions import SPOKEN
from ampacity_host.rig.base.device_host import Endpoint, evse_host, meter_host
from ampacity_host.rig.base.lease_monitor import LeaseMonitor
from ampacity_host.rig.base.secondary_endpoint import SecondaryEndpoint
from ampacity_host.rig.control_channel.fields import FieldError, FieldRefused, Unsupported
from ampacity_host.rig.fault_injection.injector import FaultInjector
from ampacity_host.rig.fault_injection.rogue_client import request_body
from ampacity_host.rig.line.line import Line
from ampacity_host.rig.plant.plant import Plant

HW_WATCHDOG_MS = 1_000
SAFETY_REPEAT_MS = 1_000
UPSTREAM_TEXTS = (  # of the operation `provision`, and of the site facts
    ("identity", "identity"), ("password", "password"), ("csms_root_pem", "root_pem"),
    ("certificate_pem", "certificate_pem"), ("key_pem", "key_pem"),
)
PROVISION_FIELDS = ("ocpp", "csms_url", "security_profile", "evses", "config", *(name for name, _ in UPSTREAM_TEXTS))


class Bench:
    """facts: the compiled site; time: a timeline; chunked: the line hands over characters as a UART does."""

    can_config_set = can_config_delete = can_seed = True
    can_bay = True
    clock = "real"
    runtime = "cpython"

    def __init__(self, facts, time, seed=1, chunked=True, hw_watchdog_ms=HW_WATCHDOG_MS, keep_history=True):
        self.facts, self.time, self.seed = facts, time, seed
        self.hw_watchdog_ms = hw_watchdog_ms
        self.plant = Plant(facts, time, seed, keep_history, budgets_ms(facts))
        self.start_ms = time.now_ms
        self.bus_index = {bus["name"]: index for index, bus in enumerate(facts["buses"])}
        self.lines = {bus["name"]: Line(time, bus["name"], bus["baud"], bus["parity"], bus["stop"], chunked, seed)
                      for bus in facts["buses"] if bus["kind"] == "rtu"}
        self._spies = {name: LeaseMonitor(line) for name, line in self.lines.items()}
        self.hosts = {}
        self.meter_hosts = {}
        self.endpoints = {}          # (bus index, host, port) -> Endpoint
        self.address_of = {}         # device name -> its key in endpoints
        self.own_ends = {}           # our own secondary over TCP -> its SecondaryEndpoint
        self._own_spies = {}         # our own secondary over TCP -> the monitor of its lease
        self._place_own()
        self.fault_injector = FaultInjector(self)
        self._watch_leases()
        self.upstream = None
        self.csms_url = None
        self._number = 0
        self._changed = None         # facts of another site file for the primary
        self._heap_free_min = None
        self.swaps = {}              # EVSE name -> number of swaps of its unit
        self._upstream_parts = {"ocpp": facts.get("ocpp"), "evses": None}
        self.safety_loads = {load["name"]: False for load in facts.get("safety_loads", ()) if load.get("input")}

    def set_upstream(self, upstream, ocpp):
        """The CSMS side of this bench, and the upstream facts for it."""
        self.upstream = upstream
        self.facts["ocpp"] = ocpp
        self._upstream_parts["ocpp"] = ocpp
        self.csms_url = ocpp and ocpp["url"]
        self.can_csms = self.can_csms_log = upstream is not None and upstream.can_call

    def next_number(self):
        self._number += 1
        return self._number

    def lead_upstream_to(self, url):
        """The primary's upstream URL, from its next start."""
        self._upstream_parts["ocpp"]["url"] = url

    def primary_pid(self):
        return None

    @property
    def t_ms(self):
        return self.time.now_ms - self.start_ms

    # ---- devices

    def make_devices(self):
        """Connects every simulated device to its line or socket."""
        for index, facts in enumerate(self.facts["evses"]):
            if facts["kind"] == "profile":
                host = evse_host(self.time, facts, self.plant.points[index], self._kind(facts), self.seed + index)
                self.hosts[facts["name"]] = self._place(host, facts)
        for index, facts in enumerate(self.facts["meters"]):
            host = meter_host(self.time, facts, self.plant.meters[index], self._kind(facts), self.seed + 500 + index)
            self.meter_hosts[facts["name"]] = self._place(host, facts)

    def _kind(self, facts):
        bus = self.facts["buses"][facts["bus"]]
        return bus.get("framing", bus["kind"])

    def _place(self, host, facts):
        bus = self.facts["buses"][facts["bus"]]
        if bus["kind"] == "rtu":
            host.attach(self.lines[bus["name"]], facts["unit"])
            return host
        key = self.address_of[host.name] = self._key(facts)
        self.endpoints.setdefault(key, Endpoint(self.time)).add(facts["unit"], host.dial)
        return host

    def _key(self, facts):
        """The endpoint of an entry on a TCP bus."""
        bus = self.facts["buses"][facts["bus"]]
        return (facts["bus"], facts.get("host") or bus.get("host"), facts.get("tcp_port") or bus.get("tcp_port") or 502)

    def _place_own(self):
        """Endpoints of the secondaries over TCP; the controller behind each depends on the clock.

        Behind a gateway several share one address with other devices.
        """
        for facts in self.facts["evses"]:
            if facts["kind"] == "ampacity" and self._kind(facts) == "tcp":
                key = self.address_of[facts["name"]] = self._key(facts)
                own = self.own_ends[facts["name"]] = SecondaryEndpoint(facts["name"])
                if self.facts["buses"][facts["bus"]]["gateway"]:
                    self.endpoints.setdefault(key, Endpoint(self.time)).add(facts["unit"], own.receiver)
                else:
                    self.endpoints[key] = own

    def drop(self, facts):
        """The path to one device behind a shared address; None if the device has its own address."""
        endpoint = self.endpoints[self.address_of[facts["name"]]]
        drops = getattr(endpoint, "drops", {})
        return drops[facts["unit"]] if len(drops) > 1 else None

    def _watch_leases(self):
        for point in self.plant.points:
            if point.kind == "ampacity":
                point.leased = partial(self._leased, point)

    def _monitor_of(self, point):
        """(the monitor of its lease, its unit number)."""
        if point.name in self._own_spies:
            return self._own_spies[point.name], self.facts["evses"][point.index]["unit"]
        return self._spies[self.facts["buses"][point.bus]["name"]], self.facts["evses"][point.index]["unit"]

    def _leased(self, point):
        monitor, unit = self._monitor_of(point)
        return monitor.holds(unit)

    def lease_lost(self, point):
        """Its controller restarts."""
        monitor, unit = self._monitor_of(point)
        monitor.forget(unit)

    def lease_of(self, point):
        """"armed", "expired" or "none": the lease of a secondary, as seen on the wire."""
        monitor, unit = self._monitor_of(point)
        return monitor.state(unit)

    def addressed(self):
        """Entries of the EVSEs, as their buses address them."""
        return self.facts["evses"]

    def units_of_line(self, line, name=None):
        """The addresses on a line, or the one of the device named."""
        index = self.bus_index[line.name]
        members = [facts for facts in self.addressed() + self.facts["meters"] if facts["bus"] == index]
        named = [facts["unit"] for facts in members if facts["name"] == name]
        return named or [facts["unit"] for facts in members]

    def foreign_bodies(self, line, name, writes):
        """Unit and PDU that a rogue client sends on a line (to one device, if `name` is a device)."""
        index, units = self.bus_index[line.name], self.units_of_line(line, name)
        return [request_body(facts, writes) for facts in self.addressed() if facts["bus"] == index and facts["unit"] in units]

    def meter_fault(self, meter, kind, on, options):
        """A fault of a meter that its electronics simulate."""
        self.meter_hosts[meter.name].set_fault(kind, on, options)

    # ---- reports of the primary

    async def worst_of_controllers(self):
        """`stall_ms`, `buses` and `primary` of the operation `worst`."""
        view = await self.primary_view() or {}
        heap = view.get("heap_free")
        if heap is not None:
            self._heap_free_min = heap if self._heap_free_min is None else min(heap, self._heap_free_min)
        wires = view.get("buses", {})
        buses = {name: {"frames": line.frames, "errors": line.errors, "cycle_ms": wires.get(name, {}).get("cycle_ms", 0)}
                 for name, line in self.lines.items()}
        buses |= {bus["name"]: over_tcp(bus["name"], wires) for bus in self.facts["buses"] if bus["kind"] == "tcp"}
        return {"stall_ms": view.get("stall_ms", 0), "buses": buses,
                "primary": {"heap_free_min": self._heap_free_min, "restarts": self.restarts()}}

    # ---- operations of some rigs only

    async def console_of(self, name, text):
        """A line to the console of a primary below."""
        raise FieldError("of", name, "none: this rig has no primary below at whose console it could be")

    def can(self, op):
        return getattr(self, "can_" + op, False)

    def why_not(self, op):
        return {"advance": "time moves by itself; --clock virtual has it", "csms": "there is no bench CSMS",
                "csms_log": "there is no bench CSMS",
                "safety_load": "the site has none",
                "site": "--clock virtual has it"}.get(op, "the controller has no interface for it")

    def features(self):
        return []

    def flush(self):
        """Runs everything that is due now (virtual clock)."""

    def ocpp_versions(self):
        """The upstream protocol of the firmware."""
        return list(SPOKEN)

    # ---- upstream set-up

    async def provision(self, fields):
        """Rewrites the upstream set-up; takes effect at the primary's next start."""
        ocpp = dict(self._upstream_parts["ocpp"] or {"version": "2.0.1", "identity": "AMP-0001", "url": None,
                                                     "security_profile": 0, "password": None})
        if fields.has("ocpp"):
            ocpp["version"] = fields.text("ocpp", choices=self.ocpp_versions())
        for name, key in UPSTREAM_TEXTS:
            if fields.has(name):
                ocpp[key] = fields.text(name)
        if fields.has("security_profile"):
            ocpp["security_profile"] = fields.integer("security_profile", most=3)
        if fields.has("config"):
            ocpp["config"] = {key: as_text(value) for key, value in fields.mapping("config").items()}
        count = fields.integer("evses", len(self.facts["evses"]), 1, 10_000)
        if count > len(self.facts["evses"]):
            raise FieldError("evses", count, "1..%d: the site file has no more" % len(self.facts["evses"]))
        if not fields.has("csms_url") and not ocpp.get("url"):
            raise FieldError("csms_url", None, "ws://… or wss://…: nothing was set before")
        self._upstream_parts = {"ocpp": ocpp, "evses": count if fields.has("evses") else self._upstream_parts["evses"]}
        if fields.has("csms_url"):
            self.lead_upstream_to(fields.text("csms_url"))

    async def change_site(self, text):
        """Another site file for the primary, from its next start; the wiring does not change."""
        with tempfile.TemporaryDirectory() as folder:
            self._changed = compiled(text, folder)

    def primary_config(self):
        """The compiled site that the primary loads at its next start."""
        facts = dict(self._changed or self.facts, ocpp=self._upstream_parts["ocpp"])
        count = self._upstream_parts["evses"]
        if count:
            facts["circuits"] = with_strangers(facts, facts["evses"][count:])
            facts["evses"] = facts["evses"][:count]
        return facts

    def secondary_settings(self, name):
        """The settings of a secondary at its next start; a swapped unit has another serial number."""
        settings = secondary_config(self.facts, name)
        if self.swaps.get(name):
            settings["serial"] = "%s-%d" % (settings["serial"][:28], self.swaps[name])
        return settings

    async def config_set(self, key, value):
        """A local change of an OCPP variable through the console of the running primary."""
        if value is None:
            raise FieldError("value", None, "a text, a number, true or false")
        return await self._by_console("variable %s %s" % (console_name(key), as_text(value)), "value")

    async def config_delete(self, key):
        """Resets an OCPP variable to its default through the console of the running primary."""
        return await self._by_console("default %s" % console_name(key), "key")

    async def seed_store(self, fields):
        """Adds a known token to the authorisation cache or the local list, through the console."""
        store = fields.text("store", choices=("auth_cache", "local_list"))
        words = ["token", {"auth_cache": "cache", "local_list": "list"}[store], fields.text("token"),
                 fields.text("type", "ISO14443"), fields.text("status", "Accepted")]
        if fields.has("group"):
            words.append(fields.text("group"))
        for word in words[2:]:
            if len(word.split()) != 1:
                raise FieldError("token", word, "a word without blanks")
        return await self._by_console(" ".join(words), "token")

    async def _by_console(self, line, field):
        answer = await self.console(line)
        if answer.startswith("error"):
            raise FieldRefused(field, answer.removeprefix("error: "))
        return {"text": answer}

    # ---- safety loads

    @property
    def can_safety_load(self):
        return any(load.get("input") for load in self.facts.get("safety_loads", ()))

    def switch_safety_load(self, name, on):
        """A load starts or stops; its contact state is repeated, since the primary treats silence as a start."""
        self.safety_loads[name] = on
        self.send_safety_load(name, on)
        self.flush()

    def repeat_safety_loads(self):
        """Sends every contact state, from now on once per second."""
        for name in sorted(self.safety_loads):
            self.send_safety_load(name, self.safety_loads[name])
        if self.safety_loads:
            self.time.at_ms(self.time.now_ms + SAFETY_REPEAT_MS, self.repeat_safety_loads)

    def switch_output(self, name, on):
        """The primary switches a relay: a feeder's contactor, or an indication only. True: its feedback shows the change."""
        for facts, point in zip(self.facts["evses"], self.plant.points, strict=True):
            if facts.get("feeder_output") == name:
                point.feeder(on)
        return on

    def pull_name(self, on):
        """`dns_down`: the resolution of the CSMS's name."""
        if self.upstream is not None:
            self.upstream.set_nameless(on)

    # ---- limits

    async def limit(self, fields):
        source = fields.text("source", choices=("ocpp", "ems", "console", "input", "drm", "openadr"))
        if source not in ("ocpp", "console"):
            raise Unsupported("this rig has no %s interface; use ocpp or console" % source)
        from ampacity_host.rig.control_channel.external_limit import ExternalLimit

        limit = ExternalLimit(fields, self.facts)
        if source == "console":
            return await self._by_console(limit.console_line(), "limit")
        if self.upstream is None or not self.upstream.can_call:
            raise Unsupported("an ocpp limit goes through the bench CSMS, and there is none")
        method, payload = limit.ocpp_call(self.upstream.now_iso())
        self.upstream.send(method, payload)
        return {}

    # ---- CSMS

    async def csms_call(self, method, payload, timeout_ms):
        return await self.upstream.call(method, payload, timeout_ms)

    def csms_frames(self, since_ms):
        return self.upstream.frames(since_ms)


TCP_ERRORS = ("timeouts", "crc_errors", "exceptions", "unexpected", "garbage")


def compiled(text, folder):
    """The facts of a site file of this text, as if it were in that folder."""
    path = Path(folder) / "changed site.toml"
    path.write_text(text)
    try:
        return compile_site(load_site(path))
    except SiteErrors as errors:
        raise FieldError("text", text[:40], str(errors)) from None
    finally:
        path.unlink()


def over_tcp(bus, wires):
    """The counters of the primary's connections on a TCP bus, which has no line to monitor."""
    own = [counts for name, counts in wires.items() if name.split(" ")[0] == bus]
    return {"frames": sum(one["frames"] + one["replies"] for one in own),
            "errors": sum(one[kind] for one in own for kind in TCP_ERRORS),
            "cycle_ms": max((one["cycle_ms"] for one in own), default=0)}


def console_name(key):
    """Component.Variable of "Component.Variable", "Component/Variable" or "Component/Variable/Actual"."""
    return ".".join(key.split("/")[:2])


def as_text(value):
    """A JSON value as OCPP writes it: true, 5, one,two."""
    if isinstance(value, list):
        return ",".join(as_text(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value)


def with_strangers(facts, evses):
    """The circuits for a primary that does not know these EVSEs: their reserve is other load."""
    circuits = [dict(one, assumed_other_da=list(one["assumed_other_da"])) for one in facts["circuits"]]
    for evse in evses:
        reserve_da = 0 if evse["kind"] == "local" else max(evse["fallback_da"], evse["power_on_da"])
        at = evse["circuit"]
        while at >= 0:
            for lines in evse["terminals"]:
                for phase in lines:
                    circuits[at]["assumed_other_da"][phase] += reserve_da
            at = circuits[at]["parent"]
    return circuits


def budgets_ms(facts):
    """Per circuit the budget (safety.md 3.5) while its meter works, with a failure that has not been detected yet, for phases that cars use
    again, how much longer for what cars may draw and do not, and the exposure with a stopped primary, as `ampacity check` computes
    them. An EVSE without a watchdog has none: the default state has room for it (rule 7).
    """
    from ampacity_host.configure.analysis.budgets import exposures_ms, site_budgets

    exposure_ms = max((ms for ms in exposures_ms(facts) if ms is not None), default=0)
    return [(one["well_ms"], one["well_ms"] - one["meter_well_ms"] + one["meter_age_ms"], one["again_ms"], one["reading_ms"], exposure_ms)
            for one in site_budgets(facts)]
