"""`python -m tools.x509_vectors [--check]`: certificates for tests that run on a controller's runtime, made by `cryptography`.

Writes tests/vectors_x509.py. Keys and dates are fixed and signatures deterministic, so the file is the same each time. The key of the
station is the one that the firmware makes of the bytes 0, 1, 2 …
"""

import datetime
import sys
import textwrap

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.generated import ROOT, write

FILE = ROOT / "tests" / "vectors_x509.py"
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECRET = int.from_bytes(bytes(range(40)), "big") % (N - 1) + 1
RSA_P = int(
    "f68a3939a6046c024b3eec93ef002dd6feb76e75735745e6957f51b6cc55b929e15756bdd0ed3718bf9cc331fe04555204f1ad663911eea207a3e35ace02e08b"
    "585adb482adc7da2d10bf055c7c0a333b76f0413c73aafa185832e83ad7a08440f56211ce1a8a2afafd8a8999f5bba8cfc3d92af615316461cd3e9a2c9e489c9",
    16,
)
RSA_Q = int(
    "cfcd781d312bc94016b56af10702f4e9e80979854a1d470443f451d9ae837e2cf03dbb8290b29519052470f17ac6391e239a948d06cb55fc88bf87995bbe7968"
    "d51bed8d1903d9410f71cb549651cc81d71dea3a7fbdf711d776444c207c95b41125b5ac45549384140566bf76dbbd7d734ebce10edc03a1140d855c9f40c64f",
    16,
)
FIRST, LAST = datetime.datetime(2026, 1, 1), datetime.datetime(2031, 1, 1)


def rsa_key():
    p, q = max(RSA_P, RSA_Q), min(RSA_P, RSA_Q)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), numbers).private_key()


def key(number):
    return ec.derive_private_key(number, ec.SECP256R1())


ROOT_KEY, SUB_KEY, NEXT_KEY, STATION_KEY, RSA = key(1001), key(1002), key(1003), key(SECRET), rsa_key()
LONG_KEY = ec.derive_private_key(77, ec.SECP384R1())


def certificate(
    subject, issuer, public, signer, ca=False, path=None, first=FIRST, last=LAST, digest=None, serial=4711, more=(), organization="Ampacity",
    mask=None,
):
    """The hexadecimal DER of one. mask: digest of MGF1 of a signature by RSA-PSS, whose salt has no bytes, so it is the same each time."""
    owner = x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)
    names = [x509.Name([owner, x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (issuer, subject)]
    builder = x509.CertificateBuilder(names[0], names[1], public, serial, first, last)
    builder = builder.add_extension(x509.BasicConstraints(ca, path), critical=True)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    options = {} if isinstance(signer, rsa.RSAPrivateKey) else {"ecdsa_deterministic": True}
    if mask is not None:
        options["rsa_padding"] = padding.PSS(padding.MGF1(mask), 0)
    made = builder.sign(signer, digest or hashes.SHA256(), **options)
    return made.public_bytes(serialization.Encoding.DER).hex()


def usage(*wanted):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: name in wanted for name in names}), True


def vectors():
    root, sub, station = ROOT_KEY.public_key(), SUB_KEY.public_key(), STATION_KEY.public_key()
    signs, shows = usage("key_cert_sign", "crl_sign"), usage("digital_signature")
    return {
        "ROOT": certificate("Root", "Root", root, ROOT_KEY, ca=True, serial=0x0ABC, more=[signs]),
        "NEXT_ROOT": certificate("Next", "Next", NEXT_KEY.public_key(), NEXT_KEY, ca=True, serial=5),
        "RSA_ROOT": certificate("RSA root", "RSA root", RSA.public_key(), RSA, ca=True),
        "RSA_ROOT_512": certificate("RSA root", "RSA root", RSA.public_key(), RSA, ca=True, digest=hashes.SHA512()),
        "ROOT_384": certificate("Root", "Root", root, ROOT_KEY, ca=True, digest=hashes.SHA384()),
        "LONG_ROOT": certificate("Long", "Long", LONG_KEY.public_key(), LONG_KEY, ca=True, digest=hashes.SHA384()),
        "CROSS": certificate("Next", "Root", NEXT_KEY.public_key(), ROOT_KEY, ca=True, serial=6),
        "EXPIRED_ROOT": certificate("Old", "Old", root, ROOT_KEY, ca=True, last=datetime.datetime(2026, 2, 1)),
        "SUB": certificate("Sub", "Root", sub, ROOT_KEY, ca=True, path=0, more=[signs]),
        "SUB_OF_SUB": certificate("SubSub", "Sub", sub, SUB_KEY, ca=True),
        "NO_CA": certificate("Sub", "Root", sub, ROOT_KEY),
        "NO_SIGNER": certificate("Sub", "Root", sub, ROOT_KEY, ca=True, more=[shows]),
        "STATION": certificate("S1", "Root", station, ROOT_KEY, more=[shows]),
        "STATION_OF_SUB": certificate("S1", "Sub", station, SUB_KEY, more=[shows]),
        "STATION_OF_SUBSUB": certificate("S1", "SubSub", station, SUB_KEY),
        "STATION_OF_RSA": certificate("S1", "RSA root", station, RSA),
        "STATION_OF_PSS": certificate("S1", "RSA root", station, RSA, mask=hashes.SHA256()),
        "STATION_OF_PSS_384": certificate("S1", "RSA root", station, RSA, digest=hashes.SHA384(), mask=hashes.SHA512()),
        "STATION_OF_NEXT": certificate("S1", "Next", station, NEXT_KEY),
        "STATION_BY_NEXT": certificate("S1", "Root", station, NEXT_KEY),
        "STATION_ENDED": certificate("S1", "Root", station, ROOT_KEY, last=datetime.datetime(2026, 2, 1)),
        "STATION_EARLY": certificate("S1", "Root", station, ROOT_KEY, first=datetime.datetime(2027, 2, 1)),
        "STATION_FOREIGN": certificate("S1", "Root", station, ROOT_KEY, organization="Somebody else"),
        "STATION_SERVER": certificate("S1", "Root", station, ROOT_KEY, more=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]),
        "STATION_CONSTRAINED": certificate(
            "S1", "Root", station, ROOT_KEY, more=[(x509.NameConstraints([x509.DNSName("example")], None), True)]),
        "OTHER_STATION": certificate("S2", "Root", station, ROOT_KEY),
        "OTHER_KEY": certificate("S1", "Root", key(99).public_key(), ROOT_KEY),
    }  # fmt: skip


def text() -> str:
    lines = ['"""generated by tools/x509_vectors.py: DER of certificates in hexadecimal."""', ""]
    for name, value in vectors().items():
        lines += [f"{name} = bytes.fromhex(", *(f'    "{part}"' for part in textwrap.wrap(value, 128)), ")"]
    return "\n".join([*lines, ""])


def main() -> int:
    return write(FILE, text(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
