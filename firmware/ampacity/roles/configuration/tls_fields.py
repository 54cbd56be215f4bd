"""Whether a sent configuration has the certificates that its security profile and its buses need. Loaded for that only.

A start does not check this: a primary without a connection to its CSMS still protects the site.
"""

from ampacity.base.errors import Rejected
from ampacity.ports.tls_credentials import TlsCredentials

if False:  # for the type checker
    from ampacity.roles.interfaces import SiteFacts

PROFILE_TLS, PROFILE_CERTIFICATE = 2, 3
NEEDS_KEY = "the file with the certificate of this controller"


def refuse_tls(site: "SiteFacts") -> None:
    """Raise Rejected with the path of the first field without which no connection could be made."""
    ocpp = site.get("ocpp") or {}
    profile = ocpp.get("security_profile", 1)
    if profile >= PROFILE_TLS:
        _refuse("ocpp", ocpp, profile == PROFILE_CERTIFICATE)
    for bus in site["buses"]:
        if bus.get("tls"):
            _refuse("buses[%s].tls" % bus.get("name"), bus["tls"], True)


def _refuse(path: str, material: "SiteFacts", needs_key: bool) -> None:
    try:
        files = TlsCredentials(material.get("root_pem"), material.get("certificate_pem"), material.get("key_pem"), material.get("tls_min"))
    except Rejected as e:
        raise Rejected("%s.%s" % (path, e.field), e.value, e.allowed)
    if needs_key and files.key is None:
        raise Rejected(path + ".certificate_pem", "none", NEEDS_KEY)
