"""What keeps a device from charging, and what it shows otherwise than its profile says: the two texts of its facts."""

from ampacity.bus.profile.evse_device import AUDIT, ONLINE
from ampacity.bus.profile.proof.conditions import holds
from ampacity.bus.profile.proof.mismatch import register_text, words_of
from ampacity.bus.profile.registers.codec import ADDRESS, NAME

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.proof.pause_proof import PauseProof

REPORT_AFTER_MS = 8000            # not shown for so long: say what is missing


class Trouble:
    """`refusal_text`: that it refused an order, None when not. `unknown_state`: it shows a state that its profile does not list."""

    refusal_text: "str | None" = None
    unknown_state = False
    _slow_text: "str | None" = None
    _mismatch_text: "str | None" = None
    _unproven_order: "tuple[int, int] | None" = None
    _unproven_ms = -1

    def __init__(self, device: "EvseDevice", pause: "PauseProof") -> None:
        self._device = device
        self._pause = pause

    def too_slow(self, text: str) -> None:
        """Its settings cannot be read soon enough for an order to follow."""
        self._slow_text = text
        self._update()

    def fast_enough(self) -> None:
        """They were read in time; the facts show it after the next reading."""
        self._slow_text = None

    def check(self, now_ms: int) -> None:
        """Does it not show what it should, for longer than that takes?"""
        device, order = self._device, self._device.order
        waits = device.link == ONLINE and order.written_ms >= 0 and not order.proven
        if not waits or (order.target_da, order.at) != self._unproven_order:
            self._unproven_order, self._unproven_ms = (order.target_da, order.at) if waits else None, now_ms
        self._mismatch_text = self.refusal_text
        if waits and now_ms - self._unproven_ms >= REPORT_AFTER_MS + device.table["latency_ms"]:
            text = proof_text(device, self._pause.off_shows) if order.done() else held_text(device)
            self._mismatch_text = text or self.refusal_text
        elif device.link == AUDIT:
            self._mismatch_text = device.audit.missing()
        self._update()

    def _update(self) -> None:
        """What keeps it from charging: what it does not show, or that it answers too slowly."""
        device = self._device
        remark = device.audit.accepted_text() if device.link == ONLINE else None
        missing = self._mismatch_text
        if missing and device.link == ONLINE and not device.order.target_da and device.guard.state(device.index) == "ok":
            remark, missing = missing, None  # its pause is not shown: that keeps it from nothing
        device.facts.trouble = missing or self._slow_text
        device.facts.remark = remark or self._unknown_state_text()

    def _unknown_state_text(self) -> "str | None":
        if not self.unknown_state:
            return None
        readings = self._device.readings
        index = self._device.table["state"][-1][0]
        unknown = "a state that its profile does not list; treated as a waiting car"
        return register_text(readings.fields[index], readings.values[index], unknown)


def proof_text(device: "EvseDevice", off_shows: "str | None") -> "str | None":
    """The first condition of the present order that does not hold. off_shows: what its limit shows while it is off, where that is known."""
    order, readings = device.order, device.readings
    after = "" if order.target_da else _after_pause(device, off_shows)
    rows = device.table["proof"]["charge" if order.target_da else "pause"]
    most_da = device.recipe.most_da(order.target_da)
    for row in rows:
        index, kind, argument = row
        if holds([row], readings.values, most_da, device.targets):
            continue
        if readings.asked_ms[index] < 0 and readings.values[index] is None:
            return "register %s (%d) could not be read" % (readings.fields[index][NAME], readings.fields[index][ADDRESS])
        if kind in ("order", "watchdog"):
            wanted = "ordered " + words_of(kind, order.target_da if kind == "order" else device.targets["watchdog"])
        elif kind == "none_of":
            wanted = "a mode in which it obeys no order"
        else:
            said = " while charging" if order.target_da else " while paused"
            wanted = "expected " + " or ".join([str(value) for value in argument]) + said
        return register_text(readings.fields[index], words_of(kind, readings.values[index]), wanted) + after
    return None


def _after_pause(device: "EvseDevice", off_shows: "str | None") -> str:
    """An addition to the report of a pause that is not shown."""
    if device.order.off_disproved:
        return "; current flowed after an earlier pause"
    told = device.table["proof"].get("told")
    if told and not off_shows and device.order.off_trusted and holds(told, device.readings.values, 0, device.targets):
        return "; not documented: `ampacity commission` determines what it shows"
    return ""


def held_text(device: "EvseDevice") -> "str | None":
    """What it holds is not shown to be the order, so it may not be enabled."""
    index, order = device.limit_index(), device.order
    if index < 0 or order.at >= len(order.writes) or not order.wants_limit_shown(order.writes[order.at]):
        return None
    wanted = "ordered " + words_of("order", order.target_da) + "; not enabled, since it might allow more"
    return register_text(device.readings.fields[index], words_of("order", device.readings.values[index]), wanted)
