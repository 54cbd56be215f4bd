"""The faults of the control channel: the targets of each kind, and the part of the rig that simulates it."""

from ampacity_host.rig.control_channel.fields import FieldError, Fields
from ampacity_host.rig.devices.meter import INPUTS
from ampacity_host.rig.fault_injection.rogue_client import RogueTcpClient
from ampacity_host.rig.line.line_faults import KINDS as LINE_KINDS
from ampacity_host.rig.line.rogue_stations import babbler, foreign_client, second_primary
from ampacity_host.rig.plant.overdraw import FIELDS as OVERDRAW_FIELDS
from ampacity_host.rig.plant.overdraw import overdraw_from

PLANT_KINDS = ("welded", "residual_current", "overtemperature", "disobeys", "pilot_short", "diode", "pe_lost", "lock_failed")
DEVICE_KINDS = ("power_off", "restart", "swapped", "forget_settings", "keep_setpoint", "ignore_writes", "round_up",
                "stale_reading", "watchdog_broken")
SECONDARY_DEVICE_KINDS = DEVICE_KINDS
SIMULATED_KINDS = ("lags", "off_shows")  # of a simulated device
SECONDARY_PLANT_KINDS = ("ignore_writes", "round_up", "stale_reading", "watchdog_broken", "keep_setpoint")
METER_KINDS = ("dead", "frozen", "nan", "offset", "swapped_phases", "reversed", "saturated", "scaled")
PRIMARY_KINDS = ("csms_down", "network_down", "dns_down", "clock_jump", "disk_full", "slow_disk", "low_memory", "hang")
ONCE = ("restart", "forget_settings", "clock_jump")
NUMBER_OPTIONS = ("ms", "ber", "n", "amps", "bytes", *OVERDRAW_FIELDS)  # of 0 and more
OPTIONS = (*NUMBER_OPTIONS, "s", "writes", "phases", "inputs", "unit", "a")
INTRUDERS = ("babble", "second_primary", "foreign_client")
WIRING_KINDS = ("miswired", "same_unit")
REACHING = ("cut_tx", "duplicate", "echo", "wrong_unit", *INTRUDERS)  # of LINE_KINDS: orders arrive
DELAY_MS, NOISE_BER = 200, 0.002  # or more: too late, or too few
ALL_KINDS = LINE_KINDS + PLANT_KINDS + DEVICE_KINDS + SIMULATED_KINDS + WIRING_KINDS + METER_KINDS + PRIMARY_KINDS


class FaultInjector:
    """rig: the bench. `set(kind, target, on, options)` raises FieldError for an unsuitable combination."""

    def __init__(self, rig):
        self._rig = rig
        self._intruders = {}
        self.on = {}        # (kind, target) of each lasting fault, in the order in which they began

    def set(self, kind, target, on, options):
        if kind not in ALL_KINDS:
            raise FieldError("kind", kind, ", ".join(ALL_KINDS))
        rig = self._rig
        if kind in PRIMARY_KINDS:
            if target not in (None, "primary"):
                raise FieldError("target", target, "primary")
            rig.primary_fault(kind, on, options)
            for index, bus in enumerate(rig.plant.site["buses"] if kind == "network_down" else ()):
                if bus["kind"] == "tcp":
                    self.note_fault(index, [index], kind, "primary", on)
            return None
        if target in rig.bus_index:
            return self._on_bus(kind, target, on, options)
        if target in rig.plant.meter:
            return self._on_meter(kind, rig.plant.meter[target], on, options)
        if target in rig.plant.point:
            return self._on_evse(kind, rig.plant.point[target], on, options)
        raise FieldError("target", target, ", ".join(self.targets()))

    def note(self, kind, target, on):
        """Records the fault for `state`."""
        self.on.pop((kind, target), None)
        if on and kind not in ONCE:
            self.on[kind, target] = None

    def kinds_at(self, target):
        """The kinds that fit an existing target."""
        rig = self._rig
        if target == "primary":
            return PRIMARY_KINDS
        if target in rig.bus_index:
            return LINE_KINDS
        if target in rig.plant.meter:
            return METER_KINDS + (LINE_KINDS if rig.plant.meter[target].bus >= 0 else ())
        point, host = rig.plant.point[target], rig.hosts.get(target)
        own = host.device.faults if host is not None else () if point.kind == "local" else SECONDARY_DEVICE_KINDS
        wired = ("same_unit",) if host is not None and host.station is not None else ()
        kinds = PLANT_KINDS + tuple(own) + ("miswired",) + wired + (LINE_KINDS if point.bus >= 0 else ())
        return tuple(dict.fromkeys(kinds))

    def targets(self):
        rig = self._rig
        return list(rig.bus_index) + list(rig.plant.point) + list(rig.plant.meter) + ["primary"]

    def _wired(self):
        rig = self._rig
        facts = rig.facts["evses"] + rig.facts["meters"]
        return [*rig.bus_index, *(one["name"] for one in facts if one["bus"] >= 0)]

    # ---- wires

    def _on_bus(self, kind, name, on, options):
        if kind not in LINE_KINDS:
            raise FieldError("kind", kind, "for a bus: " + ", ".join(LINE_KINDS))
        rig, bus = self._rig, self._rig.bus_index[name]
        if name in rig.lines:
            line = rig.lines[name]
            self._wire(line, line.faults, kind, name, on, options)
        else:
            self._tcp(kind, name, [key for key in rig.endpoints if key[0] == bus], on, options)
        self.note_fault(bus, [bus], kind, name, on, options)

    def _drop(self, kind, name, bus, ways, on, options):
        """A fault on the connection of one device to its line. ways: by which orders do not pass."""
        rig = self._rig
        if bus < 0:
            raise FieldError("target", name, "what hangs on a wire: " + ", ".join(self._wired()))
        bus_name = rig.plant.site["buses"][bus]["name"]
        if bus_name in rig.lines:
            line = rig.lines[bus_name]
            self._wire(line, line.drop(name), kind, name, on, options)
        else:
            facts = next(one for one in rig.facts["evses"] + rig.facts["meters"] if one["name"] == name)
            drop = None if kind in INTRUDERS else rig.drop(facts)
            if drop is not None:
                drop.set_fault(kind, on, options, name)
            else:
                self._tcp(kind, name, [rig.address_of[name]], on, options)
        self.note_fault(bus, ways, kind, name, on, options)

    def note_fault(self, bus, ways, kind, target, on, options=()):
        """The plant's judge knows where a fault may hinder readings, and by which ways orders do not pass."""
        plant, fault = self._rig.plant, (kind, target)
        plant.wire_faults.note(bus, fault, on, plant.now_ms)
        for way in ways:
            plant.interruptions.note(way, fault, on and stops_orders(kind, dict(options)), plant.now_ms)

    def _wire(self, line, faults, kind, name, on, options):
        if kind in INTRUDERS:
            return self._intrude(line, kind, name, on, options)
        if on:
            faults.set(kind, options)
        elif faults.clear(kind) is not None and kind == "late":
            faults.release(line.time)
        line.fault_changed()
        return None

    def _intrude(self, line, kind, name, on, options):
        old = self._intruders.pop((kind, name), None)
        if old is not None:
            old.stop()
        self._note_writes(kind, name, on, options)
        if not on:
            return
        if kind == "babble":
            self._intruders[kind, name] = babbler(line)
        elif kind == "second_primary":
            self._intruders[kind, name] = second_primary(line, self._rig.units_of_line(line, name))
        else:
            writes = options.get("writes", False)
            bodies = self._rig.foreign_bodies(line, name, writes)
            self._intruders[kind, name] = foreign_client(line, bodies or [bytes((1, 3, 0, 0, 0, 1))])

    def _note_writes(self, kind, name, on, options):
        """The plant's judge knows of a second client that writes."""
        if kind == "foreign_client" and (options.get("writes") or not on):
            plant, bus = self._rig.plant, self._rig.bus_index.get(name)
            points = [point for point in plant.points if (point.bus == bus if bus is not None else point.name == name)]
            plant.foreign_writes(points, on)

    def _tcp(self, kind, name, keys, on, options):
        if kind in ("second_primary", "foreign_client"):
            return self._visit(kind, name, keys, on, options)
        for key in keys:
            self._rig.path(key).set_fault(kind, on, options, name)
        return None

    def _visit(self, kind, name, keys, on, options):
        """A second client of the same TCP devices, with a separate connection."""
        old = self._intruders.pop((kind, name), None)
        if old is not None:
            old.stop()
        self._note_writes(kind, name, on, options)
        if on:
            self._intruders[kind, name] = RogueTcpClient(self._rig, keys, kind == "foreign_client" and options.get("writes", False), name)

    # ---- devices

    def _on_meter(self, kind, meter, on, options):
        if kind in LINE_KINDS:
            return self._drop(kind, meter.name, meter.bus, (), on, options)
        if kind not in METER_KINDS:
            raise FieldError("kind", kind, "for a meter: " + ", ".join(METER_KINDS + LINE_KINDS))
        if kind in ("reversed", "swapped_phases") and "inputs" in options:
            self._check_inputs(kind, options["inputs"])
        meter.set_fault(kind, on, options)
        self._rig.meter_fault(meter, kind, on, options)
        return None

    def _on_evse(self, kind, point, on, options):
        if kind in LINE_KINDS:
            return self._drop(kind, point.name, point.bus, (point.name,), on, options)
        if kind in PLANT_KINDS:
            return point.set_fault(kind, on, self._overdraw(options) if kind == "disobeys" and on else None)
        if kind == "miswired":
            return point.rewire(self._lines(point, options) if on else self._rig.facts["evses"][point.index]["terminals"])
        if kind == "same_unit":
            return self._same_unit(point, on, options)
        if kind not in DEVICE_KINDS + SIMULATED_KINDS:
            raise FieldError("kind", kind, "for an EVSE: " + ", ".join(DEVICE_KINDS + SIMULATED_KINDS + PLANT_KINDS + WIRING_KINDS + LINE_KINDS))
        host = self._rig.hosts.get(point.name)
        if host is not None:
            return host.set_fault(kind, on, options)
        if kind not in SECONDARY_DEVICE_KINDS or point.kind == "local":
            raise FieldError("kind", kind, "for %s: %s" % (point.name, ", ".join(PLANT_KINDS + (
                () if point.kind == "local" else SECONDARY_DEVICE_KINDS + LINE_KINDS))))
        return self._own_device(kind, point, on)

    def _overdraw(self, options):
        """How far a car departs from its offer; None: not given, hence as far as it can."""
        if not any(name in options for name in OVERDRAW_FIELDS):
            return None
        return overdraw_from(Fields(options).number)

    def _check_inputs(self, kind, inputs):
        """Names of a meter's inputs; exactly two if they are exchanged."""
        right = isinstance(inputs, list) and len(inputs) == len({str(one) for one in inputs}) and all(one in INPUTS for one in inputs)
        if not right or not inputs or (kind == "swapped_phases" and len(inputs) != 2):
            raise FieldError("inputs", inputs, "a list of L1, L2, L3" + (", two of them" if kind == "swapped_phases" else ""))

    def _lines(self, point, options):
        """The lines to which its terminals are really connected: one entry per terminal."""
        lines, count = options.get("phases"), self._rig.facts["phases"]
        names = ["L%d" % (line + 1) for line in range(count)]
        if not isinstance(lines, list) or len(lines) != len(point.terminals) or not all(
                isinstance(one, str) and all(name in names for name in one.split("-")) for one in lines):
            raise FieldError("phases", lines, "%d entries of %s" % (len(point.terminals), ", ".join(names)))
        return [[names.index(name) for name in one.split("-")] for one in lines]

    def _same_unit(self, point, on, options):
        """Its address is set to that of another device on its line."""
        rig, facts = self._rig, self._rig.facts["evses"][point.index]
        host = rig.hosts.get(point.name)
        if host is None or host.station is None:
            raise FieldError("kind", "same_unit", "for a simulated device on a serial line")
        unit = options.get("unit") if on else facts["unit"]
        if isinstance(unit, bool) or not isinstance(unit, int) or not 1 <= unit <= 247:
            raise FieldError("unit", unit, "1..247, the address of another device of its line")
        host.set_unit(unit)
        others = [one for one in rig.addressed() if one["bus"] == point.bus]
        self.note_fault(point.bus, [one["name"] for one in others], "same_unit", point.name, False)
        if on and unit != facts["unit"]:
            self.note_fault(point.bus, {point.name, *(one["name"] for one in others if one["unit"] == unit)}, "same_unit", point.name, True)

    def _own_device(self, kind, point, on):
        """Our own secondaries run the real firmware, so these faults act on their hardware or their operator's controls."""
        if kind in SECONDARY_PLANT_KINDS:
            point.stale_amps_da = (point.terminal_amps_da() + [0, 0, 0])[:3]
            return point.set_fault(kind, on)
        return self._rig.secondary_fault(kind, point, on)


def stops_orders(kind, options):
    """Does such a fault keep orders from a device, for longer than the time of a step?"""
    if kind in ("delay", "noise"):
        return options.get("ms", 0) >= DELAY_MS if kind == "delay" else options.get("ber", 0) >= NOISE_BER
    return kind not in REACHING
