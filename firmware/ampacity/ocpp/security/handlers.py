"""InstallCertificate, GetInstalledCertificateIds, DeleteCertificate (M03 to M05), CertificateSigned (A02, A03)."""

from ampacity.base.errors import Rejected
from ampacity.base.pem import blocks
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.security.certificate_signing import KIND
from ampacity.ocpp.security.certificate_store import CSMS_ROOT, ENTRIES_MAX, MAKER_ROOT, MO_ROOT, V2G_ROOT
from ampacity.ocpp.security.security_events import notify
from ampacity.x509.certificate import Certificate
from ampacity.x509.chain import CHAIN_MAX, check_dates, check_issuer, is_signed_by, verify_chain
from ampacity.x509.hash_data import hash_data
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Generator, Iterator

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.security.certificate_signing import CertificateSigning
    from ampacity.ocpp.security.certificates import Block

KINDS = (CSMS_ROOT, MAKER_ROOT)
KINDS_15118 = KINDS + (MO_ROOT, V2G_ROOT)
V2G_CHAIN = "V2GCertificateChain"
NO_15118 = "this station has no ISO 15118: no V2G and no mobility operator certificates"


def install_certificate(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """InstallCertificate (M05). A root that was verified is in force from the next connection on."""
    kind = request["certificateType"]
    if kind not in _kinds(station):
        return refusal("UnsupportedRequest", NO_15118)
    block = station.optional.get("certificates", now_ms)
    try:
        root = read_pem(request["certificate"], 1)[0]
        check_dates(root, station.unix_s(now_ms) or None, "root certificate")
        check_issuer(root, "root certificate")
    except ValueError as e:
        return refusal("InvalidCertificate", str(e))
    block.answer_with(message_id, _install(station, block, kind, root, now_ms), {"status": "Failed"}, now_ms)
    return None


def _kinds(station: "StationFace") -> "tuple[str, ...]":
    """The types of roots that this station knows."""
    return KINDS_15118 if station.config.get("iso15118") else KINDS


def _install(station: "StationFace", block: "Block", kind: str, root: "Certificate", now_ms: int) -> "Iterator[Message | None]":
    known = [(number, each) for number, other, each in block.store.readable() if other == kind]
    is_known = root.der in [each.der for _, each in known]
    old = None
    if kind == CSMS_ROOT and known and not is_known and station.config.get("additional_root_check"):
        old = yield from _replaced_by(root, known)
        if old is None:  # M05.FR.11
            yield refusal("InvalidCertificate", "not signed by the CSMSRootCertificate that is installed")
            return
    else:
        wrong = yield from _is_no_root(root)
        if wrong:
            yield refusal("InvalidCertificate", wrong)
            return
    if not is_known and block.store.count() >= ENTRIES_MAX:
        yield refusal("TooManyElements", "SecurityCtrlr.CertificateEntries: at most %d" % ENTRIES_MAX)
        return
    if old is None:
        block.store.install(kind, root.der)
    else:
        block.store.replace(root.der, old[0], old[1].key_raw)
    block.changed("%s installed: %s" % (kind, root.common_name), now_ms)
    yield {"status": "Accepted"}


def _is_no_root(root: "Certificate") -> "Generator[None, None, str]":
    """What is wrong with the signature of a root certificate, "": nothing."""
    if root.issuer != root.subject:
        return "it is no root certificate: another one has signed it"
    try:
        genuine = yield from until_result(is_signed_by(root, root))
    except ValueError:
        genuine = True  # of a kind that only the TLS library verifies
    return "" if genuine else "its signature is wrong"


def _replaced_by(root: "Certificate", known: "list[tuple[int, Certificate]]") -> "Generator[None, None, tuple[int, Certificate] | None]":
    """The installed root that has signed this one, the latest first; None: none has (AdditionalRootCertificateCheck)."""
    for number, old in reversed(known):
        try:
            signed = yield from until_result(is_signed_by(root, old))
        except ValueError:
            signed = False
        if signed:
            return number, old
    return None


def get_installed_certificate_ids(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetInstalledCertificateIds (M03). The chain of the V2G certificate is one entry, its authorities below it (M03.FR.05)."""
    wanted = request.get("certificateType") or KINDS_15118 + (V2G_CHAIN,)
    block = station.optional.get("certificates", now_ms)
    found = []
    for number, kind, root in block.store.readable():
        if kind in wanted:
            found.append({"certificateType": kind, "certificateHashData": hash_data(root, block.store.issuer_key(number, root))})
    v2g = station.optional.find("iso15118")
    hashes = v2g.signing.chain_hashes() if v2g is not None and V2G_CHAIN in wanted else []
    if hashes:
        found.append({"certificateType": V2G_CHAIN, "certificateHashData": hashes[0]})
        if hashes[1:]:
            found[-1]["childCertificateHashData"] = hashes[1:]
    return {"status": "Accepted", "certificateHashDataChain": found} if found else {"status": "NotFound"}


def delete_certificate(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """DeleteCertificate (M04). The own certificate, and the last root of a connection over TLS, stay (M04.FR.03, M04.FR.06)."""
    block = station.optional.get("certificates", now_ms)
    wanted = _lower(request["certificateHashData"])
    algorithm = wanted["hashAlgorithm"]
    v2g = station.optional.find("iso15118")
    for number, kind, root in block.store.readable():
        if _lower(hash_data(root, block.store.issuer_key(number, root), algorithm)) != wanted:
            continue
        if kind == CSMS_ROOT and station.config.get("security_profile", 1) > 1 and len(block.store.roots(CSMS_ROOT)) < 2:
            return refusal("Unspecified", "the last CSMSRootCertificate: no connection could be made any more", "Failed")
        try:
            block.store.remove(number)
        except OSError as e:
            return refusal("OutOfStorage", str(e), "Failed")
        block.changed("%s deleted: %s" % (kind, root.common_name), now_ms)
        if v2g is not None and kind == V2G_ROOT:
            v2g.signing.root_deleted(root)
        return {"status": "Accepted"}
    if v2g is not None and wanted in [_lower(hashes) for hashes in v2g.signing.chain_hashes(algorithm)]:
        return refusal("Unspecified", "the V2G certificate of the charging station, or an authority of its chain", "Failed")
    leaf = block.signing.leaf()
    if leaf is not None:
        own = _lower(hash_data(leaf, b"", algorithm))  # its issuer's key is not at hand; serial number and issuer are enough
        if (own["serialNumber"], own["issuerNameHash"]) == (wanted["serialNumber"], wanted["issuerNameHash"]):
            return refusal("Unspecified", "the certificate of the charging station", "Failed")
    return {"status": "NotFound"}


def _lower(names: "Message") -> "dict[str, str]":
    """Hexadecimal numbers are compared whatever their case."""
    fields = ("issuerNameHash", "issuerKeyHash", "serialNumber")
    out = {name: names[name].lower() for name in fields}
    out["hashAlgorithm"] = names["hashAlgorithm"]
    return out


def certificate_signed(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """CertificateSigned (A02, A03): a certificate of the station, for a key that it made."""
    block = station.optional.get("certificates", now_ms)
    signing, root_kind = block.signing, CSMS_ROOT
    if request.get("certificateType", KIND) != KIND:
        if not station.config.get("iso15118"):
            return refusal("UnsupportedRequest", NO_15118)
        signing, root_kind = station.optional.get("iso15118", now_ms).signing, V2G_ROOT
    text = request["certificateChain"]
    size_max = station.model.number("SecurityCtrlr", "MaxCertificateChainSize")
    if len(text) > size_max:
        return refusal("TooLargeElement", "SecurityCtrlr.MaxCertificateChainSize: at most %d characters" % size_max)
    otherwise = refusal("InternalError", "it was not verified in time")
    block.answer_with(message_id, _take_signed(station, signing, block.store.roots(root_kind), text, now_ms), otherwise, now_ms)
    return None


def _take_signed(
    station: "StationFace", signing: "CertificateSigning", roots: "list[Certificate]", text: str, now_ms: int,
) -> "Iterator[Message | None]":
    try:
        chain = read_pem(text, CHAIN_MAX + 1)
        signing.check(chain[0])
        root = yield from until_result(verify_chain(chain, roots, station.unix_s(now_ms) or None))
    except ValueError as e:
        notify(station, "InvalidChargingStationCertificate", str(e), now_ms)
        signing.refused()
        yield refusal("InvalidCertificate", str(e))
        return
    signing.trial_of(text, now_ms, root.key_raw)
    yield {"status": "Accepted"}


def read_pem(text: str, count_max: int) -> "list[Certificate]":
    """The certificates of a PEM text, and nothing else. ValueError: what is wrong with it."""
    try:
        found = blocks(text, "certificate")
    except Rejected as e:
        raise ValueError(str(e))
    if not 1 <= len(found) <= count_max or not all([label == "CERTIFICATE" for label, _ in found]):
        raise ValueError("%d PEM blocks; 1 to %d of CERTIFICATE are possible" % (len(found), count_max))
    return [Certificate(der) for _, der in found]
