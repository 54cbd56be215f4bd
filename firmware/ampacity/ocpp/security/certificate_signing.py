"""The station's own certificate: a new key and its request, the signed certificate, the trial of it, its end (A02, A03).

A request that the CSMS accepted is sent again after CertSigningWaitMinimum, and after twice that, until it was doubled as often as
CertSigningRepeatTimes says. A new certificate is on trial until a connection with it works; until then the one before is not forgotten.
"""

from ampacity.base.errors import Rejected
from ampacity.base.pem import certificates
from ampacity.ocpp.errors import CallError
from ampacity.ocpp.security.security_events import notify
from ampacity.x509.certificate import CLIENT_AUTH, DIGITAL_SIGNATURE, Certificate
from ampacity.x509.request import CertificateRequest

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Reply
    from ampacity.ocpp.security.certificate_store import CertificateStore
    from ampacity.x509.key_door import KeyDoor

KIND = "ChargingStationCertificate"
LOOK_MS = 3600000  # how often its dates are looked at
DAY_S = 86400
WARN_DAYS, RENEW_DAYS = 90, 30  # before its end: a line in the log; a new one is asked for (A03.FR.02)
TOLD_MS = 10000  # so long a new certificate waits for the answer to its security event: else that is sent again with the next connection
LOST_MS = 10000  # a request that was lost with the connection leaves again
LOSSES_MAX, LOSSES_MS = 3, 3600000  # one that was lost so often in a row is the likely cause of it, and waits


class CertificateSigning:
    """store: where certificates are kept. `station.key_door` opens the key door when it is needed."""

    kind = KIND  # certificateType
    what = "certificate of this station"

    def __init__(self, station: "StationFace", store: "CertificateStore", now_ms: int) -> None:
        self._station = station
        self._store = store
        self._keys: "KeyDoor | None" = None
        self._task: "Any" = None  # of the key door, or the request
        self._key = ""  # of the task
        self._due_ms: "int | None" = None  # when the request is sent again
        self._sent = self._losses = 0
        self._posted = False
        self._look_ms = now_ms
        self._connect_ms: "int | None" = None  # when to connect with a new certificate at the latest
        self._warned = self._renewed = False
        self._old = False  # the certificate before is shown again, for the new one did not work
        if store.pending is not None and store.pending["csr"]:
            self._due_ms = now_ms + self._wait_ms()

    @property
    def keys(self) -> "KeyDoor | None":
        """The key door, None: this station makes no keys."""
        if self._keys is None and self._station.key_door is not None:
            self._keys = self._station.key_door()
        return self._keys

    def begin(self, now_ms: int) -> bool:
        """Make a key and a request for its certificate. False: no key door, or no OrganizationName (a prerequisite of A02)."""
        if self.keys is None or not self.subject()[1]:
            return False
        if self._task is None:
            self._station.exchange.after_answer(self._make)
        return True

    def subject(self) -> "tuple[str, str, str]":
        """(commonName, organizationName, countryName) of a request; country "": without (A00.FR.509, A00.FR.511)."""
        config = self._station.config
        return config.get("serial") or config.get("identity", ""), self._station.model.text("SecurityCtrlr", "OrganizationName"), ""

    def check(self, leaf: "Certificate") -> None:
        """Is it for our key and for us (A00.FR.509, A00.FR.511)? ValueError: it is not."""
        pending = self._store.pending
        public = self.keys.public(pending["key"]) if pending is not None and self.keys is not None else None
        if public is None:
            raise ValueError("no certificate was requested")
        if leaf.key.kind != "EC" or leaf.key.point != public:
            raise ValueError("its key is not the one of the last certificate request")
        name, organization, _ = self.subject()
        if leaf.common_name != name:
            raise ValueError("its commonName is not %s" % name)
        if leaf.organization != organization:
            raise ValueError("its organizationName is not OrganizationName, %s" % organization)
        if leaf.is_ca or not leaf.may_use(DIGITAL_SIGNATURE) or not self.may_serve(leaf):
            raise ValueError("it may not be used to authenticate a %s" % ("client" if self.kind == KIND else "server"))

    def may_serve(self, leaf: "Certificate") -> bool:
        """Does its extended key usage permit what it is for?"""
        return leaf.may_serve_as(CLIENT_AUTH)

    def is_tried(self) -> bool:
        """Is a new certificate on trial until a connection with it works? Only where one is shown to the CSMS."""
        return self._station.config.get("security_profile", 1) == 3

    def tick(self, now_ms: int) -> "int | None":
        """A slice of the work under way; a request that is due again; the dates."""
        if self._task is not None:
            self._step(now_ms)
            return now_ms
        if self._due_ms is not None and now_ms >= self._due_ms and not self._posted:
            self._due_ms = None
            self._post()
        if self._connect_ms is not None and (now_ms >= self._connect_ms or self._station.drained()):
            self._connect_ms = None
            self._station.actions.append(("credentials",))
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + LOOK_MS
            self._look(now_ms)
        return min([each for each in (self._look_ms, None if self._posted else self._due_ms, self._connect_ms) if each is not None])

    def forget_asked(self) -> None:
        """What was asked for by another CSMS is not sent."""
        self._task, self._due_ms, self._posted = None, None, False
        self._forget_request()

    def refused(self) -> None:
        """The certificate was not valid: the request is not sent again by itself (A02.FR.20); a valid one may still come."""
        self._due_ms = None
        if self._store.pending is not None:
            self._store.pending["csr"] = ""
            self._try_keep()

    def trial_of(self, text: str, now_ms: int, root_key: bytes = b"") -> None:
        """The signed certificate was verified: it is used from now on. root_key: of the root of its chain. OSError: it is not kept."""
        store = self._store
        fresh: "list[Any]" = [store.put_chain(text, root_key), store.pending["key"]]  # type: ignore[index]  # there is a request
        before = (store.own, store.trial, store.pending)
        stale = store.trial
        secured = self.is_tried()
        if not secured:  # nothing is shown yet, so nothing can be tried
            stale, store.own, store.trial = store.own, fresh, None
        else:
            store.trial = fresh
        store.pending = None
        try:
            store.keep()
        except OSError:
            store.own, store.trial, store.pending = before
            store.drop_chain(fresh[0])
            raise
        self._drop(stale)
        self._due_ms, self._old, self._warned, self._renewed, self._look_ms = None, False, False, False, now_ms
        notify(self._station, "ReconfigurationOfSecurityParameters", self.what + " renewed", now_ms)
        if secured:
            self._station.exchange.after_answer(self._connect_soon)

    def _connect_soon(self, now_ms: int) -> None:
        self._connect_ms = now_ms + TOLD_MS

    def shown(self) -> "dict[str, str]":
        """certificate_pem and key_pem of what a CSMS has signed, {}: the site file's own."""
        for row in ((self._store.own,) if self._old or self._store.trial is None else (self._store.trial, self._store.own)):
            chain = self._store.chain(row[0]) if row is not None else None
            key = self.keys.for_tls(row[1]) if row is not None and chain is not None and self.keys is not None else None
            if key is not None:
                return {"certificate_pem": chain, "key_pem": key}  # type: ignore[dict-item]
        return {}

    def chain_text(self) -> "str | None":
        """The PEM text of the certificate that is shown, None: there is none."""
        return self.shown().get("certificate_pem") or self._station.config.get("certificate_pem")

    def leaf(self) -> "Certificate | None":
        """The certificate that is shown, None: there is none that can be read."""
        text = self.chain_text()
        try:
            return Certificate(certificates(text)[0]) if text else None
        except (Rejected, ValueError):
            return None

    def use_old(self, old: bool) -> bool:
        """While a new certificate is on trial: show the one before, or the new one (A02.FR.28). True: that is another one than until now."""
        if self._store.trial is None or self._old == old:
            return False
        self._old = old
        return True

    def other(self) -> bool:
        """The other one of the two, see `use_old`."""
        return self.use_old(not self._old)

    def works(self, now_ms: int) -> None:
        """A connection with security profile 3 works: the certificate that is not in use is forgotten (A02.FR.10)."""
        store = self._store
        if store.trial is None:
            return
        stale = store.trial if self._old else store.own
        before = (store.own, store.trial)
        store.own, store.trial = (store.own if self._old else store.trial), None
        try:
            store.keep()
        except OSError:
            store.own, store.trial = before
            self._station.log.counter("ocpp_not_kept")
            return
        self._drop(stale)
        if self._old:
            notify(self._station, "DiscardedRenewedClientCertificate", "no connection with it worked", now_ms)
        self._old = False

    def _drop(self, row: "list[Any] | None") -> None:
        if row is not None:
            self._store.drop_chain(row[0])
            self._forget_key(row[1])

    def _forget_key(self, name: str) -> None:
        try:
            if self.keys is not None:
                self.keys.remove(name)
        except OSError:
            self._station.log.counter("ocpp_not_kept")

    def _make(self, now_ms: int) -> None:
        """A new key in place of the one of a request that waits."""
        self._key = self._store.free_key()
        self._forget_request()
        self._due_ms = None
        self._task = self.keys.create(self._key)  # type: ignore[union-attr]  # begin saw to it

    def _step(self, now_ms: int) -> None:
        station = self._station
        try:
            found = self._task.step()
            if found is None:
                return
            if isinstance(found, str):
                self._task = None
                self._store.pending = {"key": self._key, "csr": found}
                self._store.keep()
                self._sent = self._losses = 0
                self._post()
                return
            self._task = CertificateRequest(self.keys, self._key, found, *self.subject())  # type: ignore[arg-type]
        except (OSError, KeyError) as e:  # KeyError: the new key is lost already
            self._task, self._store.pending = None, None
            station.log.counter("ocpp_not_kept")
            station.log.add("error", "security: no key for a certificate request: %s" % e, now_ms)

    def _post(self) -> None:
        try:
            self._station.exchange.post(_sign_certificate, self)
            self._posted = True
        except CallError:  # too much waits
            self._due_ms = self._station.now_ms + LOST_MS

    def request_to_send(self) -> "tuple[str, Message, Any] | None":
        """The SignCertificate as it leaves; None: it is not wanted any more."""
        if self._store.pending is None or not self._store.pending["csr"]:
            self._posted = False
            return None
        return "SignCertificate", {"csr": self._store.pending["csr"], "certificateType": self.kind}, self._answered

    def _answered(self, kind: str, payload: "Reply", now_ms: int) -> None:
        self._posted = False
        self._losses = self._losses + 1 if kind == "lost" else 0
        if kind == "lost":
            self._due_ms = now_ms + (LOST_MS if self._losses < LOSSES_MAX else LOSSES_MS)
        elif kind == "result" and payload["status"] == "Rejected":
            self._station.log.add("warning", "security: the CSMS rejects the request for the %s" % self.what, now_ms)
            self._forget_request()
            self.denied()
        elif self._store.pending is not None and self._sent <= self._station.model.number("SecurityCtrlr", "CertSigningRepeatTimes"):
            self._due_ms = now_ms + (self._wait_ms() << self._sent)
            self._sent += 1

    def denied(self) -> None:
        """The CSMS gives no certificate."""

    def _forget_request(self) -> None:
        """A key without a certificate is not kept."""
        if self._store.pending is not None:
            key, self._store.pending = self._store.pending["key"], None
            self._try_keep()
            self._forget_key(key)

    def _try_keep(self) -> None:
        try:
            self._store.keep()
        except OSError:
            self._station.log.counter("ocpp_not_kept")

    def _wait_ms(self) -> int:
        return self._station.model.number("SecurityCtrlr", "CertSigningWaitMinimum") * 1000

    def _look(self, now_ms: int) -> None:
        """Does the certificate end soon?"""
        unix_s = self._station.unix_s(now_ms)
        leaf = self.leaf() if unix_s else None
        if leaf is None:
            return
        days = (leaf.not_after_s - unix_s) // DAY_S
        if days < WARN_DAYS and not self._warned:
            self._warned = True
            self._station.log.add("warning", "security: the %s ends in %d days" % (self.what, days), now_ms)
        if days < RENEW_DAYS and not self._renewed and self._store.pending is None and self._station.accepted():
            self._renewed = True
            self.begin(now_ms)


def _sign_certificate(station: "StationFace", signing: CertificateSigning, now_ms: int) -> "tuple[str, Message, Any] | None":
    return signing.request_to_send()
