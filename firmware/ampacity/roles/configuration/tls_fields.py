"""Whether a sent configuration has the certificates that its security profile, its buses and its line to a parent need.

A start does not check this: a primary without a connection to its CSMS, to a device or to its parent still protects the site.
"""

from ampacity.base.errors import Rejected
from ampacity.ports.tls_credentials import credentials, own_credentials

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ports.tls_credentials import TlsCredentials
    from ampacity.roles.interfaces import RolePlatform, SiteFacts

PROFILE_TLS, PROFILE_CERTIFICATE = 2, 3


def refuse_tls(site: "SiteFacts", platform: "RolePlatform") -> None:
    """Raise Rejected with the path of the first field without which no connection could be made. platform: whose library reads them."""
    ocpp = site.get("ocpp") or {}
    profile = ocpp.get("security_profile", 1)
    if profile >= PROFILE_TLS:
        _refuse("ocpp", ocpp, profile == PROFILE_CERTIFICATE)
    for bus in site["buses"]:
        if bus.get("tls"):
            _refuse("buses[%s].tls" % bus.get("name"), bus["tls"], True, platform.client_tls)
    material = ((site.get("parent") or {}).get("tcp") or {}).get("tls")
    if material:
        _refuse("parent.tcp.tls", material, True, platform.server_tls)


def _refuse(path: str, material: "SiteFacts", needs_key: bool, read: "Callable[[TlsCredentials], object] | None" = None) -> None:
    """read: what makes a context of them; where the memory does not suffice for one more, it is left to the start."""
    try:
        files = own_credentials(material) if needs_key else credentials(material)
        if read is not None:
            read(files)
    except Rejected as e:
        raise Rejected("%s.%s" % (path, e.field), e.value, e.allowed)
    except MemoryError:
        pass
