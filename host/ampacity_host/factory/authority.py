"""The manufacturer's certificate authority: a key and a certificate in a folder. It signs requests that controllers made."""

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ampacity_host.update.refused import Refused

KEY, CERTIFICATE = "ca.key", "ca.pem"
CA_DAYS = 30 * 365
SKEW = datetime.timedelta(hours=1)


class Authority:
    """The authority of a folder. Raises Refused where there is none, or where others can read its key."""

    def __init__(self, folder: Path) -> None:
        key, certificate = folder / KEY, folder / CERTIFICATE
        if not key.is_file() or not certificate.is_file():
            raise Refused("ca", f"no {KEY} and {CERTIFICATE} in {folder}; make them: ampacity factory ca --out {folder} --name NAME")
        if os.name == "posix" and key.stat().st_mode & 0o077:
            raise Refused("ca", f"others can read {key}; its mode must be 600")
        try:
            found = serialization.load_pem_private_key(key.read_bytes(), None)
            self.certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
        except (ValueError, TypeError):
            raise Refused("ca", f"{key} or {certificate} is not PEM, or has a password") from None
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise Refused("ca", f"{key} is no key of an elliptic curve")
        if found.public_key() != self.certificate.public_key():
            raise Refused("ca", f"{certificate} is not the certificate of {key}")
        self._key = found

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def asked_for(self, request: bytes, serial: str) -> ec.EllipticCurvePublicKey:
        """The key of a request in DER. Raises Refused where it is not by a P-256 key that signed it for this serial number."""
        try:
            asked = x509.load_der_x509_csr(request)
            key, signed = asked.public_key(), asked.is_signature_valid
        except (ValueError, UnsupportedAlgorithm):
            raise Refused("request", "the controller gave no certificate request") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1) or not signed:
            raise Refused("request", "it is not signed by the P-256 key in it")
        if asked.subject != named(serial):
            raise Refused("request", f"it is for {asked.subject.rfc4514_string()}, not CN={serial}")
        return key

    def certify(self, request: bytes, serial: str, days: int, now: datetime.datetime) -> x509.Certificate:
        """The certificate for a request. Raises Refused as `asked_for`."""
        key = self.asked_for(request, serial)
        usage = x509.KeyUsage(True, False, False, False, True, False, False, False, False)
        end = min(now + datetime.timedelta(days=days), self.certificate.not_valid_after_utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(serial))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - SKEW)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


def named(serial: str) -> x509.Name:
    """The name of a controller."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial)])


def new_authority(folder: Path, name: str, now: datetime.datetime) -> x509.Certificate:
    """Makes the authority of a folder. Raises Refused where there is one already."""
    key_file, certificate_file = folder / KEY, folder / CERTIFICATE
    if key_file.exists() or certificate_file.exists():
        raise Refused("ca", f"{folder} has an authority already; nothing is written over it")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + datetime.timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    number = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(number, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made
