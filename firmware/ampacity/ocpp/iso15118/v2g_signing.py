"""The V2G certificate of the station (A02, A03 with V2GCertificate): what a device that talks ISO 15118 shows to a car.

commonName is `ISO15118Ctrlr.SeccId`, the serial number without one; its chain leads to an installed V2GRootCertificate. A new one takes the
place of the one before at once (A02.FR.15): no connection of ours tries it. Kept: `ocpp_v2g`, and its chain as `ocpp_v2g_chain_N`.
"""

from binascii import hexlify

from ampacity.base.errors import Rejected
from ampacity.base.pem import certificates
from ampacity.ocpp.security.certificate_signing import CertificateSigning
from ampacity.x509.certificate import SERVER_AUTH, Certificate
from ampacity.x509.hash_data import hash_data

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace

DOC = "ocpp_v2g"
CHAIN = "ocpp_v2g_chain_%d"
KEYS = ("v0", "v1", "v2")  # names of key pairs: in use, of the request under way
KIND = "V2GCertificate"
CHILDREN_MAX = 4  # childCertificateHashData


class V2GStore:
    """What CertificateSigning keeps: see CertificateStore. Nothing is on trial."""

    trial: "list[Any] | None" = None

    def __init__(self, station: "StationFace") -> None:
        self._documents = station.documents
        kept = station.documents.get(DOC) or {"own": None, "pending": None}
        self.own: "list[Any] | None" = kept["own"]
        self.pending: "dict[str, str] | None" = kept["pending"]

    def keep(self) -> None:
        """Raises OSError: what was kept before still is."""
        self._documents.put(DOC, {"own": self.own, "pending": self.pending})

    def put_chain(self, text: str, root_key: bytes = b"") -> int:
        """Keep a PEM text, leaf first, and the key of its root, next to the one in use; OSError."""
        number = 0 if self.own is None else 1 - self.own[0]
        self._documents.put(CHAIN % number, {"pem": text, "issuer": hexlify(root_key).decode()})
        return number

    def chain(self, number: int) -> "str | None":
        """The PEM text under a number, None where the medium does not give it."""
        kept = self._documents.get(CHAIN % number)
        return None if kept is None else kept["pem"]

    def root_key(self, number: int) -> bytes:
        """The public key of the root of that chain."""
        return bytes.fromhex((self._documents.get(CHAIN % number) or {"issuer": ""})["issuer"])

    def drop_chain(self, number: int) -> None:
        """Its room is free again."""
        self._documents.try_remove(CHAIN % number)

    def free_key(self) -> str:
        """The name of a key pair that nothing needs."""
        return [name for name in KEYS if self.own is None or name != self.own[1]][0]


class V2GSigning(CertificateSigning):
    """`store`: what is kept of it."""

    kind = KIND
    what = "V2G certificate"

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self.store = V2GStore(station)
        self.on_renewed: "Callable[[int], None]" = lambda now_ms: None
        super().__init__(station, self.store, now_ms)  # type: ignore[arg-type]  # what it needs of a CertificateStore

    def begin(self, now_ms: int) -> bool:
        """As CertificateSigning.begin; False also while V2GCertificateInstallationEnabled is false."""
        return self._station.model.on("ISO15118Ctrlr", "V2GCertificateInstallationEnabled") and super().begin(now_ms)

    def subject(self) -> "tuple[str, str, str]":
        """As CertificateSigning.subject; a country that is not two letters is left out."""
        text = self._station.model.text
        config, country = self._station.config, text("ISO15118Ctrlr", "CountryName")
        name = text("ISO15118Ctrlr", "SeccId") or config.get("serial") or config.get("identity", "")
        is_country = len(country) == 2 and all(["A" <= letter <= "Z" for letter in country])
        return name, text("ISO15118Ctrlr", "OrganizationName"), country if is_country else ""

    def may_serve(self, leaf: "Certificate") -> bool:
        """It is the server of a car."""
        return leaf.may_serve_as(SERVER_AUTH)

    def is_tried(self) -> bool:
        """The CSMS does not see it."""
        return False

    def trial_of(self, text: str, now_ms: int, root_key: bytes = b"") -> None:
        """As CertificateSigning.trial_of."""
        super().trial_of(text, now_ms, root_key)
        self.on_renewed(now_ms)

    def denied(self) -> None:
        """Without a V2G certificate no plug and charge until the next start (A02.FR.21)."""
        if not self.has_chain():
            self._station.model.set_passing("ISO15118Ctrlr", "PnCEnabled", "false")

    def has_chain(self) -> bool:
        """Is there a V2G certificate?"""
        return self.store.own is not None

    def chain_text(self) -> "str | None":
        """The PEM text of its chain, leaf first, None: there is none."""
        return None if self.store.own is None else self.store.chain(self.store.own[0])

    def chain(self) -> "list[Certificate]":
        """The leaf and its authorities without the root, [] without one that can be read."""
        text = self.chain_text()
        try:
            found = [Certificate(der) for der in certificates(text)] if text else []
        except (Rejected, ValueError):
            return []
        return [each for i, each in enumerate(found) if not i or each.issuer != each.subject][: 1 + CHILDREN_MAX]

    def chain_hashes(self, algorithm: str = "SHA256") -> "list[dict[str, str]]":
        """CertificateHashDataType of the leaf, and of each authority below the root."""
        chain = self.chain()
        if not chain:
            return []
        keys = [each.key_raw for each in chain[1:]] + [self.store.root_key(self.store.own[0])]  # type: ignore[index]  # it has a chain
        return [hash_data(each, key, algorithm) for each, key in zip(chain, keys)]

    def root_deleted(self, root: "Certificate") -> None:
        """A V2G root is gone: a chain that leads to it goes with it, for it could not be deleted any more (M04.FR.08)."""
        chain, own = self.chain(), self.store.own
        if own is None or not chain or chain[-1].issuer != root.subject or self.store.root_key(own[0]) != root.key_raw:
            return
        self.store.own = None
        self._try_keep()
        self._drop(own)
