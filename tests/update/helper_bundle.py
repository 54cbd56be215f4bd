"""Keys, key lists and bundles made on either runtime. Signs with the curve of the firmware: for tests, and for nothing else."""

from hashlib import sha256

from ampacity.update.cbor import encode
from ampacity.update.cose_sign1 import BUNDLE_TYPE, KEYS_TYPE, digest, key_id
from ampacity.update.manifest import FORMAT
from ampacity.update.p256 import GENERATOR, N, P, add, double


def times(k, point):
    total = None
    for i in range(255, -1, -1):
        total = double(total)
        if k >> i & 1:
            total = add(total, point)
    z = pow(total[2], P - 2, P)
    return total[0] * z * z % P, total[1] * z * z * z % P


class Signer:
    """A key pair by its number."""

    def __init__(self, number):
        self.private = int.from_bytes(sha256(b"key %d" % number).digest(), "big") % N
        x, y = times(self.private, GENERATOR + (1,))
        self.public = x.to_bytes(32, "big") + y.to_bytes(32, "big")
        self.kid = key_id(self.public)

    def signature(self, message_digest):
        k = int.from_bytes(sha256(self.private.to_bytes(32, "big") + message_digest).digest(), "big") % N
        r = times(k, GENERATOR + (1,))[0] % N
        s = pow(k, N - 2, N) * (int.from_bytes(message_digest, "big") + r * self.private) % N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


ROOT, SPARE_ROOT, RELEASE, NEXT_RELEASE, INSTALLER, STRANGER = [Signer(i) for i in range(6)]


def signed(payload, signer, content_type, kid=None):
    """COSE_Sign1 over a payload."""
    protected = encode({1: -7, 3: content_type, 4: kid or signer.kid})
    return b"\xd2" + encode([protected, {}, payload, signer.signature(digest(protected, payload))])


def key_list(counter, keys=((RELEASE, 1, "release"), (INSTALLER, 2, "installer")), revoked=(), root=ROOT):
    listed = [[signer.public, kinds, name] for signer, kinds, name in keys]
    payload = {1: 1, 2: counter, 3: listed, 4: sorted([signer.kid for signer in revoked])}
    return signed(encode(payload), root, KEYS_TYPE)


def manifest(files, changes=None):
    """The fields of a manifest for these [(path, content)], with other values where `changes` has them."""
    fields = {1: FORMAT, 2: "ampacity", 3: 1, 4: ["board-a", "board-b"], 5: "2.0.0", 6: 2, 7: 1}
    fields[8] = [[path, len(content), sha256(content).digest()] for path, content in files]
    fields[9] = []
    fields.update(changes or {})
    return fields


def bundle(files, changes=None, signer=RELEASE, kid=None, format=FORMAT):
    """The bytes of a bundle with these [(path, content)]. format: in its prefix; key 1 of `changes` is that of the manifest."""
    message = signed(encode(manifest(files, changes)), signer, BUNDLE_TYPE, kid)
    return b"AMPB" + format.to_bytes(2, "big") + len(message).to_bytes(2, "big") + message + b"".join([content for _, content in files])


def content(seed, size):
    """Bytes that differ by seed."""
    blocks = [sha256(b"%d.%d" % (seed, i)).digest() for i in range((size + 31) // 32)]
    return b"".join(blocks)[:size]
