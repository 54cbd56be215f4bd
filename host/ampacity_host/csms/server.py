"""The bench CSMS itself: accepts, answers, notes, calls."""

import asyncio
import itertools
import json
import time

from ampacity.base.within import within
from ampacity_host.csms.answers import ANSWERS, CsmsError
from ampacity_host.csms.schema_check import CALL, RESULT, SchemaChecker
from ampacity_host.csms.station_connection import StationConnection
from ampacity_host.csms.transactions import TransactionLog, real_unix_ms

ERROR = 4
FRAMES_MAX = 200_000


class BenchCsms:
    """A CSMS for the bench, on a loopback port (`start`) or on transports that others make (`attach`).

    version: an OCPP version of `answers.ANSWERS`. now_ms: the time stamps of frames; unix_ms: the time that stations
    receive; defaults: real time. check_every: schemas for each n-th message of a kind (0: none).

    What it does may be changed at any time: `tokens` (token → status, others get `token_default`), `boot_status`,
    `heartbeat_s`, `refuse` (an HTTP status for new connections, or a function of the StationConnection → status or None),
    `silent` (a set of actions that get no answer), `hooks` (action → function(csms, identity, payload) → answer payload,
    None for the default one; CsmsError for a CALLERROR), `answer_delay_ms`, `strict` (schema errors are answered with a
    CALLERROR), `on_message(identity, text)`.

    What it knows: `frames` [{"t_ms","dir","text"}] (in = from the station), `findings` [{"t_ms","identity","action",
    "text"}], `transactions` [Transaction], `stations` identity → dict of "boots", "boot", "status" (evse, connector →
    status), "connects", "password".
    """

    def __init__(self, version="2.0.1", now_ms=None, unix_ms=None, check_every=1):
        self._answers = ANSWERS[version]
        self.version = version
        self.subprotocols = ["ocpp" + version]
        self.message_max = 2**20
        start_s = time.monotonic()
        self._now_ms = now_ms or (lambda: int((time.monotonic() - start_s) * 1000))
        self.unix_ms = unix_ms or real_unix_ms
        self.tokens = {}
        self.token_default = "Accepted"
        self.boot_status = "Accepted"
        self.heartbeat_s = 300
        self.refuse = None
        self.silent = set()
        self.hooks = {}
        self.answer_delay_ms = 0
        self.strict = True
        self.on_message = None
        self.frames = []
        self.findings = []
        self.stations = {}
        self._judge = SchemaChecker(version, check_every)
        self._book = TransactionLog()
        self._sessions = {}  # identity → StationConnection, the newest
        self._open = set()
        self._pending = {}  # message id → (method, on_answer)
        self._ids = itertools.count(1)
        self._server = None
        self.url = None

    # ---- running

    async def start(self, host="127.0.0.1", port=0, tls=None):
        """Listen; `url` is where (without identity). tls: an ssl.SSLContext of a server, for wss."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, host, port, ssl=tls)
        self.url = "%s://%s:%d" % ("wss" if tls else "ws", *self._server.sockets[0].getsockname()[:2])

    async def stop(self):
        """Drop everyone and stop listening; nothing is left running."""
        if self._server is not None:
            self._server.close()
        self.drop()
        await asyncio.sleep(0)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def drop(self):
        """Cut all connections; stations may come again."""
        for session in list(self._open):
            session.abort()

    def attach(self, transport):
        """Serve a connection made by others: transport has write(data), close(), abort(). Returns the StationConnection: give it
        data_received(bytes), eof_received(), connection_lost(None)."""
        session = self._session()
        session.connection_made(transport)
        return session

    def _session(self):
        session = StationConnection(self)
        self._open.add(session)
        return session

    # ---- knowing

    @property
    def transactions(self):
        """All of them, in the order in which they were first heard of."""
        return list(self._book.transactions.values())

    @property
    def identities(self):
        """The connected stations."""
        return sorted(self._sessions)

    def token_status(self, token):
        """What a token is worth."""
        return self.tokens.get(token, self.token_default)

    # ---- calling

    async def call(self, method, payload, timeout_ms=30_000, identity=None):
        """Send any call, payload in wire names → {"result": {…}} or {"error": {"code", "description"}}.

        Codes of our own: NotConnected, Timeout. identity: needed only if several stations are connected.
        """
        done = asyncio.get_running_loop().create_future()
        message_id = self.send_call(method, payload, lambda answer: done.done() or done.set_result(answer), identity)
        try:
            return await within(done, timeout_ms / 1000)
        except TimeoutError:
            self._pending.pop(message_id, None)
            return failure("Timeout", f"no answer to {method} within {timeout_ms} ms")

    def send_call(self, method, payload, on_answer=None, identity=None):
        """The same without waiting: on_answer(answer) is called when the station answered or is gone. The message id."""
        message_id = f"csms-{next(self._ids)}"
        session = self._pick(identity)
        if session is None or not session.is_open:
            if on_answer is not None:
                on_answer(failure("NotConnected", "no station is connected" if identity is None else identity))
            return message_id
        self._pending[message_id] = (session, method, on_answer)
        self._send(session, json.dumps([CALL, message_id, method, payload], separators=(",", ":")))
        return message_id

    def send_text(self, text, identity=None):
        """Any text as a message, be it OCPP or not; ConnectionError if no station is connected."""
        session = self._pick(identity)
        if session is None:
            raise ConnectionError("no station is connected")
        self._send(session, text)

    def session(self, identity=None):
        """The StationConnection of a connected station (of the last that came), or None."""
        return self._pick(identity)

    def _pick(self, identity):
        if identity is not None:
            return self._sessions.get(identity)
        return list(self._sessions.values())[-1] if self._sessions else None

    def _send(self, session, text):
        self._note("out", text)
        session.send(text)

    # ---- what sessions report

    def refusal(self, session):
        """The HTTP status with which a connection is refused, or None."""
        return self.refuse(session) if callable(self.refuse) else self.refuse

    def session_opened(self, session):
        before = self._sessions.pop(session.identity, None)
        self._sessions[session.identity] = session
        station = self._station(session.identity)
        station["connects"] += 1
        station["password"] = session.password
        if before is not None:
            before.abort()

    def session_lost(self, session):
        self._open.discard(session)
        if self._sessions.get(session.identity) is session:
            del self._sessions[session.identity]
        for message_id in [i for i, entry in self._pending.items() if entry[0] is session]:
            on_answer = self._pending.pop(message_id)[2]
            if on_answer is not None:
                on_answer(failure("NotConnected", "the connection was lost before the answer"))

    def finding(self, session, action, text):
        """Something that the station should not have done."""
        self.findings.append({"t_ms": self._now_ms(), "identity": session.identity, "action": action, "text": text})

    def message(self, session, text):
        self._note("in", text)
        if self.on_message is not None:
            self.on_message(session.identity, text)
        try:
            message = json.loads(text)
            kind, message_id = message[0], message[1]
            if kind == CALL:
                _, _, action, payload = message
                self._called(session, message_id, action, payload)
            elif kind == RESULT:
                _, _, payload = message
                self._answered(session, message_id, {"result": payload})
            elif kind == ERROR:
                _, _, code, description, _ = message
                self._answered(session, message_id, failure(code, description))
            else:
                self.finding(session, None, f"message type {kind!r}")
        except (ValueError, TypeError, LookupError) as error:
            self.finding(session, None, f"not an OCPP message ({error}): {text[:200]}")

    # ---- inside

    def _station(self, identity):
        blank = {"connects": 0, "boots": 0, "boot": None, "status": {}, "password": None}
        return self.stations.setdefault(identity, blank)

    def _note(self, direction, text):
        self.frames.append({"t_ms": self._now_ms(), "dir": direction, "text": text})
        if len(self.frames) > FRAMES_MAX:
            del self.frames[: FRAMES_MAX // 10]

    def _called(self, session, message_id, action, payload):
        fault = self._judge.fault(CALL, action, payload)
        if fault is not None:
            self.finding(session, action, f"{fault[0]}: {fault[1]}")
            if self.strict:
                self._answer(session, action, [ERROR, message_id, fault[0], fault[1][:255], {}])
                return
        self._learn(session, action, payload)
        try:
            answer = [RESULT, message_id, self._result(session, action, payload)]
        except CsmsError as error:
            answer = [ERROR, message_id, error.code, error.description, {}]
        self._answer(session, action, answer)

    def _result(self, session, action, payload):
        hook = self.hooks.get(action)
        answer = None if hook is None else hook(self, session.identity, payload)
        if answer is None:
            if action not in self._answers:
                raise CsmsError("NotSupported", f"{action} is not for a CSMS")
            answer = self._answers[action](self, session.identity, payload)
        return answer

    def _answer(self, session, action, message):
        if action in self.silent:
            return
        text = json.dumps(message, separators=(",", ":"))
        if self.answer_delay_ms:
            loop = asyncio.get_running_loop()
            loop.call_later(self.answer_delay_ms / 1000, self._send_if_open, session, text)
        else:
            self._send(session, text)

    def _send_if_open(self, session, text):
        if session.is_open:
            self._send(session, text)

    def _learn(self, session, action, payload):
        station = self._station(session.identity)
        if action == "BootNotification":
            station["boots"] += 1
            station["boot"] = payload
        elif action == "StatusNotification":
            station["status"][payload["evseId"], payload["connectorId"]] = payload["connectorStatus"]
        elif action == "TransactionEvent":
            for wrong in self._book.event(session.identity, payload, action not in self.silent):
                self.finding(session, action, wrong)

    def _answered(self, session, message_id, answer):
        entry = self._pending.pop(message_id, None)
        if entry is None:
            self.finding(session, None, f"an answer to {message_id!r}, which was not asked or is answered already")
            return
        _, method, on_answer = entry
        if "result" in answer:
            fault = self._judge.fault(RESULT, method, answer["result"])
            if fault is not None:
                self.finding(session, method, f"answer: {fault[0]}: {fault[1]}")
        if on_answer is not None:
            on_answer(answer)


def failure(code, description):
    """The answer to a call that did not succeed."""
    return {"error": {"code": code, "description": description}}
