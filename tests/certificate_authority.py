"""Certificates of a CSO and of stations at any date, made and named by `cryptography`: the oracle for blocks A and M."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
HASHES = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}


def name_of(common_name, organization):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class StationAuthority:
    """now_ms: the date from which `days` count. parent: another authority that signs this one; kind: "ec", "rsa", "rsa1024", "ec384".

    pss: it signs with RSA-PSS; `mask`, `salt`: the digest of MGF1 and the bytes of the salt, where they are not those of `digest`.
    """

    def __init__(self, now_ms, name="CSO root", days=(-30, 3650), parent=None, kind="ec", digest=hashes.SHA256, pss=False):
        self.pss, self.mask, self.salt = pss, None, padding.PSS.DIGEST_LENGTH
        self.now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        makers = {"ec": lambda: ec.generate_private_key(ec.SECP256R1()), "ec384": lambda: ec.generate_private_key(ec.SECP384R1()),
                  "rsa": lambda: rsa.generate_private_key(65537, 2048), "rsa1024": lambda: rsa.generate_private_key(65537, 1024)}
        self.key = makers[kind]()
        self.name = name_of(name, "CSO")
        self.digest = digest
        signer = parent or self
        self.issuer = signer
        self.certificate = signer.signed(self.name, self.key.public_key(), days, ca=True)
        self.pem = pem(self.certificate)

    def signed(self, subject, public_key, days, ca=False, more=()):
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(self.now + days[0] * DAY).not_valid_after(self.now + days[1] * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )  # fmt: skip
        for extension, critical in more:
            builder = builder.add_extension(extension, critical)
        pss = padding.PSS(padding.MGF1((self.mask or self.digest)()), self.salt) if self.pss else None
        return builder.sign(self.key, self.digest(), rsa_padding=pss)

    def answer(self, request, days=(-1, 365), subject=None, key=None, more=()):
        """The certificate for a request (PEM), as a CA signs it; what is named replaces what the request says."""
        asked = x509.load_pem_x509_csr(request.encode())
        assert asked.is_signature_valid
        return self.signed(subject or asked.subject, key or asked.public_key(), days, more=more)

    def hash_data(self, algorithm="SHA256", certificate=None, issuer=None):
        """certificateHashData of the root, or of one that `issuer` (or this authority) issued, as an OCSP request names it."""
        both = (certificate or self.certificate, (issuer or self.issuer).certificate)
        made = ocsp.OCSPRequestBuilder().add_certificate(*both, HASHES[algorithm]()).build()
        return {"hash_algorithm": algorithm, "issuer_name_hash": made.issuer_name_hash.hex(), "issuer_key_hash": made.issuer_key_hash.hex(),
                "serial_number": f"{made.serial_number:x}"}
