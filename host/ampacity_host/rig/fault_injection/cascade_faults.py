"""Faults of primaries below a primary, by name: power off, restart, inside it, or on the connection to the parent."""

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.fault_injection.injector import LINE_KINDS, FaultInjector

OWN_KINDS = ("power_off", "restart")
INSIDE_KINDS = ("clock_jump", "disk_full", "slow_disk", "low_memory", "hang")


class CascadeFaultInjector(FaultInjector):
    """rig: a bench with `cascade`, `primaries`, `below_fault(name, kind, on)` and `inside_below(name, kind, on, options)`."""

    def set(self, kind, target, on, options):
        rig = self._rig
        if target not in rig.primaries:
            return super().set(kind, target, on, options)
        if kind in OWN_KINDS:
            return rig.below_fault(target, kind, on)
        if kind in INSIDE_KINDS:
            return rig.inside_below(target, kind, on, options)
        if kind not in LINE_KINDS:
            raise FieldError("kind", kind, "for a primary below: " + ", ".join(OWN_KINDS + INSIDE_KINDS + LINE_KINDS))
        parent = rig.cascade.member(target).facts["parent"]
        if "tcp" in parent:
            self._tcp(kind, target, [rig.address_of[target]], on, options)
        else:
            line = rig.lines[parent["name"]]
            self._wire(line, line.drop(target), kind, target, on, options)
        self.note_fault(rig.bus_index[parent["name"]], [target], kind, target, on, options)
        return None

    def _note_writes(self, kind, name, on, options):
        """Who writes to a primary below writes to all of its EVSEs."""
        super()._note_writes(kind, name, on, options)
        if kind == "foreign_client" and (options.get("writes") or not on):
            reached = tuple(member.name + "." for member in self._rig.cascade.members[1:] if name in (member.name, member.facts["parent"]["name"]))
            plant = self._rig.plant
            plant.foreign_writes([point for point in plant.points if point.name.startswith(reached)], on)

    def targets(self):
        return [*super().targets(), *self._rig.primaries]

    def kinds_at(self, target):
        return OWN_KINDS + INSIDE_KINDS + LINE_KINDS if target in self._rig.primaries else super().kinds_at(target)
