"""The independent `ocpp` library as the CSMS of a station: each message of either side is checked against the schemas.

The connection is a pair of lists; time is moved by hand. A CALLERROR of the library to a message of ours (a schema that
does not hold) is kept in `faults`; `Conversation.close` fails the test if there is one.
"""

import asyncio
import json

import ocpp.messages
import station_runtimes
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call_result
from ocpp.v201.enums import Action

from ampacity.base.wallclock import format_iso

ocpp.messages.ASYNC_VALIDATION = False  # no threads: who speaks when is decided here
START_MS = 2**30 - 60000
NOON_MS = 1795176000000


class Wire:
    """What the library reads and writes."""

    def __init__(self):
        self.to_csms = asyncio.Queue()
        self.to_station = []

    async def recv(self):
        return await self.to_csms.get()

    async def send(self, text):
        self.to_station.append(text)


class Csms(ChargePoint):
    """Accepts what it is asked for; `heard`: [(action, payload as the library gives it)]."""

    def __init__(self, wire, conversation):
        super().__init__("AMP-1", wire, response_timeout=20)
        self.heard = []
        self.conversation = conversation
        self.verdict = "Accepted"
        self.boot_status = self.schedule_status = "Accepted"
        self.needs_status = "Processing"
        self.signing = "Accepted"
        self.certificate_status = None  # of each AuthorizeResponse
        self.ev_certificate = ("Accepted", "")  # status and exiResponse
        self.ocsp = None  # ocspResult, None: it fails

    def keep(self, action, payload):
        self.heard.append((action, payload))

    def info(self, token):
        """idTokenInfo of an identifier."""
        return self.conversation.tokens.get(token["id_token"], {"status": self.verdict})

    @on(Action.boot_notification)
    def on_boot(self, **payload):
        self.keep("BootNotification", payload)
        now = format_iso(self.conversation.unix_ms)
        return call_result.BootNotification(current_time=now, interval=300, status=self.boot_status)

    @on(Action.heartbeat)
    def on_heartbeat(self, **payload):
        self.keep("Heartbeat", payload)
        return call_result.Heartbeat(current_time=format_iso(self.conversation.unix_ms))

    @on(Action.authorize)
    def on_authorize(self, **payload):
        self.keep("Authorize", payload)
        return call_result.Authorize(id_token_info=self.info(payload["id_token"]), certificate_status=self.certificate_status)

    @on(Action.transaction_event)
    def on_transaction_event(self, **payload):
        self.keep("TransactionEvent", payload)
        if "id_token" in payload:
            return call_result.TransactionEvent(id_token_info=self.info(payload["id_token"]))
        return call_result.TransactionEvent()


    @on(Action.sign_certificate)
    def on_sign_certificate(self, **payload):
        self.keep("SignCertificate", payload)
        return call_result.SignCertificate(status=self.signing)

    @on(Action.get_15118_ev_certificate)
    def on_get15118_ev_certificate(self, **payload):
        self.keep("Get15118EVCertificate", payload)
        return call_result.Get15118EVCertificate(status=self.ev_certificate[0], exi_response=self.ev_certificate[1])

    @on(Action.get_certificate_status)
    def on_get_certificate_status(self, **payload):
        self.keep("GetCertificateStatus", payload)
        return call_result.GetCertificateStatus(status="Accepted" if self.ocsp else "Failed", ocsp_result=self.ocsp)

    @on(Action.notify_ev_charging_needs)
    def on_notify_ev_charging_needs(self, **payload):
        self.keep("NotifyEVChargingNeeds", payload)
        return call_result.NotifyEVChargingNeeds(status=self.needs_status)

    @on(Action.notify_ev_charging_schedule)
    def on_notify_ev_charging_schedule(self, **payload):
        self.keep("NotifyEVChargingSchedule", payload)
        return call_result.NotifyEVChargingSchedule(status=self.schedule_status)


def _plain(name, action, result):
    def handler(self, **payload):
        self.keep(result.__name__, payload)
        return result()

    handler.__name__ = name  # by which the library finds it
    return on(action)(handler)


for _name in (
    "status_notification", "notify_event", "notify_report", "meter_values", "publish_firmware_status_notification", "report_charging_profiles",
    "cleared_charging_limit", "notify_charging_limit", "security_event_notification", "log_status_notification", "firmware_status_notification",
    "notify_display_messages", "reservation_status_update",
    "notify_monitoring_report", "notify_customer_information",
):
    _result = getattr(call_result, "".join(part.title() for part in _name.split("_")))
    setattr(Csms, "on_" + _name, _plain("on_" + _name, Action[_name], _result))


class Conversation:
    """A station and the library, with a clock between them. The station runs where `station_runtimes.use` last said."""

    def __init__(self, evses=2, files=None, config=None, tethered=False):
        self.make = station_runtimes.in_use.make
        self.files = files or self.make("ampacity.store.memory_files.MemoryFiles")
        self.config = {"identity": "AMP-1", "serial": "S1", "firmware": "1.0"} | (config or {})
        self.evses = [{"id": i + 1, "max_da": 320, "tethered": tethered} for i in range(evses)]
        self.now_ms, self.unix_ms = START_MS, NOON_MS
        self.frames = []
        self.tokens = {}  # identifier → idTokenInfo; the others are judged by `csms.verdict`
        self.csms = self.wire = self.task = None
        self.start()

    def start(self):
        make = self.make
        self.log = make("ampacity.base.log.Log")
        wallclock, rng = make("ampacity.base.wallclock.WallClock", None), make("ampacity.base.rng.Rng", 3)
        store = make("station_store.Store", self.files)
        self.station = make("ampacity.ocpp.station.Station", self.config, self.evses, store, wallclock, rng, self.log, self.now_ms)

    async def connect(self):
        self.wire = Wire()
        old, self.csms = self.csms, Csms(self.wire, self)
        if old is not None:
            self.csms.verdict, self.csms.boot_status = old.verdict, old.boot_status
        self.task = asyncio.ensure_future(self.csms.start())
        self.station.connected(self.now_ms)
        await self.settle()
        return self

    async def drop(self):
        self.task.cancel()
        self.station.disconnected(self.now_ms)

    def intercept(self, text):
        """What the CSMS answers to this text of the station in place of the library: a list of texts; None: the library answers."""
        return None

    async def settle(self):
        """Until nobody has anything more to say."""
        quiet = 0
        while quiet < 5:
            quiet += 1
            text, self.wake_ms = self.station.next(self.now_ms)
            if text is not None:
                self.frames.append(("station", text))
                instead = self.intercept(text)
                if instead is None:
                    self.wire.to_csms.put_nowait(text)
                for answer in instead or ():
                    self.station.receive(answer, self.now_ms)
                quiet = 0
            await asyncio.sleep(0)
            while self.wire and self.wire.to_station:
                text = self.wire.to_station.pop(0)
                self.frames.append(("csms", text))
                self.station.receive(text, self.now_ms)
                quiet = 0

    async def call(self, request):
        """A request of the CSMS; the library's response object, checked against the schema."""
        task = asyncio.ensure_future(self.csms.call(request, suppress=False))
        while not task.done():
            await self.settle()
        await self.settle()
        return task.result()

    async def advance(self, ms):
        end = self.now_ms + ms
        await self.settle()
        while self.now_ms < end:
            to = min(end, max(self.wake_ms, self.now_ms + 1))
            self.unix_ms += to - self.now_ms
            self.now_ms = to
            await self.settle()

    async def event(self, evse, kind, **fields):
        self.station.session_event(evse, kind, fields, self.now_ms)
        await self.settle()

    async def charge(self, evse=1):
        self.station.evse_status(evse, "Occupied", self.now_ms)
        await self.event(evse, "plugged")
        await self.event(evse, "token", token="ABC", type="ISO14443")
        await self.event(evse, "charging", state="Charging")

    async def leave(self, evse=1):
        self.station.evse_status(evse, "Available", self.now_ms)
        await self.event(evse, "unplugged")

    def heard(self, action):
        return [payload for name, payload in self.csms.heard if name == action]

    def faults(self):
        """CALLERRORs of the library: a message of ours that no schema allows."""
        return [text for who, text in self.frames if who == "csms" and json.loads(text)[0] == 4]

    async def close(self):
        self.task.cancel()
        assert self.faults() == []
