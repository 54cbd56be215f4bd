"""A certificate authority for one test: certificates and keys as PEM texts and files, right ones and wrong ones."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

ROLE = ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM


class Pair:
    """`certificate`, `key`: PEM texts; `der`: the certificate's."""

    def __init__(self, certificate, key):
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.certificate = certificate.public_bytes(PEM).decode()
        plain = serialization.NoEncryption()
        self.key = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain).decode()

    def files(self, folder, name):
        """(certificate file, key file) in the folder."""
        paths = folder / f"{name}.pem", folder / f"{name}.key.pem"
        for path, text in zip(paths, (self.certificate, self.key), strict=True):
            path.write_text(text)
        return paths


class Authority:
    """root: its certificate as PEM. issue(…) → Pair."""

    def __init__(self, name="Test CA"):
        self._name, self._key = name, ec.generate_private_key(ec.SECP256R1())
        own = self._signed(name, self._key.public_key(), True, 1, [])
        self.pair = Pair(own, self._key)
        self.root = self.pair.certificate

    def below(self, name):
        """An authority that this one signed."""
        made = Authority(name)
        made.pair = Pair(self._signed(name, made._key.public_key(), True, 1, []), made._key)
        made.root = made.pair.certificate
        return made

    def issue(self, name="localhost", addresses=("127.0.0.1",), role=None, days=(-1, 2), rsa_bits=0, extensions=(), alternative=True, also=()):
        """role: a text for a UTF8String, or the extension's raw bytes; days: of validity, counted from now; alternative False: a common name only;
        also: more host names."""
        key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
        names = [*(x509.DNSName(each) for each in (name, *also)), *(x509.IPAddress(ipaddress.ip_address(each)) for each in addresses)]
        more = [*([(x509.SubjectAlternativeName(names), False)] if alternative else []), *extensions]
        if role is not None:
            value = role if isinstance(role, bytes) else bytes((12, len(role.encode()))) + role.encode()
            more.append((x509.UnrecognizedExtension(ROLE, value), False))
        return Pair(self._signed(name, key.public_key(), False, days, more), key)

    def _signed(self, subject, public_key, is_root, days, more):
        first, last = (-1, 20) if is_root else days
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name)]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + first * DAY)
            .not_valid_after(now + last * DAY)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        for extension, critical in more:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())

    def server_context(self, folder, pair, clients=None):
        """An ssl.SSLContext that shows `pair`; clients: the Authority whose certificates clients must show."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair.files(folder, f"server-{id(pair)}"))
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.root)
        return context
