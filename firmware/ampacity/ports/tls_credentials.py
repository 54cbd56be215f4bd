"""What a TLS context is made of: texts from the configuration, checked before any library sees them."""

from ampacity.base.errors import Rejected
from ampacity.base.pem import certificates, private_key

if False:  # for the type checker
    from typing import Any

# the suites of OCPP's security profiles 2 and 3 with forward secrecy, the cheaper first; TLS 1.3 has only such
SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
TLS_1_2, TLS_1_3 = "1.2", "1.3"
NO_1_3 = "1.2: this runtime has no TLS 1.3"
NEEDS_KEY = "the file with the certificate of this controller"


def credentials(material: "dict[str, Any]") -> "TlsCredentials":
    """Those of a configuration's root_pem, certificate_pem, key_pem and tls_min. Raises Rejected with the field."""
    return TlsCredentials(material.get("root_pem"), material.get("certificate_pem"), material.get("key_pem"), material.get("tls_min"))


def own_credentials(material: "dict[str, Any]") -> "TlsCredentials":
    """The same of a connection on which this controller shows its certificate. Raises Rejected also without one."""
    files = credentials(material)
    if files.key is None:
        raise Rejected("certificate_pem", "none", NEEDS_KEY)
    return files


class TlsCredentials:
    """roots: trusted certificates (PEM, one or more). certificate, key: our identity (PEM; both or none). tls_min: the lowest version of
    TLS, "1.2" or "1.3".

    Rejected names the field. `roots`, `chain`: lists of DER; `key`: DER or None; `chain_pem`, `key_pem`: as given.
    """

    def __init__(self, roots: "str | None", certificate: "str | None" = None, key: "str | None" = None, tls_min: "str | None" = None) -> None:
        if tls_min not in (None, TLS_1_2, TLS_1_3):
            raise Rejected("tls_min", str(tls_min), "1.2 or 1.3")
        self.tls_min = tls_min or TLS_1_2
        if not roots:
            raise Rejected("root_pem", "none", "the file with the root certificates to trust")
        if bool(certificate) != bool(key):
            raise Rejected("key_pem", "one without the other", "certificate_pem and key_pem together")
        self.roots = certificates(roots, "root_pem")
        self.chain = certificates(certificate, "certificate_pem") if certificate else []
        self.key = private_key(key, "key_pem") if key else None
        self.chain_pem, self.key_pem = certificate, key
