"""Faults of primaries below a primary, by name: power off, restart, or a fault on the connection to the parent."""

from ampacity_host.rig.control_channel.fields import FieldError
from ampacity_host.rig.fault_injection.injector import LINE_KINDS, FaultInjector

OWN_KINDS = ("power_off", "restart")


class CascadeFaultInjector(FaultInjector):
    """rig: a bench with `cascade`, `primaries`, `below_fault(name, kind, on)` and, over TCP, `path_below(name)`."""

    def set(self, kind, target, on, options):
        rig = self._rig
        if target not in rig.primaries:
            return super().set(kind, target, on, options)
        if kind in OWN_KINDS:
            return rig.below_fault(target, kind, on)
        if kind not in LINE_KINDS:
            raise FieldError("kind", kind, "for a primary below: " + ", ".join(OWN_KINDS + LINE_KINDS))
        parent = rig.cascade.member(target).facts["parent"]
        self.trouble(rig.bus_index[parent["name"]], on)
        if "tcp" in parent:
            return rig.path_below(target).set_fault(kind, on, options)
        line = rig.lines[parent["name"]]
        return self._wire(line, line.drop(target), kind, target, on, options)

    def targets(self):
        return [*super().targets(), *self._rig.primaries]

    def kinds_at(self, target):
        return OWN_KINDS + LINE_KINDS if target in self._rig.primaries else super().kinds_at(target)
