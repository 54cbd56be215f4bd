"""One order on its way into one device: which write is next, what each may make of it, when it is proven.

The limit comes first and is shown in force before the device is enabled: an enable alone puts in force whatever limit
the device still holds, so it counts as the largest of those (safety.md, rule 1).
"""

from ampacity.bus.profile.orders.order_recipe import ENABLE, LIMIT, W_ROLE, W_WHAT

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.orders.order_recipe import OrderRecipe

NONE = -1
STILL_MS = 60000  # after so long without current its answer that it is paused counts again


class OrderProgress:
    """recipe: OrderRecipe of the device. All currents in da."""

    def __init__(self, recipe: "OrderRecipe") -> None:
        self.recipe = recipe
        self.forget()

    counted_at_max = False  # of this pause nothing is shown: it counts as the maximum
    acked_off = False  # its own answers state that it holds the pause, and nothing above it was sent since
    resends = 0  # so often given again since it began
    all_acked = True  # each write of it was acknowledged by an answer that is surely the device's own
    _limit_acked = False  # so was its limit
    ack_disproved = False  # its acknowledgement was false once: not trusted again until contact was lost
    off_disproved = False  # nor is its answer that it is paused, for a time
    false_acks = 0  # so often it fed its vehicle after a pause that it had acknowledged
    off_ms = NONE  # when the pause that it acknowledged was written first

    def forget(self) -> None:
        """Nothing is known of what the device holds: it may have restarted, or is another one."""
        self.target_da = NONE
        self.acked_off = self.ack_disproved = self.off_disproved = False
        self.false_acks = 0
        self.writes: list[Any] = []
        self.at = 0
        self.order_id = 0
        self.lowering = False
        self.enabled = False
        self.proven = False
        self.off = self._limit_acked = False
        self.written_ms = NONE
        self.denied = False  # the guard refused it
        self.denied_ms = NONE  # and that though all that is to be read before it was read
        self.held_most_da = self.recipe.max_da
        self._limit_most_da = 0

    def doubt(self) -> None:
        """The device may have restarted: whether it is enabled, and what it holds, must be seen again."""
        self.acked_off = False
        self.enabled = False
        self.proven = False
        self.off = self._limit_acked = False
        self.held_most_da = self.recipe.max_da
        self._limit_most_da = 0

    def start(self, target_da: int) -> None:
        """Begin to order target_da."""
        self.lowering = self.target_da == NONE or target_da < self.target_da or (self.lowering and not self.done())
        self.target_da = target_da
        self.writes = self.recipe.writes(target_da)
        self.at = 0
        self.denied, self.denied_ms = False, NONE
        self.proven = self.off = self.counted_at_max = self._limit_acked = False
        self.all_acked = True
        self.resends = 0

    def probed(self, target_da: int, surely: bool = False) -> None:
        """A single write, sent as a probe, has given target_da. surely: by an answer that is certainly the device's own."""
        self.start(target_da)
        self.at = len(self.writes)
        if not target_da and len(self.writes) == 1:  # it was the whole pause
            self._note_acked_off(surely)

    def again(self) -> None:
        """Give the same order once more, from its first write; the device is not where it should be."""
        self.at = 0
        self.enabled = False
        self.proven = self._limit_acked = False
        self.all_acked = True
        self.resends += 1

    def repeat(self) -> None:
        """Say the same order again, to a device that is as it should be."""
        self.resends += 0 if self.proven else 1
        self.at = 0
        self.proven = self._limit_acked = False
        self.all_acked = True

    def done(self) -> bool:
        """Have all writes of the order been acknowledged?"""
        return self.at >= len(self.writes)

    def next_write(self) -> "list[Any]":
        """The write that is next; an enable that is proven to be there already is left out."""
        while self.at < len(self.writes) - 1 and self._needless(self.writes[self.at]):
            self.at += 1
        return self.writes[self.at]

    def _needless(self, write: "list[Any]") -> bool:
        return write[W_ROLE] == ENABLE and self.enabled

    def ends(self, write: "list[Any]") -> bool:
        """Nothing is left to do: the last write is one that the device needs no more."""
        return self.at == len(self.writes) - 1 and self._needless(write)

    def most_da(self, write: "list[Any]") -> int:
        """The most that the device may make of this one write, given all that it may hold.

        To one that is shown to be off a limit says nothing until it is enabled.
        """
        if self.counted_at_max:
            return self.recipe.max_da
        if write[W_ROLE] == LIMIT and not self.off:
            return self._most_held_da(write)
        if write[W_ROLE] == ENABLE:
            return max(self.held_most_da, self.recipe.most_da(self.target_da))
        return self.recipe.most_da(0)

    def _most_held_da(self, write: "list[Any]") -> int:
        """The limit that it holds after this write, at the most."""
        return self.recipe.most_da(self.target_da or (0 if write[W_WHAT] == "raw" else self.recipe.least_da))

    def wants_limit_shown(self, write: "list[Any]") -> bool:
        """Must the limit be shown in force before this write?"""
        return write[W_ROLE] == ENABLE and self.held_most_da > self.recipe.most_da(self.target_da)

    def sent(self, write: "list[Any]", order_id: int, now_ms: int) -> None:
        """The write is about to leave."""
        self.order_id = order_id
        self.written_ms = now_ms
        self.denied, self.denied_ms = False, NONE
        if self.target_da and (write[W_ROLE] == ENABLE or not self.recipe.off_shown):
            self.acked_off = False
        if write[W_ROLE] == LIMIT:
            self._limit_most_da = self._most_held_da(write)
            self.held_most_da = max(self.held_most_da, self._limit_most_da)

    def acknowledged(self) -> None:
        """The device answered the write."""
        self.at += 1
        if self.done() and not self.target_da:
            self._note_acked_off(self.all_acked and not self.counted_at_max)

    def _note_acked_off(self, surely: bool) -> None:
        if not self.acked_off:
            self.off_ms = self.written_ms
        self.acked_off = surely

    @property
    def off_trusted(self) -> bool:
        """Its own answers state that it holds the pause, and are trusted."""
        return self.acked_off and not self.off_disproved

    def drawn_while_off(self) -> None:
        """It feeds its vehicle after the pause that it acknowledged, and after the time for it: its answer is no proof."""
        self.off_disproved = True
        self.false_acks += 1

    def no_current_for(self, still_ms: int) -> None:
        """It has fed nothing for so long: a slow vehicle is over; each further time it takes twice as long, to 64 min."""
        if still_ms >= STILL_MS << min(self.false_acks - 1, 6):
            self.off_disproved = False

    def heard(self, write: "list[Any]", surely: bool) -> None:
        """Its answer to a write; surely: it can be neither an echo nor that to an older request."""
        if not surely:
            self.all_acked = False
        if write[W_ROLE] == LIMIT:
            self._limit_acked = surely and not self.ack_disproved

    def limit_shown(self, limit_da: int, off: bool = False) -> None:
        """A read asked after the last write showed the limit that the device holds.

        One that is lower than ordered shows no more than that something else holds the device back for now. What one
        shows that is off (some show 0 then, others their maximum) says less than its own answer to the write.
        """
        if self._limit_acked and not off and self.at and limit_da > max(self._limit_most_da, self.recipe.most_da(self.target_da)):
            self.ack_disproved, self._limit_acked = True, False
        if off and self._limit_acked:
            self.held_most_da = self._limit_most_da
        elif 0 < self.target_da <= limit_da:
            self.held_most_da = max(limit_da, self._limit_most_da)

    def shown(self, proven: bool) -> None:
        """A reading asked after the last write shows the order in force, or does not."""
        self.off = proven and self.target_da == 0

    def as_proven(self) -> None:
        """The order is in force."""
        self.proven = True
        self.lowering = False
        self.enabled = self.target_da > 0
