"""Row `crypto`: verifying the signature of an update bundle on MicroPython, whole and in slices, against `cryptography`.

In CPU time, on a heap as small as a board's, so that garbage is collected in each round. The median of the rounds counts, on both
sides. A safety loop waits for one slice at most, a start for the whole.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ampacity_host.update.cose import raw_public
from tools.bench.entry import Entry, entry
from tools.bench.runtime32 import PROBES
from tools.micropython.find import ROOT, find

ROWS = ("crypto",)
ROUNDS = 40
HEAP = "400K"  # of 64-bit objects: about 200 kB of a board
SLICE_MS = 20.0


def rows() -> Iterator[Entry]:
    """The median of the whole, and of the rounds' longest slices."""
    key = ec.generate_private_key(ec.SECP256R1())
    digest = sha256(b"manifest").digest()
    made = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    wholes, longest = zip(*on_micropython(raw_public(key.public_key()), digest, made), strict=True)
    reference = statistics.median([reference_ms(key.public_key(), digest, made) for _ in range(ROUNDS)])
    yield entry("crypto/verify", statistics.median(wholes), reference, "ms", note=f"CPU time, median of {ROUNDS}; `cryptography` is C")
    note = f"CPU time, median of {ROUNDS}, the longest of all: {max(longest):.3g} ms; the aim leaves a controller 4/5 of its tick"
    yield entry("crypto/slice", statistics.median(longest), SLICE_MS, "ms", "<= 1", note)


def on_micropython(public: bytes, digest: bytes, signature: bytes) -> "list[tuple[float, float]]":
    """(whole, longest slice) in ms of each round."""
    raw = b"".join(number.to_bytes(32, "big") for number in utils.decode_dss_signature(signature))
    program = f"import verify; verify.run({public.hex()!r}, {digest.hex()!r}, {raw.hex()!r}, {ROUNDS})"
    environment = os.environ | {"MICROPYPATH": os.pathsep.join([str(ROOT / "firmware"), str(PROBES), ".frozen"])}
    command = [find(), "-X", "heapsize=" + HEAP, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != ROUNDS or any(line[0] != "True" for line in lines):
        raise RuntimeError(f"the signature was not verified: {(done.stderr or done.stdout).strip()[-200:]}")
    return [(int(whole) / 1000, int(longest) / 1000) for _, whole, longest in lines]


def reference_ms(key: ec.EllipticCurvePublicKey, digest: bytes, signature: bytes) -> float:
    """CPU time of one verification by `cryptography`."""
    begin = time.process_time()
    key.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return (time.process_time() - begin) * 1000
