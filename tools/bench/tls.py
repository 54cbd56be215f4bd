"""A TLS server on loopback for the rows that need one: it sends a greeting, keeps the session open and reads."""

import datetime
import ipaddress
import socket
import ssl
import tempfile
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class TlsServer:
    """`port`, `root` (the CA's certificate as a DER file), `context`. accept=True: a thread of this process holds the sessions."""

    def __init__(self, accept: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ampacity-bench.")
        folder = Path(self._folder.name)
        self.root = folder / "root.der"
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = certificate("bench root", root_key, root_key, ())
        names = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        leaf = certificate("localhost", key, root_key, names)
        self.root.write_bytes(root.public_bytes(serialization.Encoding.DER))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "server.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem")
        self.held: list[ssl.SSLSocket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        if accept:
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                self.held.append(self.context.wrap_socket(plain, server_side=True))
            except OSError:  # a client that gave up, or ran out of memory
                plain.close()

    def close(self) -> None:
        self._listener.close()
        for session in self.held:
            session.close()
        self._folder.cleanup()


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, root_key: ec.EllipticCurvePrivateKey, names: "tuple[x509.GeneralName, ...]"
) -> x509.Certificate:
    """A certificate signed by the root; without alternative names it is the root."""
    now = datetime.datetime.now(datetime.UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench root")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    return builder.sign(root_key, hashes.SHA256())
