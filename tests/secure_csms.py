"""A CSMS of the libraries `ocpp` and `websockets` over TLS, that keeps how each station connected."""

import asyncio
import datetime
import ssl
import time

import websockets
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result
from ocpp.v201.enums import Action

PATIENCE_S = 40
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL


class Csms:
    """`use` changes what it shows and whom it accepts. Of each connection: `shown`, the DER of the client's certificate, `logins`, the Authorization
    header, `secured`, (version, suite, compression) of its TLS; of all: `boots`, `events`, `statuses`, `requests` for certificates;
    `frames`: [(who, text)] in their order, "tls" where a connection began, with its number."""

    def __init__(self, folder):
        self.folder = folder
        self.server = self.point = None
        self.shown, self.events, self.requests, self.boots, self.logins, self.statuses = [], [], [], [], [], []
        self.secured, self.paths = [], []
        self.port, self.frames = 0, []

    async def use(self, pair=None, clients=None, suite=None, any_time=False):
        """Serve with this certificate, or without TLS; the connections of before end. suite: the only one, of TLS 1.2.

        clients: whose certificates are accepted; any_time: also when they have expired.
        """
        await self.end()
        context = None
        if pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*pair.files(self.folder, f"server-{id(pair)}"))
            if clients is not None:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(cadata=clients)
                context.verify_flags |= NO_CHECK_TIME if any_time else 0
            if suite is not None:
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(suite)
        self.server = await websockets.serve(self.handle, "127.0.0.1", self.port, subprotocols=["ocpp2.0.1"], ssl=context)
        self.port = self.server.sockets[0].getsockname()[1]

    async def end(self):
        self.point = None
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()

    async def handle(self, connection):
        secured = connection.transport.get_extra_info("ssl_object")
        self.shown.append(secured.getpeercert(binary_form=True) if secured else None)
        self.secured.append((secured.version(), secured.cipher()[0], secured.compression()) if secured else None)
        self.frames.append(("tls", len(self.shown) - 1))
        self.paths.append(connection.request.path)
        self.logins.append(connection.request.headers.get("Authorization"))
        self.point = point = Point(self, connection)
        try:
            await point.start()
        except websockets.ConnectionClosed:
            point.closed = True

    async def until(self, ready):
        end = time.monotonic() + PATIENCE_S
        while not ready():
            assert time.monotonic() < end, (self.shown, self.events, self.boots)
            await asyncio.sleep(0.05)

    async def connected(self, count):
        """The station has connected so many times, and answers."""
        await self.until(lambda: len(self.shown) >= count and self.point is not None and self.point.heard)

    async def call(self, request):
        return await self.point.call(request, suppress=False)

    async def set(self, name, value):
        component, variable = name.split(".")
        item = {"component": {"name": component}, "variable": {"name": variable}, "attribute_value": value}
        return (await self.call(call.SetVariables(set_variable_data=[item]))).set_variable_result[0]["attribute_status"]

    async def get(self, name):
        component, variable = name.split(".")
        item = {"component": {"name": component}, "variable": {"name": variable}}
        return (await self.call(call.GetVariables(get_variable_data=[item]))).get_variable_result[0]["attribute_value"]


class Point(ChargePoint):
    def __init__(self, csms, connection):
        super().__init__("AMP-1", connection, response_timeout=30)
        self.csms = csms
        self.heard = self.closed = False

    async def route_message(self, raw_msg):
        self.heard = True
        self.csms.frames.append(("station", raw_msg))
        await super().route_message(raw_msg)

    async def _send(self, message):
        self.csms.frames.append(("CSMS", message))
        await super()._send(message)

    def now(self):
        return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @on(Action.boot_notification)
    def on_boot(self, **payload):
        self.csms.boots.append(payload)
        return call_result.BootNotification(current_time=self.now(), interval=300, status="Accepted")

    @on(Action.heartbeat)
    def on_heartbeat(self):
        return call_result.Heartbeat(current_time=self.now())

    @on(Action.status_notification)
    def on_status(self, **payload):
        self.csms.statuses.append((payload["evse_id"], payload["connector_status"]))
        return call_result.StatusNotification()

    @on(Action.notify_event)
    def on_event(self, **payload):
        return call_result.NotifyEvent()

    @on(Action.security_event_notification)
    def on_security_event(self, **payload):
        self.csms.events.append(payload["type"])
        return call_result.SecurityEventNotification()

    @on(Action.sign_certificate)
    def on_sign(self, csr, certificate_type):
        self.csms.requests.append(csr)
        return call_result.SignCertificate(status="Accepted")
