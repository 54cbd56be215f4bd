"""CertificateHashDataType of OCPP: by which the CSMS names a certificate (part 2, 2.6)."""

from binascii import hexlify

from ampacity.x509.digests import digest
from ampacity.x509.slices import at_once

if False:  # for the type checker
    from ampacity.x509.certificate import Certificate


def hash_data(certificate: "Certificate", issuer_key: bytes, algorithm: str = "SHA256") -> "dict[str, str]":
    """issuer_key: the content of the BIT STRING of its issuer's public key (of its own for a root). algorithm: of HashAlgorithmEnumType."""
    serial = hexlify(certificate.serial).decode()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": hexlify(at_once(digest(algorithm, certificate.issuer))).decode(),
        "issuerKeyHash": hexlify(at_once(digest(algorithm, issuer_key))).decode(),
        "serialNumber": serial[1:] if serial[0] == "0" else serial,
    }
