"""The certificates that are installed: roots of the site file, roots that the CSMS installed, and the station's own (M03 to M05, A02).

Each is a document of its own, `ocpp_certificate_N`; `ocpp_certificates` has the list. A certificate is in memory while it is worked with.
A root of the site file that the CSMS deleted stays deleted until the site file names other roots; another own certificate in the site file
takes the place of one that the CSMS signed.
"""

from binascii import hexlify
from hashlib import sha256

from ampacity.base.errors import Rejected
from ampacity.base.pem import certificates as pem_certificates
from ampacity.x509.certificate import Certificate
from ampacity.x509.encoding import pem

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace

    Entry = tuple[int, str, bytes]  # number (below 0: of the site file), type of InstallCertificateUseEnumType, DER

DOC = "ocpp_certificates"
EACH = "ocpp_certificate_%d"
ENTRIES_MAX = 8  # SecurityCtrlr.CertificateEntries.maxLimit: roots, and the station's own certificate
CSMS_ROOT, MAKER_ROOT = "CSMSRootCertificate", "ManufacturerRootCertificate"
MO_ROOT, V2G_ROOT = "MORootCertificate", "V2GRootCertificate"  # of a station with ISO 15118
KEYS = ("0", "1", "2")  # names of key pairs: in use, on trial, of the request under way


class CertificateStore:
    """`own`, `trial`: [number, key] of the station's certificate that works, and of the one that has yet to; None: none of the CSMS.
    `pending`: {"key", "csr"} of the request that waits for its certificate, or None."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        config = station.config
        self._site_roots = _ders(config.get("root_pem"))
        site = [_mark(config.get("root_pem")), _mark(config.get("certificate_pem"))]
        kept = station.documents.get(DOC) or {"roots": [], "site": site, "gone": [], "own": None, "trial": None, "pending": None}
        self._roots: "list[list[Any]]" = kept["roots"]
        self._gone: "list[str]" = kept["gone"] if kept["site"][0] == site[0] else []
        same = kept["site"][1] == site[1]
        self.own: "list[Any] | None" = kept["own"] if same else None
        self.trial: "list[Any] | None" = kept["trial"] if same else None
        self.pending: "dict[str, str] | None" = kept["pending"]
        same = kept["site"][0] == site[0]
        self._replaced: "int | None" = kept.get("replaced") if same else None  # number of the root that another one replaces (M05.FR.12)
        self._with_replaced = False  # it is the one in force
        self._site = site

    def keep(self) -> None:
        """Raises OSError: what was kept before still is."""
        self._station.documents.put(DOC, {
            "roots": self._roots, "site": self._site, "gone": self._gone, "own": self.own, "trial": self.trial, "pending": self.pending,
            "replaced": self._replaced,
        })  # fmt: skip

    def entries(self) -> "Iterator[Entry]":
        """The roots, one after the other; one that the medium does not give is passed over."""
        for i, der in enumerate(self._site_roots):
            if _mark(der) not in self._gone:
                yield -1 - i, CSMS_ROOT, der
        for number, kind in self._roots:
            found = self._der(number)
            if found is not None:
                yield number, kind, found

    def roots(self, kind: str) -> "list[Certificate]":
        """The readable roots of this type."""
        return [root for _, known, root in self.readable() if known == kind]

    def readable(self) -> "Iterator[tuple[int, str, Certificate]]":
        """(number, type, Certificate) of each root that is read here; the TLS library may know more."""
        for number, kind, der in self.entries():
            try:
                yield number, kind, Certificate(der)
            except ValueError:
                self._station.log.counter("certificates_unread")

    def count(self) -> int:
        """SecurityCtrlr.CertificateEntries."""
        mine = self.own is not None or self.trial is not None or bool(self._station.config.get("certificate_pem"))
        v2g = self._station.optional.find("iso15118")
        return len(self._site_roots) - len(self._gone) + len(self._roots) + mine + (v2g is not None and v2g.signing.has_chain())

    def issuer_key(self, number: int, root: "Certificate") -> bytes:
        """The public key of the root's issuer: its own, or that of the root which it replaced."""
        if root.issuer == root.subject:
            return root.key_raw
        kept = self._station.documents.get(EACH % number) or {}
        return bytes.fromhex(kept.get("issuer", ""))

    def install(self, kind: str, der: bytes, issuer_key: bytes = b"") -> None:
        """Keep a root that was verified; the same once more changes nothing (M05.FR.17). issuer_key: of one that is not its own issuer.
        OSError: it is not kept."""
        mark = _mark(der)
        if kind == CSMS_ROOT and mark in self._gone:
            self._gone.remove(mark)
            return self.keep()
        for _, known, other in self.entries():
            if known == kind and other == der:
                return None
        number = self.put_chain(pem("CERTIFICATE", der), issuer_key)
        self._roots.append([number, kind])
        try:
            self.keep()
        except OSError:
            self._roots.pop()
            self.drop_chain(number)
            raise
        return None

    def replace(self, der: bytes, old: int, issuer_key: bytes) -> None:
        """A root of the CSMS takes the place of another one, which is kept until the new one has worked (M05.FR.10, M05.FR.12). OSError: nothing
        is changed."""
        before = self._replaced
        self._replaced, self._with_replaced = old, False
        try:
            self.install(CSMS_ROOT, der, issuer_key)
        except OSError:
            self._replaced = before
            raise
        for number, kind, other in list(self.entries()):
            if kind == CSMS_ROOT and number != old and other != der:
                self.remove(number)

    def turn(self) -> bool:
        """A certificate of the CSMS was refused: the replaced root has its turn, or the new one again. False: none is kept."""
        self.choose(not self._with_replaced)
        return self._replaced is not None

    def choose(self, replaced: bool) -> None:
        """With which root the next attempt begins: the replaced one, where one is kept, or the new one."""
        self._with_replaced = replaced and self._replaced is not None

    def forget_replaced(self) -> None:
        """A connection works: with the new root the replaced one is removed (M05.FR.13)."""
        old = self._replaced
        if old is None or self._with_replaced:
            return
        self._replaced = None
        try:
            self.remove(old)
        except OSError:
            self._replaced = old
            self._station.log.counter("ocpp_not_kept")

    def remove(self, number: int) -> None:
        """Forget a root; of two that replace each other the one that is left is in force. OSError: it is still there."""
        before = (self._roots, self._gone, self._replaced)
        if number < 0:
            self._gone = self._gone + [_mark(self._site_roots[-1 - number])]
        else:
            self._roots = [row for row in self._roots if row[0] != number]
        if self._replaced is not None and len([kind for _, kind, _ in self.entries() if kind == CSMS_ROOT]) < 2:
            self._replaced = None
        try:
            self.keep()
        except OSError:
            self._roots, self._gone, self._replaced = before
            raise
        if number >= 0:
            self.drop_chain(number)

    def put_chain(self, text: str, issuer_key: bytes = b"") -> int:
        """Keep a PEM text under a number that is free; OSError."""
        used = [row[0] for row in self._roots + [each for each in (self.own, self.trial) if each is not None]]
        number = 0
        while number in used:
            number += 1
        self._station.documents.put(EACH % number, {"pem": text, "issuer": hexlify(issuer_key).decode()})
        return number

    def chain(self, number: int) -> "str | None":
        """The PEM text under a number, None where the medium does not give it."""
        kept = self._station.documents.get(EACH % number)
        return None if kept is None else kept["pem"]

    def drop_chain(self, number: int) -> None:
        """Its room is free again."""
        self._station.documents.try_remove(EACH % number)

    def free_key(self) -> str:
        """The name of a key pair that nothing needs."""
        used = [row[1] for row in (self.own, self.trial) if row is not None]
        return [name for name in KEYS if name not in used][0]

    def roots_pem(self) -> "str | None":
        """The roots that a CSMS is verified with, None: none. Those of the site file as they are, until the CSMS deletes one."""
        if not self._gone and not self._roots:
            return self._station.config.get("root_pem")
        texts = []
        for number, kind, der in self.entries():
            if kind == CSMS_ROOT and (self._replaced is None or (number == self._replaced) == self._with_replaced):
                texts.append(pem("CERTIFICATE", der))
        return "\n".join(texts) or None

    def _der(self, number: int) -> "bytes | None":
        ders = _ders(self.chain(number))
        return ders[0] if ders else None


def _ders(text: "str | None") -> "list[bytes]":
    """The certificates of a PEM text; none of one that is none: the TLS library says what is wrong with it."""
    try:
        return pem_certificates(text) if text else []
    except Rejected:
        return []


def _mark(data: "str | bytes | None") -> str:
    """By which a text of the site file, or a certificate, is known again."""
    raw = data.encode() if isinstance(data, str) else data or b""
    return hexlify(sha256(raw).digest()[:16]).decode()
