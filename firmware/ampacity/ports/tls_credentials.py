"""What a TLS context is made of: texts from the configuration, checked before any library sees them."""

from ampacity.base.der import OCTET_STRING, OID, SEQUENCE, inside, take
from ampacity.base.errors import Rejected
from ampacity.base.pem import certificates, private_key

if False:  # for the type checker
    from typing import Any

# the suites of OCPP's security profiles 2 and 3 with forward secrecy, the cheaper first; TLS 1.3 has only such
SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
TLS_1_2, TLS_1_3 = "1.2", "1.3"
NO_1_3 = "1.2: this runtime has no TLS 1.3"
COMMON_NAME, SUBJECT_ALT_NAME = b"\x55\x04\x03", b"\x55\x1d\x11"  # 2.5.4.3 and 2.5.29.17 in DER
VERSION, DNS_NAME, CONSTRUCTED = 0xA0, 0x82, 0x20
NEEDS_KEY = "the file with the certificate of this controller"


def credentials(material: "dict[str, Any]", wildcards: bool = True) -> "TlsCredentials":
    """Those of a configuration's root_pem, certificate_pem, key_pem and tls_min. Raises Rejected with the field."""
    pem = material.get
    return TlsCredentials(pem("root_pem"), pem("certificate_pem"), pem("key_pem"), pem("tls_min"), wildcards)


def own_credentials(material: "dict[str, Any]") -> "TlsCredentials":
    """The same of a connection on which this controller shows its certificate. Raises Rejected also without one."""
    files = credentials(material)
    if files.key is None:
        raise Rejected("certificate_pem", "none", NEEDS_KEY)
    return files


class TlsCredentials:
    """roots: trusted certificates (PEM, one or more). certificate, key: our identity (PEM; both or none). tls_min: the lowest version of
    TLS, "1.2" or "1.3". `wildcards`: may a server's certificate name all hosts of a domain?

    Rejected names the field. `roots`, `chain`: lists of DER; `key`: DER or None; `chain_pem`, `key_pem`: as given.
    """

    def __init__(
        self, roots: "str | None", certificate: "str | None" = None, key: "str | None" = None, tls_min: "str | None" = None, wildcards: bool = True,
    ) -> None:
        if tls_min not in (None, TLS_1_2, TLS_1_3):
            raise Rejected("tls_min", str(tls_min), "1.2 or 1.3")
        self.tls_min = tls_min or TLS_1_2
        self.wildcards = wildcards
        if not roots:
            raise Rejected("root_pem", "none", "the file with the root certificates to trust")
        if bool(certificate) != bool(key):
            raise Rejected("key_pem", "one without the other", "certificate_pem and key_pem together")
        self.roots = certificates(roots, "root_pem")
        self.chain = certificates(certificate, "certificate_pem") if certificate else []
        self.key = private_key(key, "key_pem") if key else None
        self.chain_pem, self.key_pem = certificate, key


def check_names(der: bytes, wildcards: bool) -> None:
    """What the libraries' comparison of a server's certificate with the host leaves open. ValueError: it is refused."""
    start, end = inside(der, 0, len(der), SEQUENCE)
    start, end = take(der, start, end)[1:]
    for _ in range(5 if der[start] == VERSION else 4):  # up to its subject
        start = take(der, start, end)[2]
    common: "list[bytes]" = []
    others: "list[bytes]" = []
    _find_names(der, start, end, common, others)
    if not wildcards and b"*" in b"".join(common + others):
        raise ValueError("a wildcard")
    if SUBJECT_ALT_NAME not in der and any([b":" in name or not name.strip(b"0123456789.") for name in common]):
        raise ValueError("no subjectAltName")  # RFC 2818, 3.1: an address is no commonName


def _find_names(der: bytes, at: int, end: int, common: "list[bytes]", others: "list[bytes]") -> None:
    """The commonNames and the dNSNames of subjectAltName."""
    kind = b""
    while at < end:
        tag, start, at = take(der, at, end)
        if tag == OID:
            kind = der[start:at]
        elif tag & CONSTRUCTED:
            _find_names(der, start, at, common, others)
        elif kind == COMMON_NAME:
            common.append(der[start:at])
        elif tag == DNS_NAME:
            others.append(der[start:at])
        elif kind == SUBJECT_ALT_NAME and tag == OCTET_STRING:
            _find_names(der, start, at, common, others)
