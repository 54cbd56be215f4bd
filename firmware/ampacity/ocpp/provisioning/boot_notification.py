"""BootNotification and Heartbeat: being accepted, staying known (B01 to B03, G02).

Before Accepted nothing else is sent, but what the CSMS asks for while Pending. A reply that does not come, or is an
error, is a Rejected with an interval of our own.
"""

from ampacity.base.wallclock import absurd, parse_iso

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Reply

OWN_INTERVAL_MS = 60000
INTERVAL_S_MAX = 86400  # of a station that is not accepted: no CSMS means to be rid of it for longer
DAY_MS = 86400000
DOC = "ocpp_boot"
TRIGGERED = "Triggered"
NOT_STARTED = "Unknown"  # reason of a station that did not start, but changed its CSMS: OCPP has no word for it
REFUSED_EACH = 100  # of this many refused (impossible) times one is logged


class BootNotification:
    """status: None (no answer in this run), "Accepted", "Pending", "Rejected". reason: BootReason."""

    def __init__(self, station: "StationFace", reason: str, now_ms: int) -> None:
        self._station = station
        self.reason = reason
        self.status: "str | None" = None
        self._due_ms = now_ms
        self._heartbeat_ms = now_ms
        self._heard_ms = now_ms
        self._heartbeat_wanted = self._proof_wanted = False
        self._start_reason = reason
        self._accepted = False  # in this run, by any CSMS
        self._not_before_ms = 0

    def trigger(self, now_ms: int) -> bool:
        """The CSMS wants a BootNotification now. False if it has accepted already (F06.FR.17)."""
        if self.status == "Accepted":
            return False
        self.reason = TRIGGERED
        self._due_ms = now_ms
        return True

    def request_heartbeat(self) -> None:
        """Send a Heartbeat as soon as possible."""
        self._heartbeat_wanted = True

    def sent(self, now_ms: int) -> None:
        """Something was sent: the CSMS knows that we are there (G02.FR.05), and its answer shows that it is."""
        self._heard_ms = now_ms
        self._proof_wanted = False

    def connected(self, now_ms: int) -> None:
        """A new connection: a boot that is due need not wait longer. An accepted station does not boot again (part 4, 5.3); where it has
        nothing else to send, a Heartbeat shows whether this CSMS answers."""
        self._proof_wanted = self.status == "Accepted"
        if self.status is None:
            self._due_ms = max(now_ms, self._not_before_ms)

    def renew(self, not_before_ms: int) -> None:
        """Another CSMS: it has not accepted the station yet, and gets a BootNotification, not before then (B10.FR.10)."""
        self.reason = NOT_STARTED if self._accepted else self._start_reason
        self.status = None
        self._due_ms = self._not_before_ms = not_before_ms

    def due_ms(self) -> int:
        """When the next BootNotification is sent, unless the station is accepted."""
        return self._due_ms

    def wake_ms(self) -> int:
        """When there is something to send at the latest."""
        if self.status != "Accepted":
            return self._due_ms
        return min(self._heard_ms + self._interval_ms(), self._heartbeat_ms + DAY_MS)

    def pull(self, now_ms: int) -> "Call | None":
        """The BootNotification, if one is due."""
        if self.status == "Accepted" or now_ms < self._due_ms:
            return None
        self._due_ms = now_ms + OWN_INTERVAL_MS
        return ("BootNotification", self._payload(), self._answered)

    def pull_heartbeat(self, now_ms: int) -> "Call | None":
        """The Heartbeat, if one is due or wanted."""
        if not self._heartbeat_wanted and not self._proof_wanted and (self.status != "Accepted" or now_ms < self.wake_ms()):
            return None
        self._heartbeat_wanted = False
        self._heartbeat_ms = now_ms
        return ("Heartbeat", {}, self._heartbeat_answered)

    def _interval_ms(self) -> int:
        return self._station.model.number("OCPPCommCtrlr", "HeartbeatInterval") * 1000

    def _payload(self) -> "Message":
        config = self._station.config
        station = {"model": config.get("model", "Ampacity")[:20], "vendorName": config.get("vendor", "Ampacity")[:50]}
        if config.get("serial"):
            station["serialNumber"] = config["serial"][:25]
        if config.get("firmware"):
            station["firmwareVersion"] = config["firmware"][:50]
        return {"reason": self.reason, "chargingStation": station}

    def _answered(self, kind: str, payload: "Reply", now_ms: int) -> None:
        if kind != "result" or payload["status"] not in ("Accepted", "Pending", "Rejected"):
            wait_ms = 0 if kind == "lost" else OWN_INTERVAL_MS + self._station.rng.below(10000)
            self._due_ms = now_ms + wait_ms
            return
        self.status = payload["status"]
        self._time(payload, now_ms)
        interval_s = payload["interval"]
        if self.status == "Accepted":
            self._heartbeat_ms = self._heard_ms = now_ms
            self._accepted = True
            if interval_s > 0:
                self._station.model.set_passing("OCPPCommCtrlr", "HeartbeatInterval", str(min(interval_s, 604800)))
            self._station.accepted_now(now_ms)
        else:
            self._due_ms = now_ms + (min(interval_s, INTERVAL_S_MAX) * 1000 if interval_s > 0 else OWN_INTERVAL_MS)

    def _heartbeat_answered(self, kind: str, payload: "Reply", now_ms: int) -> None:
        if kind == "result":
            self._time(payload, now_ms)

    def _time(self, payload: "Message", now_ms: int) -> None:
        """The CSMS sends the time: it is set before anything else is stamped (IF-27)."""
        if "Heartbeat" not in self._station.model.words("ClockCtrlr", "TimeSource"):
            return
        unix_ms = parse_iso(payload["currentTime"])
        result = self._station.wallclock.set_unix(unix_ms, "csms", now_ms)
        if result is not None and result[0] == "refused":
            if self._station.log.counter("csms_time_refused") % REFUSED_EACH == 1:
                self._station.log.add("warning", absurd("csms", unix_ms), now_ms)
            return
        self._station.actions.append(("time", unix_ms))
