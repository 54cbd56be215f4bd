"""The bench on a virtual clock for primaries below primaries: one plant, a controller for each primary."""

from ampacity_host.rig.base.bench import budgets_ms, compiled
from ampacity_host.rig.base.cascade import renamed
from ampacity_host.rig.base.secondary_endpoint import SecondaryEndpoint, dial_network
from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.fault_injection.cascade_faults import CascadeFaultInjector
from ampacity_host.rig.plant.overload_allowance import attach_allowances
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_controller import VirtualController


class VirtualCascadeBench(VirtualBench):
    """cascade: of rig/base/cascade.py. `primary` is the one at the top; `primaries` are those below, by name."""

    can_of = True

    def __init__(self, cascade, seed=1, **options):
        self.cascade = cascade
        self.primaries = {}
        self._others = {}            # primary -> facts of another site file
        super().__init__(cascade.flat, seed, **options)
        self.fault_injector = CascadeFaultInjector(self)
        self.plant.budgets_ms = [ms for member in cascade.members for ms in budgets_ms(member.facts)]
        attach_allowances(self.plant)

    def _make_controllers(self):
        super()._make_controllers()
        top, *below = self.cascade.members
        self.primary = VirtualController(self, "primary", "primary", self.primary_config, None, top.locals, self.seed)
        for number, member in enumerate(below):
            self.primaries[member.name] = self._make_primary(member, self.seed + 1000 + number)
            if "tcp" in member.facts["parent"]:
                self._reach_below(member)

    def _reach_below(self, member):
        """A primary below over TCP listens itself; faults of its bus and other clients find it at its address."""
        parent = member.facts["parent"]
        address = parent["tcp"]["host"], parent["tcp"]["tcp_port"]
        key = self.address_of[member.name] = (self.bus_index[parent["name"]], *address)
        end = self.endpoints[key] = SecondaryEndpoint(member.name)
        end.dial = dial_network(self.loop, self.network, address)

    def _make_primary(self, member, seed):
        return VirtualController(self, member.name, "primary", lambda: self._facts(member), None, member.locals, seed)

    def primary_config(self):
        return dict(self._facts(self.cascade.members[0]), ocpp=super().primary_config()["ocpp"])

    def _facts(self, member):
        return self._others.get(member.name, member.facts)

    async def change_site(self, text, of=None):
        """Another site file for one primary, next to those of the others, which stay as they are."""
        self.primary_named(of)
        member = self.cascade.member(of or "primary")
        facts = compiled(text, member.site.path.parent)
        if of is not None:
            if "parent" not in facts:
                raise FieldError("text", text[:40], "a site with [parent]")
            facts = renamed(facts, of, member.facts["parent"]["name"])
            if "tcp" in member.facts["parent"]:
                facts["parent"]["tcp"] = member.facts["parent"]["tcp"]
        self._others[member.name] = facts

    def addressed(self):
        return [*super().addressed(), *self.cascade.stations()]

    def primary_named(self, of):
        if of is None:
            return self.primary
        if of not in self.primaries:
            raise FieldError("of", of, ", ".join(sorted(self.primaries)))
        return self.primaries[of]

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

    def inside_below(self, name, kind, on, options):
        """A fault inside a primary below."""
        self.inside_fault(self.primaries[name], kind, on, options)

    async def console_of(self, name, text):
        return self._line_to(self.primary_named(name), text)

    def watchdog_of(self, point):
        controller = self.primaries.get(self.cascade.owner(point.name).name)
        if point.kind != "local" or controller is None:
            return super().watchdog_of(point)
        return controller.platform.watchdog.state if controller.running else "expired"

    def view(self):
        """The view of the primary at the top; under "below" those of the others, None while they are down."""
        view = super().view()
        if view is not None:
            view["below"] = {name: one.role.view() if one.running and one.role is not None else None for name, one in self.primaries.items()}
        return view
