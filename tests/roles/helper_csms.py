"""CSMSs at the other end of a primary's link, without sockets: who opens, what it answers, when it ends the connection."""

from helper_garage import START_MS, Garage, site

from ampacity.base.strict_json import dumps, loads
from ampacity.base.wallclock import format_iso
from ampacity.x509.encoding import pem
from vectors_x509 import ROOT, STATION

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://one.example", "security_profile": 1, "password": "0123456789abcdef"}
NOON_MS = 1795176000000  # 2026-11-20T12:00:00Z
STEP_MS = 200
BACK_OFF_MS = 10000
ATTEMPTS = "OCPPCommCtrlr.NetworkProfileConnectionAttempts"


def profile(name, security_profile=1):
    return {"url": "%s://%s.example" % ("ws" if security_profile < 2 else "wss", name), "security_profile": security_profile,
            "timeout_s": 30, "interface": "Wired0"}


def boot(status, interval_s=300):
    return {"interval": interval_s, "status": status}


class Csms:
    """answers: function(action, how many of it so far) → payload, None: no answer, or a str: the code of a CALLERROR. lasts_ms: each
    connection is ended after this time. asks: [(action, payload)], requests once it has accepted the station; `replies`: their answers."""

    def __init__(self, answers=None, lasts_ms=None, asks=()):
        self.answers = answers or good
        self.lasts_ms = lasts_ms
        self.asks = list(asks)
        self.replies = []
        self.got = []

    def answer(self, frame, now_ms):
        action = frame[2]
        self.got.append((action, frame[3]))
        result = self.answers(action, [name for name, _ in self.got].count(action))
        if result is None:
            return None
        if action in ("BootNotification", "Heartbeat") and not isinstance(result, str):
            result["currentTime"] = format_iso(NOON_MS - START_MS + now_ms)
        return dumps([4, frame[1], result, "", {}] if isinstance(result, str) else [3, frame[1], result])

    def names(self):
        return [name for name, _ in self.got]


class Talking:
    """Of a garage: the conversation of its station (`acting`, None: there is none) with its `csms`; `answers`: message id → payload."""

    numbers = 0

    def begin_talk(self):
        """A new connection."""
        self.answers = {}
        self.acting = self.primary.upstream.acting
        self.acting.connected(self.now_us // 1000)

    def talk(self):
        now_ms = self.now_us // 1000
        while self.acting is not None:
            text, wake_ms = self.acting.next(now_ms)
            if text is None:
                if wake_ms == now_ms:
                    continue
                return
            frame = loads(text)
            if frame[0] == 2:
                self.acting.receive(self.csms.answer(frame, now_ms), now_ms)
            else:
                self.answers[frame[1]] = frame[2]

    def call(self, action, payload):
        """The answer of the station, or the code of its CALLERROR."""
        self.numbers += 1
        self.acting.receive(dumps([2, "c%d" % self.numbers, action, payload]), self.now_us // 1000)
        self.talk()
        return self.answers["c%d" % self.numbers]


def good(action, count):
    if action == "BootNotification":
        return boot("Accepted")
    return {"idTokenInfo": {"status": "Accepted"}} if action == "Authorize" else {}


def booting(answer):
    """As `good`, but this to each BootNotification."""
    return lambda action, count: answer if action == "BootNotification" else good(action, count)


def certified(station):
    """It has what a higher security profile requires (A05.FR.02, A05.FR.03)."""
    station.config.update({"root_pem": pem("CERTIFICATE", ROOT), "certificate_pem": pem("CERTIFICATE", STATION)})


class Line:
    """The link of a primary to the CSMSs of `csms`, name → Csms; a name that is missing refuses. `attempts`: [(seconds, name)];
    `online`: [(seconds, name)] of each time at which a station became accepted; `left`: reasons for leaving a connection."""

    def __init__(self, csms, network=None, priority="1", attempts="2", security_profile=1):
        self.csms = csms
        self.one = Garage(site(ocpp=dict(OCPP, security_profile=security_profile, config={ATTEMPTS: attempts})))
        if network:
            self.one.primary.documents.put("ocpp_network", network)
            self.one.start()
            self.variable("NetworkConfigurationPriority", priority)
        self.now_ms = START_MS
        self.start()

    def variable(self, name, text=None):
        certified(self.one.primary.upstream.station)
        return self.one.primary.upstream.variable("OCPPCommCtrlr", name, text, 0)

    def start(self):
        """The controller starts anew."""
        self.one.now_us = self.now_ms * 1000
        self.one.start()
        self.begun_ms = self.now_ms
        self.attempts, self.online, self.left = [], [], []
        self.upstream = self.one.primary.upstream
        self.station = self.upstream.station
        self.acting = self.upstream.acting
        self.upstream.link.leave = lambda counter, text: self.left.append(text)

    def name(self):
        return self.upstream.config.url.partition("//")[2].partition(".")[0]

    def tried(self):
        return [name for _, name in self.attempts]

    def seconds(self):
        return (self.now_ms - self.begun_ms) // 1000

    def run(self, seconds):
        until_ms = self.now_ms + 1000 * seconds
        while self.now_ms < until_ms:
            self.upstream.link.before_attempt(self.now_ms)
            self.attempts.append((self.seconds(), self.name()))
            csms = self.csms.get(self.name())
            if csms is not None and self.upstream.config.unusable is None:
                self._connection(csms, until_ms)
            self.now_ms += BACK_OFF_MS
        return self

    def _connection(self, csms, until_ms):
        begun_ms, left, accepted = self.now_ms, len(self.left), False
        self.acting.connected(begun_ms)
        while self.now_ms < until_ms and len(self.left) == left:
            if csms.lasts_ms is not None and self.now_ms - begun_ms >= csms.lasts_ms:
                break
            self._talk(csms)
            if self.station.accepted() and not accepted:
                accepted = True
                self.online.append((self.seconds(), self.name()))
            self.now_ms += STEP_MS
            self.one.platform.clock.us = self.now_ms * 1000
            self.upstream.step(self.now_ms)
        self.acting.disconnected(self.now_ms)

    def _talk(self, csms):
        text = self.acting.next(self.now_ms)[0]
        while text is not None:
            answer = csms.answer(loads(text), self.now_ms) if text.startswith("[2") else None
            if answer is not None:
                self.acting.receive(answer, self.now_ms)
            elif text.startswith("[3") or text.startswith("[4"):
                csms.replies.append(loads(text)[2])
            text = self.acting.next(self.now_ms)[0]
        if csms.asks and self.station.accepted():
            action, payload = csms.asks.pop(0)
            self.acting.receive(dumps([2, "q%d" % len(csms.asks), action, payload]), self.now_ms)
