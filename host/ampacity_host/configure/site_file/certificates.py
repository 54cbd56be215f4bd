"""Early check of certificates for the installer: dates, names, the role.

The controller checks all of this again at each connection; this check runs before commissioning.
"""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ampacity.bus.server.der import role
from ampacity.bus.server.rights import ORDER, READ, ROLES, rights_of
from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import Table

SOON = datetime.timedelta(days=30)


def read(text: str) -> list[x509.Certificate]:
    """All certificates of a PEM text; [] where there is none that can be read."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []


def check_dates(table: Table, key: str, text: str, collector: Collector, now: "datetime.datetime | None" = None) -> None:
    """Refuse what has expired; warn of what soon will, and of what is not valid yet.

    Of `[ocpp]` what has expired is a warning only: the CSMS may have renewed it, and otherwise decides whether it accepts the station
    (A00.FR.430).
    """
    now = now or datetime.datetime.now(datetime.UTC)
    for certificate in read(text):
        last, first = certificate.not_valid_after_utc, certificate.not_valid_before_utc
        name = certificate.subject.rfc4514_string() or "a certificate"
        expired = f'"{name}" has expired on {last:%Y-%m-%d}'
        if last < now and table.kind == "ocpp":
            collector.add(table, key, expired, "use a valid certificate", "warning")
        elif last < now:
            collector.add_secret(table, key, expired, "use a valid certificate")
        elif last < now + SOON:
            collector.add(table, key, f'"{name}" expires on {last:%Y-%m-%d}', "renew it in time", "warning")
        elif first > now:
            collector.add(table, key, f'"{name}" is valid from {first:%Y-%m-%d} on', "or set this machine's clock", "warning")


def check_role(table: Table, key: str, text: str, collector: Collector) -> None:
    """Warn if secondaries would refuse the requests of this certificate's owner: read and order."""
    for certificate in read(text)[:1]:
        try:
            named = role(certificate.public_bytes(Encoding.DER))
        except ValueError as wrong:
            collector.add(table, key, f"its role cannot be read: {wrong}", "use a UTF8String in extension 1.3.6.1.4.1.50316.802.1", "warning")
            return
        roles = [(name, tuple(rights)) for name, rights in (table.get("roles") or {}).items()] or ROLES
        if not {READ, ORDER} <= set(rights_of(named, roles)):
            said = "names no role" if named is None else f'names the role "{named}"'
            wanted = " or ".join(name for name, rights in roles if {READ, ORDER} <= set(rights)) or "one with read and order"
            collector.add(table, key, f"{said}, which may not read and order", f"issue it with the role {wanted}", "warning")


def check_name(table: Table, key: str, text: str, host: str, collector: Collector) -> None:
    """Warn where the certificate is not for the host at which the primary looks for this device."""
    for certificate in read(text)[:1]:
        try:
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            names = x509.SubjectAlternativeName([])
        if not covers(names, host):
            have = ", ".join(str(name.value) for name in names) or "none"
            collector.add(table, key, f"is not for {host} (but for {have})", "issue it with that subject alternative name", "warning")


def covers(names: x509.SubjectAlternativeName, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return any(matches(name.lower(), host.lower()) for name in names.get_values_for_type(x509.DNSName))


def matches(pattern: str, host: str) -> bool:
    """A name, or one with * for its first part."""
    head, _, rest = host.partition(".")
    return pattern == host or (pattern == "*." + rest and bool(head) and bool(rest))
