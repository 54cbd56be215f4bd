"""A station on a desk: memory for a store, a hand-moved clock, a CSMS of a few lines that answers from a table."""

from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.base.strict_json import dumps, loads
from ampacity.base.wallclock import WallClock, format_iso
from ampacity.ocpp.station import Station
from ampacity.ocpp.transactions.kept import Kept
from ampacity.store.document_store import DocumentStore
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles

START_MS = 2**30 - 60000
NOON_MS = 1795176000000  # 2026-11-20T12:00:00Z
CARD = {"token": "ABC123", "type": "ISO14443"}
ACCEPTED = {"idTokenInfo": {"status": "Accepted"}}


class Store:
    def __init__(self, files, journal_bytes=65536):
        self.documents = DocumentStore(files)
        self.kept = Kept(Journal(files, "ocpp", size_max=journal_bytes))


class Bench:
    """`sent`: [(action, payload)] of the station's requests; `answers`: action → response or function of the payload."""

    def __init__(self, evses=2, config=None, files=None, now_ms=START_MS, unix_ms=NOON_MS, journal_bytes=65536):
        self.journal_bytes = journal_bytes
        self.files = files or MemoryFiles()
        self.now_ms = now_ms
        self.unix_ms = unix_ms
        self.evses = [{"id": i + 1, "max_da": 320} for i in range(evses)]
        self.config = config or {"identity": "AMP-1", "serial": "S1"}
        self.sent = []
        self.raw = []
        self.silent = False
        self.deaf = ()  # actions that are not answered
        self.answers = {"Authorize": ACCEPTED, "TransactionEvent": self.judge}
        self._requests = 0
        self.clock_known = False
        self.start()

    def start(self):
        self.wall = WallClock(None)
        self.log = Log()
        self.store = Store(self.files, self.journal_bytes)
        self.station = Station(self.config, self.evses, self.store, self.wall, Rng(7), self.log, self.now_ms)

    def power_cycle(self, down_ms=5000):
        self.files.restart()
        self.advance_only(down_ms)
        self.start()

    def judge(self, payload):
        return ACCEPTED if "idToken" in payload else {}

    def answer_to(self, action, payload):
        answer = self.answers.get(action)
        if answer is None and action == "BootNotification":
            return {"currentTime": format_iso(self.unix_ms), "interval": 300, "status": "Accepted"}
        if answer is None and action == "Heartbeat":
            return {"currentTime": format_iso(self.unix_ms)}
        if answer is None:
            return {}
        return answer(payload) if callable(answer) else answer

    def pump(self):
        """Let the station send all that it can now; (action, payload) of the requests."""
        sent = []
        while True:
            text, self.wake_ms = self.station.next(self.now_ms)
            if text is None and (self.wake_ms == self.now_ms or self.station.busy):
                continue  # it reads on in a long message, or another EVSE has its turn
            if text is None:
                break
            frame = loads(text)
            self.raw.append(frame)
            if frame[0] != 2:
                continue
            sent.append((frame[2], frame[3]))
            if self.silent or frame[2] in self.deaf:
                continue
            answer = self.answer_to(frame[2], frame[3])
            if isinstance(answer, str):
                self.station.receive(dumps([4, frame[1], answer, "", {}]), self.now_ms)
            else:
                self.station.receive(dumps([3, frame[1], answer]), self.now_ms)
        self.sent += sent
        return sent

    def connect(self):
        self.station.connected(self.now_ms)
        return self.pump()

    def drop(self):
        self.station.disconnected(self.now_ms)

    def booted(self):
        self.connect()
        self.sent = []
        return self

    def call(self, action, payload):
        """A request of the CSMS: the response, or the error code as a str; None if it comes later."""
        self._requests += 1
        message_id = "c%d" % self._requests
        self.station.receive(dumps([2, message_id, action, payload]), self.now_ms)
        return self.reply(message_id)

    def reply(self, message_id):
        self.pump()
        for frame in self.raw:
            if frame[1] == message_id and frame[0] in (3, 4):
                return frame[2]
        return None

    def advance_only(self, ms):
        self.now_ms += ms
        self.unix_ms += ms

    def advance(self, ms, step_ms=None):
        """Time goes by; the station is asked at its wake-ups (or every step_ms)."""
        end = self.now_ms + ms
        sent = self.pump()
        while self.now_ms < end:
            to = min(end, self.now_ms + step_ms if step_ms else max(self.wake_ms, self.now_ms + 1))
            self.advance_only(to - self.now_ms)
            sent += self.pump()
        return sent

    def event(self, evse, kind, fields=None):
        self.station.session_event(evse, kind, fields or {}, self.now_ms)

    def plug(self, evse=1):
        self.station.evse_status(evse, "Occupied", self.now_ms)
        self.event(evse, "plugged")
        return self.pump()

    def unplug(self, evse=1):
        self.station.evse_status(evse, "Available", self.now_ms)
        self.event(evse, "unplugged")
        return self.pump()

    def card(self, evse=1, token="ABC123"):
        self.event(evse, "token", {"token": token, "type": "ISO14443"})
        return self.pump()

    def state(self, state, evse=1):
        self.event(evse, "charging", {"state": state})
        return self.pump()

    def charging(self, evse=1):
        """A session in full swing."""
        self.plug(evse)
        self.card(evse)
        return self.state("Charging", evse)

    def set(self, component, variable, value, instance=None):
        name = {"name": variable}
        if instance:
            name["instance"] = instance
        data = {"component": {"name": component}, "variable": name, "attributeValue": value}
        return self.call("SetVariables", {"setVariableData": [data]})["setVariableResult"][0]["attributeStatus"]

    def get(self, component, variable, evse=None, instance=None):
        name = {"name": variable}
        if instance:
            name["instance"] = instance
        where = {"name": component}
        if evse:
            where["evse"] = {"id": evse}
        data = {"component": where, "variable": name}
        result = self.call("GetVariables", {"getVariableData": [data]})["getVariableResult"][0]
        return result.get("attributeValue", result["attributeStatus"])

    def may_charge(self, evse=1):
        """Does the station let energy flow there?"""
        return self.station.evse(evse).may_charge()

    def ended_by(self, evse=1):
        """The reason why nobody may charge there any more; None: somebody may."""
        return None if self.may_charge(evse) else self.station.evse(evse).ended_by

    def actions(self, kind=None):
        """Drain the actions; only those of a kind."""
        drained, self.station.actions[:] = list(self.station.actions), []
        return [a for a in drained if kind is None or a[0] == kind]


def names(sent):
    return [action for action, _ in sent]


def events(sent):
    """(eventType, triggerReason) of the TransactionEvents."""
    return [(p["eventType"], p["triggerReason"]) for action, p in sent if action == "TransactionEvent"]


def payloads(sent, action):
    return [p for a, p in sent if a == action]
