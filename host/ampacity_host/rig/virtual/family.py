"""The bench on a virtual clock for primaries below primaries: one plant, a controller for each of them."""

from ampacity_host.rig.bench import budgets_ms
from ampacity_host.rig.faults import LINE_KINDS, FaultDesk
from ampacity_host.rig.fields import FieldError
from ampacity_host.rig.plant.judge import appoint
from ampacity_host.rig.virtual.bench import VirtualBench
from ampacity_host.rig.virtual.controller import VirtualController

OWN_KINDS = ("power_off", "restart")


class FamilyBench(VirtualBench):
    """family: of rig/family.py. `primary` is the one at the top; `primaries` are those below, by name."""

    def __init__(self, family, seed=1, **options):
        self.family = family
        self.primaries = {}
        super().__init__(family.flat, seed, **options)
        self.desk = FamilyDesk(self)
        self.plant.budgets_ms = [ms for member in family.members for ms in budgets_ms(member.facts)]
        appoint(self.plant)

    def _make_controllers(self):
        super()._make_controllers()
        top, *below = self.family.members
        self.primary = VirtualController(self, "primary", "primary", self.primary_config, None, top.locals, self.seed)
        for number, member in enumerate(below):
            self.primaries[member.name] = self._make_primary(member, self.seed + 1000 + number)

    def _make_primary(self, member, seed):
        return VirtualController(self, member.name, "primary", lambda: member.facts, None, member.locals, seed)

    def primary_config(self):
        return dict(self.family.members[0].facts, ocpp=super().primary_config()["ocpp"])

    def start(self):
        for controller in self.primaries.values():
            controller.start()
        super().start()

    def close(self):
        for controller in self.primaries.values():
            controller.kill()
        super().close()

    def restart(self, name):
        controller = self.primaries.get(name)
        if controller is None:
            return super().restart(name)
        controller.kill()
        return self.flush_later(controller.start)

    def below_fault(self, name, kind, on):
        """`power_off` and `restart` of a primary below."""
        controller = self.primaries[name]
        if on:
            controller.kill()
        if kind == "restart" and on:
            self.flush_later(controller.start)
        elif not on and kind == "power_off":
            controller.start()
        self.flush()

    def watchdog_of(self, point):
        owner = next(member for member in self.family.members[::-1] if point.name in [e["name"] for e in member.facts["evses"]])
        controller = self.primaries.get(owner.name)
        if point.kind != "local" or controller is None:
            return super().watchdog_of(point)
        return controller.doors.watchdog.state if controller.running else "expired"

    def view(self):
        """That of the top; under "below" those of the others, None while they are down."""
        view = super().view()
        if view is not None:
            view["below"] = {name: one.role.view() if one.running and one.role is not None else None for name, one in self.primaries.items()}
        return view


class FamilyDesk(FaultDesk):
    """Faults of primaries below, by their names: off, restarted, or something on their way to the parent."""

    def set(self, kind, target, on, options):
        rig = self._rig
        if target not in rig.primaries:
            return super().set(kind, target, on, options)
        if kind in OWN_KINDS:
            return rig.below_fault(target, kind, on)
        if kind not in LINE_KINDS:
            raise FieldError("kind", kind, "for a primary below: " + ", ".join(OWN_KINDS + LINE_KINDS))
        parent = next(m for m in rig.family.members if m.name == target).facts["parent"]
        if "tcp" in parent:
            return rig.network.path(parent["tcp"]["host"], parent["tcp"]["tcp_port"]).set_fault(kind, on, options)
        line = rig.lines[parent["name"]]
        self.trouble(rig.bus_index[line.name], on)
        return self._wire(line, line.drop(target), kind, target, on, options)
