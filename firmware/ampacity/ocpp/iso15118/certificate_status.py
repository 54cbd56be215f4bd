"""GetCertificateStatus (M06): the OCSP answers for the V2G certificate and the authorities of its chain, as a car may want them.

Asked for with a new chain, and again after REFRESH_S; after a failure RETRY_MS later, also where the link broke LOSSES_MAX times with
a question in a row. An answer is kept as `ocpp_ocsp_N`, N from the leaf (0)
up, in base64 as the CSMS gave it; nothing of it is in memory. A certificate that names no responder cannot be asked about.
"""

from binascii import a2b_base64

from ampacity.base.der import SEQUENCE, inside
from ampacity.ocpp.iso15118.v2g_signing import CHILDREN_MAX

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.iso15118.v2g_signing import V2GSigning
    from ampacity.ocpp.messages import Call, Done, Reply

DOC = "ocpp_ocsp_%d"
REFRESH_S = 6 * 86400  # at least once a week (M06.FR.10)
RETRY_MS = 3600000
LOSSES_MAX = 3
LOOK_MS = 3600000
SUCCESSFUL = b"\x0a\x01\x00"  # OCSPResponseStatus (RFC 6960), the first field of an answer


class CertificateStatus:
    """Of the chain that `signing` keeps."""

    def __init__(self, station: "StationFace", signing: "V2GSigning", now_ms: int) -> None:
        self._station = station
        self._signing = signing
        self.due_ms = now_ms
        self._number = 0  # of the certificate that is next
        self._asked = self._failed = False
        self._losses = 0  # questions in a row with which the link broke

    def renewed(self, now_ms: int) -> None:
        """Another chain: what is kept is worth nothing, and all is asked for (M06.FR.07)."""
        for number in range(1 + CHILDREN_MAX):
            self._station.documents.try_remove(DOC % number)
        self.due_ms, self._number, self._failed, self._losses = now_ms, 0, False, 0

    def answers(self) -> "list[str | None]":
        """The kept answers, leaf first; None: there is none for that certificate."""
        found: "list[str | None]" = []
        for hashes in self._signing.chain_hashes():
            kept = self._station.documents.get(DOC % len(found))
            found.append(kept["result"] if kept is not None and kept["serial"] == hashes["serialNumber"] else None)
        return found

    def pull(self, now_ms: int) -> "Call | None":
        """The next GetCertificateStatus, or None."""
        station = self._station
        if self._asked or now_ms < self.due_ms or not self._signing.has_chain() or not station.unix_s(now_ms):
            return None
        chain, hashes = self._signing.chain(), self._signing.chain_hashes()
        while self._number < len(chain):
            number, one = self._number, hashes[self._number]
            self._number += 1
            if chain[number].responder and not self._is_fresh(number, one["serialNumber"], now_ms):
                self._asked = True
                request = dict(one, responderURL=chain[number].responder[:512])
                return "GetCertificateStatus", {"ocspRequestData": request}, self._done(number, one["serialNumber"])
        self.due_ms, self._number, self._failed = now_ms + (RETRY_MS if self._failed else LOOK_MS), 0, False
        return None

    def _is_fresh(self, number: int, serial: str, now_ms: int) -> bool:
        kept = self._station.documents.get(DOC % number)
        return kept is not None and kept["serial"] == serial and 0 <= self._station.unix_s(now_ms) - kept["at"] < REFRESH_S

    def _done(self, number: int, serial: str) -> "Done":
        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            self._asked = False
            result = payload.get("ocspResult", "") if kind == "result" and payload["status"] == "Accepted" else ""
            self._losses = self._losses + 1 if kind == "lost" else 0
            if kind == "lost":
                self._lost(number, now_ms)
            elif not is_answer(result):
                self._failed = True
                self._station.log.add("warning", "iso15118: no OCSP answer for certificate %d of the V2G chain" % number, now_ms)
            else:
                row = {"serial": serial, "result": result, "at": self._station.unix_s(now_ms)}
                self._station.documents.try_put(DOC % number, row)

        return done

    def _lost(self, number: int, now_ms: int) -> None:
        """Asked again on the next connection; a question that is the likely cause of it waits."""
        self._number = number
        if self._losses >= LOSSES_MAX:
            self.due_ms, self._number, self._failed = now_ms + RETRY_MS, 0, False
            self._station.log.add("warning", "iso15118: GetCertificateStatus was lost with the link %d times" % self._losses, now_ms)


def is_answer(text: str) -> bool:
    """Is it an OCSP response in DER and base64 (M06.FR.08, M06.FR.09) that tells a status? Its signature is the car's to verify."""
    try:
        der = a2b_base64(text)
        start, _ = inside(der, 0, len(der), SEQUENCE)
    except ValueError:
        return False
    return der[start : start + len(SUCCESSFUL)] == SUCCESSFUL
