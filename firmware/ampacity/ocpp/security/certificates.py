"""Blocks A02, A03 and M: certificates that the CSMS installs, and the station's own, which it has signed.

Loaded with the first message about a certificate, and at the start of a station that has a connection over TLS. Work with long numbers goes
in slices, one a tick; the answer follows when it is done.
"""

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.optional_blocks import OptionalBlock
from ampacity.ocpp.security.certificate_signing import CertificateSigning
from ampacity.ocpp.security.certificate_store import CSMS_ROOT, CertificateStore
from ampacity.ocpp.security.security_events import notify
from ampacity.x509.chain import check_dates

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

ANSWER_MS_MAX = 25000  # below the MessageTimeout that is usual
BUSY = "another certificate is being verified"


class Block(OptionalBlock):
    """`store`: what is installed; `signing`: the station's own certificate."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self.store = CertificateStore(station)
        self.signing = CertificateSigning(station, self.store, now_ms)
        self._job: "tuple[str, Iterator[Message | None], Message, int] | None" = None

    def answer_with(self, message_id: str, work: "Iterator[Message | None]", otherwise: "Message", now_ms: int) -> None:
        """Answer a request with what this iterator gives at its end; None before. otherwise: the answer where it takes too long."""
        if self._job is not None:
            raise CallError("InternalError", BUSY)
        self._job = (message_id, work, otherwise, now_ms + ANSWER_MS_MAX)
        self._station.exchange.answer_later(message_id, now_ms + ANSWER_MS_MAX, otherwise)

    def tick(self, now_ms: int) -> "int | None":
        """One slice of each work under way."""
        wake = self.signing.tick(now_ms)
        if self._job is None:
            return wake
        message_id, work, otherwise, deadline_ms = self._job
        if now_ms >= deadline_ms or not self._station.online:  # the answer is not awaited any more
            self._job = None
            return wake
        try:
            answer = next(work)
        except OSError:
            self._station.log.counter("ocpp_not_kept")
            answer = dict(otherwise, statusInfo={"reasonCode": "OutOfStorage"})
        if answer is None:
            return now_ms
        self._job = None
        self._station.exchange.answer(message_id, answer)
        return now_ms

    def connected(self, now_ms: int) -> None:
        """The connection is open: who asked before gets no answer any more."""
        self._job = None

    def forget_asked(self) -> None:
        """Another CSMS: a request for a certificate was for the former one."""
        self.signing.forget_asked()

    def request(self, now_ms: int) -> bool:
        """The CSMS asks for a SignCertificate (F06); False: this station cannot."""
        return self.signing.begin(now_ms)

    def tls_facts(self) -> "dict[str, str | None]":
        """root_pem, and certificate_pem with key_pem where the CSMS has signed one: what a connection is made with, as site facts."""
        facts = {"root_pem": self.store.roots_pem()}
        facts.update(self.signing.shown())
        return facts

    def works(self, certified: bool, now_ms: int) -> None:
        """A connection over TLS works; certified: with the station's own certificate."""
        self.store.forget_replaced()
        if certified:
            self.signing.works(now_ms)

    def has_root(self, now_ms: int) -> bool:
        """Is there a CSMSRootCertificate that is valid now (A05.FR.02)?"""
        for root in self.store.roots(CSMS_ROOT):
            if _is_valid(self._station, root, now_ms):
                return True
        return False

    def has_own(self, now_ms: int) -> bool:
        """Is there a certificate of the station that is valid now (A05.FR.03)?"""
        leaf = self.signing.leaf()
        return leaf is not None and _is_valid(self._station, leaf, now_ms)

    def changed(self, what: str, now_ms: int) -> None:
        """A root was installed or deleted: a security event, and the next connection heeds it."""
        self._station.actions.append(("roots",))
        notify(self._station, "ReconfigurationOfSecurityParameters", what, now_ms)


def _is_valid(station: "StationFace", certificate: "object", now_ms: int) -> bool:
    unix_s = station.unix_s(now_ms)
    try:
        check_dates(certificate, unix_s, "")  # type: ignore[arg-type]
    except ValueError:
        return not unix_s  # while the time is not known it counts
    return True
