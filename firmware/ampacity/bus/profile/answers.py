"""The answers to readings: into values, from there into facts, identity, settings and proofs. Refused readings are asked for by pieces.

A reply that may belong to an older request (the engine says so) updates what is shown and proves nothing.
"""

from ampacity.bus.profile.live_facts import show_live
from ampacity.bus.profile.proof.identity import Identity
from ampacity.bus.profile.requests import DENIED_MS

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any

    from ampacity.bus.client.request import Request
    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.proof.order_proof import OrderProof
    from ampacity.bus.profile.proof.pause_proof import PauseProof
    from ampacity.bus.profile.proof.settings_check import SettingsCheck
    from ampacity.bus.profile.trouble import Trouble

PROOF_MS = 500            # it does not show the order yet: look again
BUSY = ("exception:5", "exception:6")
NOT_SO = ("exception:2", "exception:3")  # address or length


class Answers:
    """Takes what was read to the parts that it concerns. features: those that want to know of each reading."""

    _identity: "Identity | None" = None  # made when it is read first
    _refused_at: "tuple[str, int] | None" = None  # (group, span) of the last read that was refused, until it is shown

    def __init__(
        self, device: "EvseDevice", pause: "PauseProof", proof: "OrderProof", settings: "SettingsCheck", trouble: "Trouble", features: "Sequence[Any]"
    ) -> None:
        self._device = device
        self._pause = pause
        self._proof = proof
        self._settings = settings
        self._trouble = trouble
        self._features = features

    def take(self, request: "Request", pdu: bytes, now_ms: int) -> None:
        """The reply to a reading; one of another form than was asked for is left."""
        device, proof = self._device, self._proof
        _, group, at = request.tag
        if self._refused_at == (group, at):
            self._refused_at = None
        asked_ms = request.sent_ms if request.sent_ms >= 0 else now_ms
        if not device.readings.take(group, at, pdu, asked_ms if request.certain else -1):
            return
        if not request.certain and group == "live":
            device.cycles[group].uncertain = True
        self._step(group, now_ms)
        proof.report_limit(now_ms)
        proof.check(now_ms)
        if group == "proof" and not device.order.proven and not device.cycles[group].at:
            device.hold_ms["proof"] = now_ms + PROOF_MS
        for feature in self._features:
            feature.read(now_ms)

    def _step(self, group: str, now_ms: int) -> None:
        """A span was answered, or given up; at the end of a round it is known what the group shows."""
        if not self._device.cycles[group].step(now_ms):
            return
        if group == "live":
            self._live(now_ms)
        elif group == "identity":
            if self._identity is None:
                self._identity = Identity(self._device)
            self._identity.read(now_ms)
        self._settings.report(group, now_ms)

    def _live(self, now_ms: int) -> None:
        self._trouble.unknown_state = show_live(self._device, now_ms)
        self._pause.check_ack(now_ms)
        self._proof.check_measured(now_ms)
        self._proof.ask_guard(now_ms)
        self._trouble.check(now_ms)

    def refused(self, group: str, at: int, reason: str, now_ms: int) -> None:
        """A span was not shown, so nothing follows from what was shown before. A busy device is asked for the whole round again."""
        device, hold_ms = self._device, self._device.hold_ms
        hold_ms["proof"] = max(hold_ms["proof"], now_ms + PROOF_MS)
        if group == "settings":
            hold_ms["order"] = max(hold_ms["order"], now_ms + DENIED_MS)
        if reason in BUSY:
            device.cycles[group].fail(now_ms)
            self._settings.timing.cut()
        elif reason in NOT_SO and (self._refused_at != (group, at) or self._split(group, at)):
            self._refused_at = (group, at)  # once may be a device that starts
            device.cycles[group].at = at
        else:
            device.readings.refused(group, at)
            self._step(group, now_ms)

    def _split(self, group: str, at: int) -> bool:
        """Ask for each value of that block by itself. What it does not show even then is not known."""
        more = self._device.readings.split(group, at)
        self._device.cycles[group].spans += more
        return more > 0
