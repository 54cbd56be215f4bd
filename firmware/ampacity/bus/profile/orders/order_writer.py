"""Which write of the order is next, when, and what must be read before it. The guard is asked for a permission before each write.

A write that may raise a current needs settings that are still proven (rule 8); an enable needs the limit shown in force (rule 1).
"""

from ampacity.bus.client.request import LOWER, ORDER, Request
from ampacity.bus.profile.evse_device import AUDIT, ONLINE, SILENT
from ampacity.bus.profile.orders.order_recipe import ENABLE, W_ROLE
from ampacity.bus.profile.orders.write_limiter import REFUSED_MS
from ampacity.bus.profile.proof.order_proof import REWRITE_MS
from ampacity.bus.profile.requests import DENIED_MS

if False:  # for the type checker
    from collections.abc import Callable, Sequence
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.orders.shared_limits import SharedLimits
    from ampacity.bus.profile.proof.order_proof import OrderProof
    from ampacity.bus.profile.proof.pause_proof import PauseProof
    from ampacity.bus.profile.proof.settings_check import SettingsCheck
    from ampacity.bus.profile.requests import Requests

    Take = Callable[[int], "Request | None"]
    Job = tuple[int, int, Take]  # (class, due in ms, what makes the request)

FOLLOW_UP_MS = 60000            # what must follow the last read at once is this much overdue


class OrderWriter:
    """The order of one device. features: those that may hold it at 0; phases: the one that switches phases, or None.

    `shared`: the frame in which the limits of all units of its line travel, None: it takes its own.
    """

    _raised_ms = -1  # when a write that does not lower left
    _refused_target = -1  # what it refused, da
    shared: "SharedLimits | None" = None
    _phases: "Any" = None

    def __init__(
        self, device: "EvseDevice", requests: "Requests", settings: "SettingsCheck", proof: "OrderProof", pause: "PauseProof",
        features: "Sequence[Any]", phases: "Any" = None,
    ) -> None:  # fmt: skip
        self._device = device
        self._requests = requests
        self._settings = settings
        self._proof = proof
        self._pause = pause
        self._features = features
        if phases is not None:
            self._phases = phases

    @property
    def unit(self) -> int:
        """Its address on the line."""
        return self._device.unit

    @property
    def traffic(self) -> int:
        """What is sent to it: ALL_TRAFFIC, READS_ONLY or NO_TRAFFIC."""
        return self._device.traffic

    def target_da(self) -> int:
        """What should be ordered now. While the settings are unproven a lower goes down to within the reserve."""
        device, recipe = self._device, self._device.recipe
        target_da = recipe.representable(device.want_da)
        for feature in self._features:
            if feature.holding:
                target_da = 0
        if device.link == ONLINE or target_da >= self._device.order.target_da or device.within_reserve(target_da):
            return target_da
        target_da = recipe.representable(device.reserve_da())
        return target_da if device.within_reserve(target_da) else 0

    # ---- when

    def due(self, now_ms: int) -> "Job | None":
        """The next write of the order; None: the order is complete, or nothing of it may leave in this state of the link."""
        device, order = self._device, self._device.order
        target_da = self.target_da()
        if device.link == AUDIT and not device.within_reserve(target_da):
            return None
        hold_ms = device.hold_ms["order"]
        if self._refused_target not in (-1, target_da):  # what was refused is wanted no more
            self._refused_target, device.hold_ms["order"] = -1, min(hold_ms, now_ms)
            hold_ms = device.hold_ms["order"]
        if target_da < order.target_da:
            return (LOWER, hold_ms if order.lowering else min(hold_ms, now_ms), self.take)
        if target_da > order.target_da:
            return (ORDER, max(hold_ms, self._raised_ms + self._device.recipe.table["gap_ms"]), self.take)
        if not order.done():
            if not order.at:
                hold_ms = max(hold_ms, device.write_limiter.ready_ms("order", target_da, now_ms, order.lowering or not target_da))
            return (LOWER if order.lowering and not order.denied else ORDER, hold_ms, self.take)
        return self._repeat_due(hold_ms, now_ms)

    def _repeat_due(self, hold_ms: int, now_ms: int) -> "Job | None":
        """The order has been given; is there a reason to give it again?"""
        order, limiter, since_ms = self._device.order, self._device.write_limiter, self._proof.not_as_ordered_ms
        if self._proof.resend:
            return (ORDER, max(hold_ms, limiter.ready_ms("resend", order.target_da, now_ms, not order.target_da)), self._take_resend)
        if since_ms >= 0:
            ready_ms = limiter.ready_ms("order", order.target_da, now_ms, order.lowering or not order.target_da)
            due_ms = max(hold_ms, since_ms + REWRITE_MS, ready_ms, self._raised_ms + self._device.recipe.table["gap_ms"])
            return (ORDER, due_ms, self._take_again)
        return None

    def feed_due(self) -> "Job":
        """What keeps this device's watchdog from firing: its own register, the order repeated, or any reading."""
        requests, hold_ms = self._requests, self._device.hold_ms
        due_ms = max(requests.fed_ms + requests.feed_ms, hold_ms["feed"], hold_ms["read"])
        if requests.feed:
            return (ORDER, due_ms, self._take_feed)
        return (ORDER, due_ms, self._take_refresh if self._device.table["order"]["refresh"] else requests.take_live)

    # ---- requests

    def request(self, write: "list[Any]", target_da: int, priority: int, tag: "tuple[Any, ...]", now_ms: int) -> Request:
        """A write that carries target_da, in a frame of its own or in that of the whole line. Raises InvariantBroken for a forbidden value."""
        device = self._device
        if self.shared is None:
            return self._requests.pdu(self._device.recipe.pdu(write, target_da, device.targets), priority, tag)
        raw = self._device.recipe.raw(write, target_da)
        return self.shared.request(self, write, raw, priority, device.table["gap_ms"], tag, now_ms)

    def take(self, now_ms: int, keeps: bool = False) -> "Request | None":
        """Takes the next write of the order, for the bus to send now, or a read that has to come first; None: the guard refused.

        keeps: the order is in force already and this write only feeds the watchdog, so the day's writes do not count it.
        """
        device, order = self._device, self._device.order
        target_da = self.target_da()
        if target_da != order.target_da:
            order.start(target_da)
        write = order.next_write()
        if order.ends(write):
            order.acknowledged()
            return self._requests.take_proof(now_ms)
        first = self._first_shown(write, now_ms)
        if first is not None:
            return first(now_ms)
        most_da = order.most_da(write)
        order_id = device.guard.send(device.index, most_da, now_ms, held=most_da > self._device.recipe.most_da(order.target_da))
        if order_id is None:
            return self._denied(write, now_ms)
        priority = LOWER if order.lowering else ORDER
        if not order.lowering:
            self._raised_ms = now_ms
        if not order.at and not keeps:
            device.write_limiter.sent("order", order.target_da, now_ms)
        order.sent(write, order_id, now_ms)
        self._settings.timing.left()
        self._proof.written()
        if self.shared:  # no device acknowledges it
            order.heard(write, False)
            order.acknowledged()
            self._requests.fed_ms = now_ms
        return self.request(write, order.target_da, priority, ("order", write, order_id), now_ms)

    def _denied(self, write: "list[Any]", now_ms: int) -> "Request | None":
        """The guard refused. A pause that may not name its limit continues without it.

        A lower is none to the guard where the limit of the device may be lower still: it is tried again as an order, with its settings read.
        """
        device, order = self._device, self._device.order
        if order.counted_at_max:  # not now: it was given, and is not trusted
            order.counted_at_max, order.at = False, len(order.writes)
            return None
        if order.target_da == 0 and order.at < len(order.writes) - 1:
            order.acknowledged()
            return None
        device.hold_ms["order"] = now_ms + DENIED_MS
        again, order.denied = order.denied, True
        if not self._settings.stale(order.most_da(write), now_ms):
            order.denied_ms = now_ms
            self._settings.timing.denied(now_ms)
        elif order.lowering and again and self._requests.may_read(now_ms):
            return self._take_settings_now(now_ms)
        ready = device.write_limiter.ready_ms("order", order.target_da, now_ms) <= now_ms
        if write[W_ROLE] == ENABLE and ready and order.wants_limit_shown(write):  # the limit that it holds is too high: order it again
            order.at = 0
        return None

    def _first_shown(self, write: "list[Any]", now_ms: int) -> "Take | None":
        """What must be read before this write may leave: settings (rule 8), and the limit before an enable (rule 1).

        A lower waits for no settings: the guard decides whether it may leave without them.
        """
        device, order, requests = self._device, self._device.order, self._requests
        if order.wants_limit_shown(write) and device.limit_index() >= 0 and not device.limit_seen():
            return requests.take_proof
        if order.wants_limit_shown(write) and self._pause.read_due():
            return requests.take_live
        if order.lowering:
            return None
        first: Take | None = None
        most_da = order.most_da(write)
        if self._settings.stale(most_da, now_ms):
            first = self._take_settings_now
        elif self._phases and most_da and self._phases.unsure(now_ms):
            first = self._take_phases_now
        return first if first is not None and requests.may_read(now_ms) else None

    def _take_phases_now(self, now_ms: int) -> "Request | None":
        return self._take_now("phases", now_ms)

    def _take_settings_now(self, now_ms: int) -> "Request | None":
        return self._take_now("settings", now_ms) if self._settings.may_read("order", now_ms) else None

    def _take_now(self, group: str, now_ms: int) -> "Request | None":
        request = self._requests.read(group, ORDER, now_ms)
        self._device.hold_ms["order"] = now_ms - FOLLOW_UP_MS if request else now_ms + DENIED_MS
        if request:
            request.follows = True
        return request

    def _take_again(self, now_ms: int) -> "Request | None":
        """It shows something else than was ordered: all writes once more."""
        self._proof.not_as_ordered_ms = now_ms
        self._device.order.again()
        self._device.order.counted_at_max = self._device.counts_at_max()
        return self.take(now_ms)

    def _take_resend(self, now_ms: int) -> "Request | None":
        """Not trusted yet, though it is as ordered."""
        self._device.write_limiter.sent("resend", self._device.order.target_da, now_ms)
        return self._take_refresh(now_ms)

    def _take_refresh(self, now_ms: int) -> "Request | None":
        """Say the order again: this device's watchdog is fed by nothing else. Within the reserve it needs no leave."""
        if self._device.within_reserve(self._device.order.target_da):
            self._requests.fed_ms = now_ms
        elif not self._requests.may_feed("feed", now_ms):
            return None
        keeps = self._device.order.proven
        self._device.order.repeat()
        self._device.order.counted_at_max = self._device.counts_at_max()
        return self.take(now_ms, keeps)

    def _take_feed(self, now_ms: int) -> "Request | None":
        requests = self._requests
        if self._settings.stale(self._device.order.target_da, now_ms):
            return requests.read("settings", ORDER, now_ms) if self._settings.may_read("feed", now_ms) else None
        if not requests.may_feed("feed", now_ms):
            return None
        return requests.write(requests.feed, ORDER, ("feed",))

    # ---- what came of it

    def refused(self, request: Request, reason: str, now_ms: int) -> str:
        """The device refuses a write of the order: the same goes again ever more seldom; another order does not wait for that.

        Returns what is to be said of it.
        """
        device, order, pdu = self._device, self._device.order, bytes(request.pdu)
        device.write_limiter.sent("refused", pdu, now_ms, REFUSED_MS)
        lowers = order.lowering or not order.target_da or request.tag[0] == "probe"
        device.hold_ms["order"] = device.write_limiter.ready_ms("refused", pdu, now_ms, lowers)
        if request.tag[0] == "probe":
            device.hold_ms["probe"] = max(device.hold_ms["probe"], device.hold_ms["order"])
        self._refused_target = order.target_da
        device.facts.fault = "order refused: " + reason
        return "order refused: %s by register %d; repeated at growing intervals" % (reason, pdu[1] << 8 | pdu[2])

    # ---- limits that travel together

    def share(self, shared: "SharedLimits") -> None:
        """From now on its limit travels in this frame."""
        self.shared = shared

    def shared_frame_limit(self, now_ms: int) -> int:
        """The raw limit for this device in another one's frame: its own again, as far as the guard lets it, else 0."""
        device, order, recipe = self._device, self._device.order, self._device.recipe
        target_da = max(0, min(order.target_da, recipe.representable(device.want_da)))
        if device.link != ONLINE and not device.within_reserve(target_da):
            target_da = 0
        order_id = device.guard.send(device.index, recipe.most_da(target_da), now_ms)
        if order_id is None and target_da:
            target_da = 0
            order_id = device.guard.send(device.index, recipe.most_da(0), now_ms)
        if device.link == SILENT or order_id is None:
            return recipe.raw(recipe.writes(target_da)[0], target_da)
        if target_da == order.target_da:
            order.repeat()
        else:
            order.start(target_da)
        order.sent(order.writes[0], order_id, now_ms)
        order.heard(order.writes[0], False)
        order.acknowledged()
        self._requests.fed_ms = now_ms
        return recipe.raw(order.writes[0], target_da)
