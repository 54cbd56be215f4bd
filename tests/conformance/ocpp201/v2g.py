"""The states of part 6 for ISO 15118: roots of V2G and of mobility operators, a V2G certificate, a car that has a contract.

The stack of ISO 15118 is not ours: what it reads from a car comes by `Station.ev_message`, as ocpp/iso15118/block.py lists it.
"""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import NameOID
from ocpp.v201 import call
from test_a_m_security_certificates import NOON_MS, Secured

from certificate_authority import StationAuthority, name_of, pem

V2G, MO, CHAIN = "V2GRootCertificate", "MORootCertificate", "V2GCertificateChain"
EMAID = "DEABCC000000015"
SECC = "DE-ICE-S-0003C4D5578786756453309675436-2"


def responder(name):
    """The extension that names an OCSP responder."""
    url = x509.UniformResourceIdentifier(f"http://ocsp.example/{name.replace(chr(32), chr(45))}")
    return (x509.AuthorityInformationAccess([x509.AccessDescription(Access.OCSP, url)]), False)


def authority(name, parent, named=True):
    """One below another; named: its certificate names a responder."""
    made = StationAuthority(NOON_MS, name, parent=parent)
    more = [responder(name)] if named else []
    made.certificate = parent.signed(made.name, made.key.public_key(), (-30, 3650), ca=True, more=more)
    made.pem = pem(made.certificate)
    return made


class Hierarchy:
    """A root and two authorities below it."""

    def __init__(self, name):
        self.root = StationAuthority(NOON_MS, name + " root")
        self.first = authority(name + " sub 1", self.root)
        self.second = authority(name + " sub 2", self.first)

    def chain(self, leaf):
        return pem(leaf) + self.second.pem + self.first.pem

    def hashes(self, leaf):
        """Of the leaf and of each authority below the root."""
        return [self.second.hash_data("SHA256", leaf, self.second), self.second.hash_data("SHA256", None, self.first),
                self.first.hash_data("SHA256", None, self.root)]


class Car:
    """A contract certificate of a mobility operator."""

    def __init__(self, operator, days=(-1, 365), emaid=EMAID):
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        self.operator = operator
        self.leaf = operator.second.signed(name_of(emaid, "MO"), key, days, more=[responder("contract")])
        self.chain = operator.chain(self.leaf)
        self.hashes = operator.hashes(self.leaf)


def ocsp_answer(issuer, leaf):
    """An OCSP response in DER and base64, as an authority signs it."""
    now = datetime.datetime.fromtimestamp(NOON_MS / 1000, datetime.UTC)
    built = ocsp.OCSPResponseBuilder().add_response(
        leaf, issuer.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, now, now + datetime.timedelta(days=7), None, None,
    ).responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)  # fmt: skip
    return base64.b64encode(built.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()


class Equipped(Secured):
    """A station with ISO 15118. `v2g`: the hierarchy of its V2G certificate; `operator`: that of the contracts."""

    def __init__(self, **more):
        super().__init__(**more)
        self.config["iso15118"] = True
        self.v2g, self.operator = Hierarchy("V2G"), Hierarchy("MO")
        self.start()

    async def rooted(self):
        """CertificateInstalled for V2GRootCertificate and MORootCertificate."""
        assert await self.install(self.v2g.root, V2G) == await self.install(self.operator.root, MO) == "Accepted"
        return self

    async def renewed(self, **more):
        """RenewV2GChargingStationCertificate; the leaf."""
        for name, value in (("SeccId", SECC), ("CountryName", "NL"), ("OrganizationName", "Vendor"), ("V2GCertificateInstallationEnabled", "true")):
            assert await self.set("ISO15118Ctrlr." + name, value) == "Accepted"
        assert await self.trigger("SignV2GCertificate") == "Accepted"
        asked = self.heard("SignCertificate")[-1]
        assert asked["certificate_type"] == "V2GCertificate"
        check_v2g_request(asked["csr"])
        leaf = self.v2g.second.answer(asked["csr"], more=[responder("secc")], **more)
        assert await self.give(self.v2g.chain(leaf), "V2GCertificate") == "Accepted"
        return leaf

    async def says(self, evse=1, **message):
        """The car's side says something; the answers to it that are there now."""
        self.station.ev_message(evse, message, self.now_ms)
        for _ in range(400):  # a chain is judged in slices
            await self.settle()
            if message["kind"] == "session_stop" or any(one[0] == "ev_answer" for one in self.station.actions):
                break
        return self.answers()

    def answers(self):
        """[(EVSE, answer)] since the last call."""
        found = [(one[1], one[2]) for one in self.station.actions if one[0] == "ev_answer"]
        self.station.actions[:] = []
        return found


def check_v2g_request(text):
    """Part 6, RenewV2GChargingStationCertificate: P-256 at least, the SeccId as commonName."""
    request = x509.load_pem_x509_csr(text.encode())
    assert request.is_signature_valid and request.public_key().curve.key_size >= 256
    assert [(each.oid, each.value) for each in request.subject] == [
        (NameOID.COUNTRY_NAME, "NL"), (NameOID.ORGANIZATION_NAME, "Vendor"), (NameOID.COMMON_NAME, SECC),
    ]  # fmt: skip


async def equipped(**more):
    return await Equipped(**more).booted()


async def chains(talk):
    """The entries of V2GCertificateChain: [(hashes of the leaf, [those of its authorities])]."""
    response = await talk.call(call.GetInstalledCertificateIds(certificate_type=[CHAIN]))
    assert (response.status == "Accepted") == bool(response.certificate_hash_data_chain)
    rows = response.certificate_hash_data_chain or []
    assert all(row["certificate_type"] == CHAIN for row in rows)
    return [(row["certificate_hash_data"], row.get("child_certificate_hash_data", [])) for row in rows]
