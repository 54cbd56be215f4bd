"""The signature over a file whose SHA-256 is known (OCPP 2.0.1, L01.FR.04): RSA-PSS (RFC 8017, 8.1.2), or ECDSA with P-256; in slices.

RSA-PSS has SHA-256 in both places (message and MGF1) and a salt of any length: the tools that sign choose different ones.
"""

from ampacity.x509.pss import is_pss
from ampacity.x509.signatures import rsa_message, verify_ecdsa
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.x509.certificate import PublicKey


def verify_file(key: "PublicKey", found: bytes, signature: bytes) -> "Iterator[bool | None]":
    """Yields None while there is more to do, then whether this key has signed. found: SHA-256 of the file; key: of kind EC or RSA.

    signature: DER of r and s, or as many bytes as the modulus. ValueError: nothing is verified here with this kind of key.
    """
    if key.kind == "EC":
        yield from verify_ecdsa(key.point, found, signature)
    elif key.kind == "RSA":
        message = yield from until_result(rsa_message(key, signature))
        yield is_pss(message, key.modulus, found)
    else:
        raise ValueError("a file is verified with a key of P-256 or RSA")
