"""The bench on the real clock for primaries below primaries: a process for each, on a line or a socket to its parent."""

import asyncio
import contextlib

from ampacity_host.rig.base.bench import budgets_ms
from ampacity_host.rig.base.secondary_endpoint import SecondaryEndpoint
from ampacity_host.rig.fault_injection.cascade_faults import CascadeFaultInjector
from ampacity_host.rig.plant.overload_allowance import attach_allowances
from ampacity_host.rig.process.process_bench import ProcessBench, console_at, free_port


class ProcessCascadeBench(ProcessBench):
    """cascade: of rig/base/cascade.py. `primary` is the one at the top; `primaries` are those below, by name."""

    def __init__(self, cascade, folder, runtime="cpython", heap_kib=None, seed=1, **options):
        self.cascade = cascade
        self.primaries = {}
        self._consoles = {}
        super().__init__(cascade.flat, folder, runtime, heap_kib, seed, **options)
        self.fault_injector = CascadeFaultInjector(self)
        self.plant.budgets_ms = [ms for member in cascade.members for ms in budgets_ms(member.facts)]
        attach_allowances(self.plant)
        for member in cascade.members[1:]:
            parent = member.facts["parent"]
            if "tcp" in parent:
                key = self.address_of[member.name] = (self.bus_index[parent["name"]], "below", member.name)
                self.endpoints[key] = self.own_ends[member.name] = SecondaryEndpoint(member.name)

    def primary_config(self):
        return dict(self.cascade.members[0].facts, ocpp=super().primary_config()["ocpp"])

    # ---- start and stop

    def _redirect(self, key, port):
        """Also in the facts of each primary; an entry for a primary below has no other facts."""
        super()._redirect(key, port)
        for member in self.cascade.members:
            for facts in member.facts["evses"] + member.facts["meters"]:
                if self.address_of.get(facts["name"]) == key:
                    facts["place"] = "%s:%s" % key[1:]
                    facts["host"], facts["tcp_port"] = "127.0.0.1", port

    def _make_primary(self):
        top, *below = self.cascade.members
        self._primary_pins = self._pins("primary", self._points(top))
        self._primary_pins.on_output = self.switch_output
        port = free_port()
        self._console = console_at(port)
        self.primary = self._controller("primary", "primary", self._asking("primary", self._lines_of(top)), self.primary_config, port)
        for member in below:
            self._make_below(member)

    def _points(self, member):
        return [self.plant.point[name] for name in member.locals]

    def _lines_of(self, member):
        return [bus["name"] for bus in member.facts["buses"] if bus["name"] in self.lines]

    def _make_below(self, member):
        """It polls its own lines, and answers on its parent's."""
        name, parent = member.name, member.facts["parent"]
        ptys = self._asking(name, self._lines_of(member))
        if "tcp" in parent:
            parent["tcp"] |= {"host": "127.0.0.1", "tcp_port": self._own_ports[name]}
        else:
            ptys[parent["name"]] = self._pty(self.lines[parent["name"]], name, (parent["unit"],))
        self._pins(name, self._points(member))
        port = free_port()
        self._consoles[name] = console_at(port)
        self.primaries[name] = self._controller(name, "primary", ptys, lambda: member.facts, port)

    def _controllers(self):
        return [*super()._controllers(), *self.primaries.values()]

    async def close(self):
        for console in self._consoles.values():
            console.close()
        await super().close()

    # ---- primaries below

    def below_fault(self, name, kind, on):
        """`power_off` and `restart` of a primary below."""
        if on or kind == "power_off":
            self._watch(self._loop.create_task(self._secondary_fault(kind, self.primaries[name], self.sim.pins[name], on)))

    def inside_below(self, name, kind, on, options):
        """A fault inside a primary below."""
        self.inside_fault(self.primaries[name], self.sim.pins[name], kind, on, options)

    def addressed(self):
        return [*super().addressed(), *self.cascade.stations()]

    def watchdog_of(self, point):
        owner = self.cascade.owner(point.name).name
        if point.kind != "local" or owner == "primary":
            return super().watchdog_of(point)
        return self.sim.pins[owner].watchdog.state

    def present(self, evse, event):
        owner = "primary" if evse is None else self.cascade.owner(evse).name
        if owner == "primary":
            return super().present(evse, event)
        if event[0] == "token":
            return self.sim.pins[owner].send({"token": [event[1], event[2]], "evse": evse})
        return self.sim.pins.get(evse, self.sim.pins[owner]).send({event[0]: event[1], "evse": evse})

    # ---- queries

    async def primary_view(self):
        """The view of the primary at the top; under "below" those of the others, None while they are down."""
        view, *below = await asyncio.gather(super().primary_view(), *(self._view_below(name) for name in self.primaries))
        if view is not None:
            view["below"] = dict(zip(self.primaries, below, strict=True))
        return view

    async def _view_below(self, name):
        if self.primaries[name].running:
            with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError):
                return await self._consoles[name].json("show --json")
        return None
