"""What a device that talks ISO 15118 with its car asks of the station, and what it receives.

`take` gets a message of the car's side, a dict with "kind"; the answer follows as the action ("ev_answer", evse, answer) with the same kind:

    kind          fields                                    answer
    certificate   action "Install" or "Update", schema,     status "Accepted" with exi, or "Failed" (M01, M02)
                  exi (base64)
    contract      chain (PEM, leaf first), emaid or ""      status "Accepted" or "Rejected" with reason (C07)
    session_stop                                            none: SessionStopReq(Terminate) (E15)
    schedules                                               schedules: what the car may choose from (K16.FR.03); or status "None"; or "Busy": too many
    credentials                                             chain (PEM) of the V2G certificate, ocsp (a list, base64 or None); or status "None"
    sign          digest (64 hexadecimal digits)            signature (r and s, 128 digits) with the key of the V2G certificate; or status
                                                            "None"; or "Busy": too many

A schedule is {"id", "unit": "A", "duration": seconds, "periods": [[second from now, tenths of A, phases]]}. When what the car was offered has
changed, the device gets {"kind": "renegotiate"} unasked (K16.FR.02).

The private key stays behind the key door: the device has the hash of its handshake signed (A02.FR.05).
"""

from binascii import hexlify

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.evse import same_token
from ampacity.ocpp.handed_texts import check_texts
from ampacity.ocpp.iso15118.certificate_status import CertificateStatus
from ampacity.ocpp.iso15118.contract import EMAID_CHARS_MAX, judge, read_contract
from ampacity.ocpp.iso15118.v2g_signing import V2GSigning
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.iso15118.contract import Contract
    from ampacity.ocpp.messages import Message, Reply, Token

DIGEST_DIGITS = 64
EVSE_PAUSE_MS = 5000  # from the answer to a question of an EVSE's car to the next one of it that leaves
PAUSE_MS = 1000  # … to the next one of any other: what else waits has its turn
AT_ONCE, EACH_MS = 10, 5000  # contracts, as many signatures and schedules, of one EVSE's car in quick succession, then one in so long a time
TEXTS = {  # kind → (field, fewest characters, most), all of them ASCII
    "certificate": (("action", 6, 7), ("schema", 1, 50), ("exi", 1, 5600)),  # Get15118EVCertificateRequest
    "contract": (("chain", 1, 5500), ("emaid", 0, EMAID_CHARS_MAX)),  # AuthorizeRequest.certificate
    "schedules": (),
    "session_stop": (),
    "credentials": (),
    "sign": (("digest", DIGEST_DIGITS, DIGEST_DIGITS),),
}


BUSY = {"status": "Busy"}
TOO_MANY = {"contract": {"status": "Rejected", "reason": "TooManyAttempts"}, "schedules": BUSY, "sign": BUSY}  # what is answered beyond the rate


class Block(OptionalBlock):
    """At most one question of a kind of each EVSE's car at a time; a newer one takes the place of the one before. One for the site is under way."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self.signing = V2GSigning(station, now_ms)
        self.status = CertificateStatus(station, self.signing, now_ms)
        self.signing.on_renewed = self.status.renewed
        self._wanted: "dict[int, Message]" = {}  # EVSE → Get15118EVCertificate that is not answered yet
        self._open: "list[int] | None" = None  # [EVSE] whose question is with the exchange
        self._next_ms: "dict[int, int]" = {}  # EVSE, 0: any → no further question before
        self._paid_ms: "dict[tuple[int, str], int]" = {}  # (EVSE, kind) → until when what it asked for is within the rate
        self._last_worked = (0, "")
        self._work: "dict[tuple[int, str], Iterator[Message | None]]" = {}  # (EVSE, kind) → what is judged, computed or signed
        self._asked: "dict[int, Token]" = {}  # EVSE → the contract whose authorization is under way
        self._customers: "dict[int, tuple[dict[str, str], Token]]" = {}  # EVSE → hashes and contract of its authorization

    def take(self, evse_id: int, message: "Message", now_ms: int) -> None:
        """A message of the car's side. ValueError names the field that is wrong, and what is possible."""
        if not self._station.config.get("iso15118"):
            raise ValueError("iso15118: not set for this site")
        kind = message.get("kind") if isinstance(message, dict) else None
        if not isinstance(kind, str) or kind not in TEXTS:
            raise ValueError("kind: certificate, contract, schedules, session_stop, credentials or sign")
        check_texts(message, TEXTS[kind], "emaid", ascii_only=True)
        if kind in TOO_MANY and not self._is_within_rate(evse_id, kind, now_ms):
            self._station.log.counter("ev_too_many")
            return self._answer(evse_id, kind, TOO_MANY[kind])
        if kind == "certificate":
            self._want_certificate(evse_id, message, now_ms)
        elif kind == "contract":
            self._show_contract(evse_id, message, now_ms)
        elif kind == "schedules":
            self._work[(evse_id, kind)] = self._station.optional.get("ev_schedule", now_ms).offers.answer(evse_id)
        elif kind == "session_stop":
            self._stop(evse_id, now_ms)
        elif kind == "credentials":
            chain = self.signing.chain_text()
            none = {"status": "None"}
            self._answer(evse_id, "credentials", none if chain is None else {"chain": chain, "ocsp": self.status.answers()})
        else:
            self._work[(evse_id, kind)] = self._sign(message["digest"])
        return None

    def _is_within_rate(self, evse_id: int, kind: str, now_ms: int) -> bool:
        """May it ask for another one now? A device in a loop costs no more than that, whatever it asks for and however often."""
        paid_ms = max(now_ms, self._paid_ms.get((evse_id, kind), 0))
        if paid_ms - now_ms > (AT_ONCE - 1) * EACH_MS:
            return False
        self._paid_ms[(evse_id, kind)] = paid_ms + EACH_MS
        return True

    def tick(self, now_ms: int) -> "int | None":
        """A slice of the next work; without a connection no car waits for a certificate."""
        if self._wanted and not self._station.online:
            self._give_up()
        if self._work:
            which = self._last_worked = min([(each <= self._last_worked, each) for each in self._work])[1]
            found = next(self._work[which])
            if found is not None:
                self._work.pop(which)
                if found:
                    self._answer(which[0], which[1], found)
        due_ms = self._post(now_ms)
        if self._work:
            return now_ms
        wake_ms = self.signing.tick(now_ms)
        return wake_ms if due_ms is None else due_ms if wake_ms is None else min(wake_ms, due_ms)

    def pull(self, now_ms: int) -> "tuple[str, Message, Any] | None":
        """The next GetCertificateStatus, or None."""
        return self.status.pull(now_ms)

    def forget_asked(self) -> None:
        """Another CSMS: what waits was for the former one."""
        self._open = None
        self._give_up()
        self.signing.forget_asked()

    def transaction_ended(self, evse_id: int) -> None:
        """Nothing of the car's certificate is left."""
        self._customers.pop(evse_id, None)

    def customer(self, hashes: "Message") -> "Token | None":
        """The contract of a running authorization by the hashes of its certificate (N09, N10), or None."""
        for evse_id in sorted(self._customers):
            known, token = self._customers[evse_id]
            evse = self._station.evse(evse_id)
            same = all([known[name].lower() == str(hashes[name]).lower() for name in known])
            if same and evse is not None and evse.auth is not None and same_token(evse.auth.token, token):
                return token
        return None

    def authorized(self, evse_id: int, token: "Token", accepted: bool, reason: str) -> None:
        """What became of a token at an EVSE; of a contract the car gets an answer."""
        asked = self._asked.get(evse_id)
        if asked is None or not same_token(asked, token):
            return
        self._asked.pop(evse_id)
        if not accepted:
            self._customers.pop(evse_id, None)
        self._answer(evse_id, "contract", {"status": "Accepted"} if accepted else {"status": "Rejected", "reason": reason})

    # --- M01, M02

    def _want_certificate(self, evse_id: int, message: "Message", now_ms: int) -> None:
        action = message["action"]
        if action not in ("Install", "Update"):
            raise ValueError("action: Install or Update")
        station = self._station
        request = {"iso15118SchemaVersion": message["schema"], "action": action, "exiRequest": message["exi"]}
        if not station.accepted() or not station.model.on("ISO15118Ctrlr", "ContractCertificateInstallationEnabled"):
            return self._answer(evse_id, "certificate", {"status": "Failed"})
        self._wanted[evse_id] = request
        self._post(now_ms)
        return None

    def _post(self, now_ms: int) -> "int | None":
        """The question that may leave first, if its time has come; else when it comes, None: none waits for that."""
        if self._open is not None or not self._wanted:
            return None
        due_ms, evse_id = min([(self._next_ms.get(each, 0), each) for each in self._wanted])
        due_ms = max(due_ms, self._next_ms.get(0, 0))
        if now_ms < due_ms:
            return due_ms
        try:
            self._open = [evse_id]
            self._station.exchange.post(_get_certificate, (self, self._open))
        except CallError:  # too much waits
            self._open = None
            self._wanted.pop(evse_id)
            self._answer(evse_id, "certificate", {"status": "Failed"})
        return None

    def request_to_send(self, opened: "list[int]") -> "tuple[str, Message, Any] | None":
        """The request as it leaves; None: it is not awaited any more."""
        evse_id = opened[0]
        request = self._wanted.get(evse_id)
        if request is None:
            self._open = None
            return None

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if self._open is opened:
                self._open = None
            self._next_ms[evse_id], self._next_ms[0] = now_ms + EVSE_PAUSE_MS, now_ms + PAUSE_MS
            if self._wanted.get(evse_id) is request:
                self._wanted.pop(evse_id)
                good = kind == "result" and payload["status"] == "Accepted"
                self._answer(evse_id, "certificate", {"status": "Accepted", "exi": payload["exiResponse"]} if good else {"status": "Failed"})

        return "Get15118EVCertificate", request, done

    def _give_up(self) -> None:
        waiting, self._wanted = sorted(self._wanted), {}
        for evse_id in waiting:
            self._answer(evse_id, "certificate", {"status": "Failed"})

    # --- C07, E15

    def _show_contract(self, evse_id: int, message: "Message", now_ms: int) -> None:
        if not self._station.model.on("ISO15118Ctrlr", "PnCEnabled"):
            return self._answer(evse_id, "contract", {"status": "Rejected", "reason": "NotEnabled"})
        self._work[(evse_id, "contract")] = self._judge(evse_id, read_contract(message), now_ms)
        return None

    def _judge(self, evse_id: int, contract: "Contract", now_ms: int) -> "Iterator[Message | None]":
        """Yields None while there is more to do, then the answer; {}: it follows with the authorization."""
        station = self._station
        root: "Any" = None
        try:
            for root in judge(station, contract, now_ms):
                if root is None:
                    yield None
        except ValueError as e:
            station.log.add("warning", "iso15118: contract certificate at EVSE %d: %s" % (evse_id, e), now_ms)
            yield _rejected("CertChainError")
            return
        online, on = station.accepted(), station.model.on
        if not online and not on("ISO15118Ctrlr", "ContractValidationOffline"):  # C07.FR.07
            yield _rejected("Offline")
            return
        if not root and not (online and on("ISO15118Ctrlr", "CentralContractValidationAllowed")):
            yield _rejected("NoRoot")
            return
        shown = {"iso15118CertificateHashData": contract.ocsp_data(root)} if root else {"certificate": contract.text}
        hashes = contract.leaf_hashes(root or None)
        self._asked[evse_id] = contract.token
        if hashes is not None:
            self._customers[evse_id] = (hashes, contract.token)
        station.authorizer.contract(evse_id, contract.token, shown, station.now_ms)
        yield {}

    def _stop(self, evse_id: int, now_ms: int) -> None:
        """E15.FR.04, E15.FR.05: only of what is still authorized."""
        evse = self._station.evse(evse_id)
        if evse is not None and evse.auth is not None:
            self._station.transactions.deauthorize(evse, "StopAuthorized", "StoppedByEV", now_ms)

    # --- the V2G certificate

    def _sign(self, digest: str) -> "Iterator[Message | None]":
        if not all([c in "0123456789abcdefABCDEF" for c in digest]):
            raise ValueError("digest: %d hexadecimal digits" % DIGEST_DIGITS)
        own, keys = self.signing.store.own, self.signing.keys
        try:
            return _signature(None if own is None or keys is None else keys.sign(own[1], bytes.fromhex(digest)))
        except KeyError:  # the key is lost
            return _signature(None)

    def _answer(self, evse_id: int, kind: str, answer: "Message") -> None:
        self._station.actions.append(("ev_answer", evse_id, dict(answer, kind=kind)))


def _signature(task: "Any") -> "Iterator[Message | None]":
    if task is None:
        yield {"kind": "sign", "status": "None"}
        return
    found = None
    while found is None:
        found = task.step()
        if found is None:
            yield None
    yield {"kind": "sign", "signature": hexlify(found).decode()}


def _rejected(reason: str) -> "Message":
    return {"kind": "contract", "status": "Rejected", "reason": reason}


def _get_certificate(station: "StationFace", wanted: "tuple[Block, list[int]]", now_ms: int) -> "tuple[str, Message, Any] | None":
    return wanted[0].request_to_send(wanted[1])
