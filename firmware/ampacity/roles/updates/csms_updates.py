"""Updates that the CSMS orders with UpdateFirmware (L01, L02): when to download, what became of it, when to install.

`roles/updates/primary_updates.py` loads this with the first order. What is installed is a signed bundle like any other: the delivery
verifies it, the trial confirms it, and only then its status is Installed.
"""

from binascii import unhexlify

from ampacity.base.errors import Rejected
from ampacity.base.url import parse_url, shown_url
from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.firmware.kept_order import kept_order
from ampacity.ocpp.firmware.order import FirmwareOrder
from ampacity.roles.updates.download import SCHEMES, SOURCE, Download
from ampacity.roles.updates.updater import SIGNATURES, BundleSink
from ampacity.update.cose_sign1 import key_id
from ampacity.update.delivery import FAILED, KEYS, READY, REFUSED
from ampacity.update.manifest import APPLICATION
from ampacity.update.slot_state import GOOD, NONE
from ampacity.update.slot_state import READY as SLOT_READY

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Message
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.updates.updater import Updater
    from ampacity.update.manifest import Manifest

WAITING = ("", "DownloadScheduled")
LOADING = ("Downloading", "DownloadPaused")
CHECKED = ("Downloaded", "SignatureVerified")  # without a slot: the last bytes are held back
READY_TO_INSTALL = CHECKED + ("InstallScheduled",)
INSTALLING = ("Installing", "InstallRebooting")
DRAIN_MS = 30000  # for the last statuses, before the restart
BUSY = "FwUpdateInProgress"
ALL = (0, 1, 2, 3)  # numbers of `Updater.ready_number`


class CsmsUpdates:
    """primary: whose station this is; updater: what takes and tries bundles."""

    def __init__(self, primary: "PrimaryFace", updater: "Updater") -> None:
        self._primary = primary
        self._updater = updater
        self._station = primary.upstream.station  # type: ignore[union-attr]  # without one there are no orders
        self.order = FirmwareOrder(self._station, kept_order(self._station.documents))
        self._download: "Download | None" = None
        self._mark: "tuple[int, str]" = (0, "")
        self._left = 0  # attempts after this one
        self._next_ms: "int | None" = None  # None: the first attempt, or the first one of this life
        self._leave_ms: "int | None" = None
        self._activated = False
        self._why = ""
        self._reserve()

    def request(self, request: "Message", key: str, now_ms: int) -> "Message":
        """The answer to UpdateFirmware. key: of its certificate, which was verified, as hex; "" without one. A running order is replaced
        before the new one is looked at."""
        if key and self._is_revoked(key):
            self._station.security_event(SIGNATURES["key"], "UpdateFirmware %d: its key is revoked" % request["requestId"], now_ms)
            return refusal("InvalidCertificate", "the key list of this controller has revoked its key", "RevokedCertificate")
        text = self._unusable(request["firmware"]["location"])
        replaces = not self.order.ended()
        if self.order.status in INSTALLING or self._updater.trial is not None or self._updater.on_trial():
            return refusal(BUSY, "a version is being installed or on trial")
        if not replaces and self._updater.delivery.busy():
            return refusal(BUSY, "%s delivers a bundle now" % self._updater.delivery.source)
        if not replaces and text:
            return refusal("InvalidURL", text)
        if replaces:
            self._cancel()
        firmware = request["firmware"]
        install = firmware.get("installDateTime")
        self.order.begin(request, key, parse_iso(firmware["retrieveDateTime"]) // 1000, None if install is None else parse_iso(install) // 1000)
        self._next_ms = self._leave_ms = None
        self._why = ""
        self._log("info", "UpdateFirmware %d: %s" % (request["requestId"], shown_url(firmware["location"])), now_ms)
        if text:
            self._end("DownloadFailed", text, now_ms)
        elif key and "signature" not in firmware:
            self._forged("the signature is missing", now_ms)
        self._reserve()
        return {"status": "AcceptedCanceled" if replaces else "Accepted"}

    def view(self) -> "View | None":
        """For `show update`; None: nothing was ordered."""
        facts = self.order.facts
        return None if facts is None else {"request": facts["id"], "status": facts["status"] or "Accepted", "why": self._why or None}

    def step(self, hindrance: str, now_ms: int) -> None:
        """One pass of the housekeeping. hindrance: what prevents a restart now, "" nothing."""
        status = self.order.status
        closing = False
        if status in WAITING:
            self._begin_when_due(now_ms)
        elif status in LOADING or status in CHECKED and self.order.facts["slot"] == NONE:  # type: ignore[index]  # it is open
            self._follow(now_ms)
        elif status in READY_TO_INSTALL:
            closing = self._install_when_due(hindrance, now_ms)
        elif status in INSTALLING:
            closing = self._installing(hindrance, now_ms)
        self._reserve()
        closing = closing and not self._station.model.on("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate")
        if self.order.post(now_ms) or closing != self._station.availability.closing:
            self._station.availability.closing = closing
            self._primary.upstream.link.wake()  # type: ignore[union-attr]  # there is one

    # the download

    def _begin_when_due(self, now_ms: int) -> None:
        if not self._is_past(self.order.facts["retrieve"], now_ms):  # type: ignore[index]  # it is open
            self.order.report("DownloadScheduled")
            return
        if not self._gives_way():
            self._next_ms = None
            self._follow(now_ms)

    def _gives_way(self) -> bool:
        """A bundle that did not come by this order, on its way, ready or on trial, goes first: a person has brought it. The CSMS sees
        DownloadScheduled until then, or the last status of an attempt before. A configuration that waits for a person holds nothing back."""
        updater, source = self._updater, self._updater.delivery.source
        if updater.trial is not None or updater.on_trial():
            self._why = "a version is on trial"
        elif updater.delivery.busy() and source != SOURCE:
            self._why = "%s delivers a bundle now" % source
        elif updater.ready_number(updater.without_person()) != NONE and not self._may_be_ours():
            self._why = "another bundle is ready and is tried first"
        else:
            return False
        if self.order.status in WAITING:
            self.order.report("DownloadScheduled")
        return True

    def _may_be_ours(self) -> bool:
        """Did this order bring what is ready, as far as this is known? It cannot have before its download began, and one with a signature of
        the CSMS has noted what it brings."""
        facts: "Any" = self.order.facts
        if self.order.status in WAITING or "key" in facts:
            return False
        return self._updater.delivery.source in ("", SOURCE)

    def _follow(self, now_ms: int) -> None:
        if self._download is None:
            self._attempt(now_ms)
            return
        while self._download.reached:
            self.order.report(self._download.reached.pop(0))
        if self._download.expected is not None:
            self._expect(self._download.expected)
            self._download.expected = None
        if not self._download.running:
            done, self._download = self._download, None
            self._mark = done.mark
            if done.check is not None and done.check.valid is False:
                self._forged("the signature is not that of this file", now_ms)
            else:
                self._judge(done.error, done.check is not None, now_ms)

    def _attempt(self, now_ms: int) -> None:
        facts: "Any" = self.order.facts
        if self._next_ms is None:  # after a restart all attempts are left
            self._left, self._next_ms, self._mark = facts["retries"], now_ms, (0, "")
            if self._is_expected_ready():  # the power was cut when it had just become so
                self._downloaded(False, now_ms)
                return
        if now_ms < self._next_ms or self._gives_way():
            return
        self.order.report("Downloading")
        check = None
        text = self._unusable(facts["url"])
        if text:
            self._end("DownloadFailed", text, now_ms)
            return
        if "key" in facts:
            from ampacity.roles.updates.signature_check import SignatureCheck

            try:
                check = SignatureCheck(facts["key"], facts.get("signature", ""))
            except ValueError:
                self._forged("the key that was kept is none", now_ms)
                return
            if self._lost_its_signer("InvalidSignature", now_ms):
                return
        self._download = Download(self._primary.platform, self._updater, facts["url"], self._tls, self._mark, check)

    def _expect(self, manifest: "Manifest") -> None:
        """The signature of the CSMS over this bundle is right: its slot will be ready in a moment, and is known after a power cut."""
        slots, first = (self._updater.slots, 0) if manifest.kind == APPLICATION else (self._updater.configuration.slots, 2)  # type: ignore[union-attr]
        self.order.facts["expects"] = [first + slots.spare(), manifest.sequence]  # type: ignore[index]  # it is open
        self.order.keep()

    def _is_expected_ready(self) -> bool:
        """Is the bundle ready that was verified for this order?"""
        number, sequence = self.order.facts.get("expects") or (NONE, 0)  # type: ignore[union-attr]  # it is open
        if number == NONE:
            return False
        slots, slot = self._updater.numbered(number)
        return slots.state.slots[slot].state == SLOT_READY and slots.state.slots[slot].sequence == sequence

    def _judge(self, error: str, signed: bool, now_ms: int) -> None:
        """An attempt is over: by the delivery's result, else by what went wrong on the way. signed: the signature of the CSMS was looked at,
        unless the attempt has an error."""
        delivery = self._updater.delivery
        state = delivery.state if delivery.source == SOURCE else ""
        field = getattr(delivery.error, "field", "")
        if signed and error:
            self._retry(error, now_ms)
        elif state == REFUSED and signed:
            self.order.report("Installing")
            self._end("InstallVerificationFailed", str(delivery.error), now_ms)
        elif state == REFUSED:
            self._end("InvalidSignature" if field in SIGNATURES else "InstallVerificationFailed", str(delivery.error), now_ms)
        elif state == FAILED:
            self._end("InstallationFailed", str(delivery.error), now_ms)
        elif state in (READY, KEYS) and not error:
            self._downloaded(state == KEYS, now_ms)
        else:
            self._retry(error or "the delivery was ended", now_ms)

    def _retry(self, error: str, now_ms: int) -> None:
        self._left -= 1
        if self._left < 0:
            self._end("DownloadFailed", error, now_ms)
            return
        interval_s: int = self.order.facts["interval"]  # type: ignore[index]  # it is open
        self._next_ms = now_ms + 1000 * interval_s
        self._why = error
        self._log("warning", "download: %s; %d attempts left, the next in %d s" % (error, self._left + 1, interval_s), now_ms)
        if self._updater.delivery.offset:
            self.order.report("DownloadPaused")

    def _downloaded(self, keys: bool, now_ms: int) -> None:
        """The bundle is in its slot and verified, or a key list is in force."""
        facts: "Any" = self.order.facts
        self._why = ""
        if not keys:  # kept together with the status: without its slot an order cannot be continued
            number = facts["slot"] = facts["expects"][0] if "key" in facts else self._updater.ready_number()
            slots, slot = self._updater.numbered(number)
            facts["sequence"] = slots.state.slots[slot].sequence
        if self.order.status in LOADING:
            self.order.report("Downloaded")
        self.order.report("SignatureVerified")
        if "key" in facts:  # that was reported when it was so
            self.order.keep()
        if keys:
            self.order.report("Installing")
            self._end("Installed", "a key list is in force", now_ms)

    def _forged(self, why: str, now_ms: int) -> None:
        """The signature of the CSMS is wrong or missing (L01.FR.03)."""
        self._station.security_event(SIGNATURES["signature"], "UpdateFirmware %d: %s" % (self.order.facts["id"], why), now_ms)  # type: ignore[index]
        self._end("InvalidSignature", why, now_ms)

    def _is_revoked(self, key: str) -> bool:
        """Has the key list revoked this key, which the CSMS names in a certificate? An id is that of a key in the list (docs/updates.md)."""
        try:
            raw = unhexlify(key)
        except ValueError:  # what was kept is none
            return True
        return key_id(raw[1:] if raw[:1] == b"\4" else raw) in self._updater.places.trust.revoked

    def _lost_its_signer(self, status: str, now_ms: int) -> bool:
        """Was the key of the order's certificate revoked since the CSMS was answered? Then the order ends with this status."""
        facts: "Any" = self.order.facts
        if "key" not in facts or not self._is_revoked(facts["key"]):
            return False
        if self._ours(SLOT_READY):
            slots, slot = self._updater.numbered(facts["slot"])
            try:
                slots.refused(slot, "the key of its order was revoked")
            except OSError:  # again in the next pass
                return True
        self._station.security_event(SIGNATURES["key"], "UpdateFirmware %d: its key was revoked" % facts["id"], now_ms)
        self._end(status, "the key list of this controller has revoked its key", now_ms)
        return True

    # the installation

    def _install_when_due(self, hindrance: str, now_ms: int) -> bool:
        """True: EVSEs that are not in use are closed, because transactions have to end first (L01.FR.07, L01.FR.33)
        where AllowNewSessionsPendingFirmwareUpdate does not permit new transactions."""
        install_s = self.order.facts["install"]  # type: ignore[index]  # it is open
        if not self._ours(SLOT_READY):
            self._end("InstallationFailed", "another bundle took its place", now_ms)
        elif self._lost_its_signer("InstallVerificationFailed", now_ms):
            pass
        elif self.order.status == "Downloaded":  # the power was cut before the next status was kept
            self.order.report("SignatureVerified")
        elif install_s is not None and not self._is_past(install_s, now_ms):
            self._wait("installDateTime")
        elif self._updater.held(self.order.facts["slot"]):  # type: ignore[index]  # it is open
            self._wait("update: " + self._updater.held(self.order.facts["slot"]))  # type: ignore[index]
        elif hindrance:
            self._wait(hindrance)
            return True
        else:
            self.order.report("Installing")
            self.order.report("InstallRebooting")
            self._leave_ms = now_ms + DRAIN_MS
            return True
        return False

    def _wait(self, why: str) -> None:
        self._why = why
        self.order.report("InstallScheduled")

    def _installing(self, hindrance: str, now_ms: int) -> bool:
        """Before the restart, in the trial, or after it."""
        if self._updater.trial is not None or self._updater.on_trial():
            return self._activated  # until the restart
        if self._ours(SLOT_READY):
            if self._lost_its_signer("InstallVerificationFailed", now_ms):
                return False
            self.order.report("InstallRebooting")  # the power may have been cut before
            self._leave_ms = self._leave_ms or now_ms + DRAIN_MS
            if not hindrance and (now_ms >= self._leave_ms or self.order.sent() and self._station.drained()):
                self._activate(now_ms)
            return True
        slots, slot = self._updater.numbered(self.order.facts["slot"])  # type: ignore[index]  # it is open
        good = self._ours(GOOD) and slots.state.active == slot
        self._end("Installed" if good else "InstallationFailed", slots.state.outcome, now_ms)
        return False

    def _activate(self, now_ms: int) -> None:
        try:
            self._updater.activate(self.order.facts["slot"], now_ms)  # type: ignore[index]  # it is open
            self._activated = True
            self._station.remember_boot("FirmwareUpdate")
        except (Rejected, OSError) as error:
            self._end("InstallationFailed", str(error), now_ms)

    def _ours(self, state: int) -> bool:
        """Is the slot of the order in this state?"""
        facts: "Any" = self.order.facts
        if facts["slot"] == NONE:
            return False
        slots, number = self._updater.numbered(facts["slot"])
        slot = slots.state.slots[number]
        return slot.state == state and slot.sequence == facts["sequence"]

    # common

    def _cancel(self) -> None:
        """Another order replaces the one under way: its bundle is not tried (L01.FR.24)."""
        facts: "Any" = self.order.facts
        self._stop()
        number = facts["slot"] if self._ours(SLOT_READY) else NONE
        if number == NONE and self.order.status in LOADING + CHECKED:  # the power was cut before its slot was noted
            updater = self._updater
            ready = updater.ready_number(updater.without_person()) if self._may_be_ours() else NONE
            number = facts["expects"][0] if self._is_expected_ready() else ready
        if number != NONE:
            slots, slot = self._updater.numbered(number)
            slots.refused(slot, "replaced by the CSMS")
        self.order.report("DownloadFailed" if facts["slot"] == NONE else "InstallationFailed")

    def _stop(self) -> None:
        if self._download is not None:
            self._download.stop()
            self._download = None
        BundleSink(self._updater, SOURCE).abort()

    def _end(self, status: str, why: str, now_ms: int) -> None:
        self._stop()
        self._why = why
        self._log("info" if status == "Installed" else "warning", "%s: %s" % (status, why), now_ms)
        self.order.report(status)

    def _reserve(self) -> None:
        """From the beginning of its download on the order decides when its bundle is tried; of what others brought it decides nothing."""
        facts: "Any" = self.order.facts
        reserved: "tuple[int, ...]" = ()
        if self.order.status in LOADING + READY_TO_INSTALL + INSTALLING:
            if facts["slot"] != NONE:
                reserved = (facts["slot"],)
            elif self._download is not None or self._may_be_ours() or self._is_expected_ready():
                reserved = ALL
        self._updater.reserved = reserved

    def _is_past(self, unix_s: int, now_ms: int) -> bool:
        """Is it this time, or later? Not while the time of day is unknown."""
        unix_ms = self._primary.wallclock.unix_ms(now_ms)
        return unix_ms is not None and unix_ms >= unix_s * 1000

    def _unusable(self, url: str) -> str:
        """Why this address cannot be used, "" where it can."""
        try:
            if parse_url(url, SCHEMES).scheme == "https":
                self._tls()
        except Rejected as error:
            return str(error)
        return ""

    def _tls(self) -> "Any":
        """A TLS context with the root certificates of the CSMS. The station's own certificate is not shown to a file server. Raises Rejected."""
        from ampacity.ports.tls_credentials import TlsCredentials

        platform = self._primary.platform
        return platform.client_tls(TlsCredentials(self._primary.upstream.roots_pem()))  # type: ignore[union-attr]  # there is one

    def _log(self, level: str, text: str, now_ms: int) -> None:
        self._updater.log.add(level, "update: CSMS: " + text, now_ms)
