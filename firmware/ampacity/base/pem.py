"""PEM (RFC 7468): certificates and keys as text, for a configuration that is JSON; DER for a board that reads nothing else."""

from binascii import a2b_base64

from ampacity.base.errors import Rejected

BEGIN, END, DASHES = "-----BEGIN ", "-----END ", "-----"
BLOCKS_MAX = 32


def blocks(text: str, field: str = "pem") -> "list[tuple[str, bytes]]":
    """[(label, DER)] of all blocks in their order; text around them is passed over. Rejected: a broken block, or more than 32."""
    out: "list[tuple[str, bytes]]" = []
    label: "str | None" = None
    body: "list[str]" = []
    for line in text.split("\n"):
        line = line.strip()
        if label is None and line.startswith(BEGIN) and line.endswith(DASHES):
            label, body = line[len(BEGIN) : -len(DASHES)], []
        elif label is not None and line == END + label + DASHES:
            out.append((label, _decoded("".join(body), field)))
            label = None
        elif label is not None:
            body.append(line)
    if label is not None or len(out) > BLOCKS_MAX:
        raise Rejected(field, label or "%d blocks" % len(out), "at most %d PEM blocks, each with its end" % BLOCKS_MAX)
    return out


def certificates(text: str, field: str = "pem") -> "list[bytes]":
    """The DER of each certificate, at least one; else Rejected."""
    found = [der for label, der in blocks(text, field) if label == "CERTIFICATE"]
    if not found:
        raise Rejected(field, "no certificate", "PEM with -----BEGIN CERTIFICATE-----")
    return found


def private_key(text: str, field: str = "key") -> bytes:
    """The DER of the one private key, not encrypted; else Rejected. The text itself is in no message."""
    keys = [(label, der) for label, der in blocks(text, field) if label.endswith("PRIVATE KEY")]
    if len(keys) != 1 or keys[0][0].startswith("ENCRYPTED") or "ENCRYPTED" in text:
        raise Rejected(field, "%d keys" % len(keys), "PEM with one private key, not encrypted")
    return keys[0][1]


def _decoded(body: str, field: str) -> bytes:
    try:
        der = a2b_base64(body)
    except ValueError:
        der = b""
    if len(der) < 2 or der[0] != 0x30:
        raise Rejected(field, "a block that is no DER", "PEM as the certificate authority gave it")
    return der
