"""The certificate of an UpdateFirmware, verified before the request is accepted (L01.FR.12, L01.FR.21, L01.FR.22).

Loaded with the first request that has one. Its key, not its text, is kept with the order: the signature of the file is verified with it.
"""

from binascii import hexlify

from ampacity.ocpp.security.certificate_store import MAKER_ROOT
from ampacity.ocpp.security.handlers import read_pem
from ampacity.x509.certificate import CODE_SIGNING, DIGITAL_SIGNATURE
from ampacity.x509.chain import CHAIN_MAX, verify_chain
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Callable, Iterator

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.security.certificates import Block
    from ampacity.x509.certificate import Certificate

EVENT = "InvalidFirmwareSigningCertificate"


def judged(
    station: "StationFace", block: "Block", request: "Message", refusal: "Callable[[str, str, str], Message]",
) -> "Iterator[Message | None]":
    """Yields None while the certificate is verified, then the answer: that of the slots' owner, or InvalidCertificate with its security event.
    refusal: makes an answer from reason, text and status."""
    try:
        chain = read_pem(request["firmware"]["signingCertificate"], CHAIN_MAX + 1)
        check_purpose(chain[0])
        yield from until_result(verify_chain(chain, block.store.roots(MAKER_ROOT), station.unix_s(station.now_ms) or None))
    except ValueError as e:
        station.security_event(EVENT, "UpdateFirmware %d: %s" % (request["requestId"], e), station.now_ms)
        yield refusal("InvalidCertificate", str(e), "InvalidCertificate")
        return
    key = hexlify(chain[0].key_raw).decode()
    yield station.firmware.request(request, key, station.now_ms)  # type: ignore[union-attr]  # the handler saw to it


def check_purpose(leaf: "Certificate") -> None:
    """May it sign firmware, with a key that is verified here? ValueError: it may not."""
    if not leaf.key.kind:
        raise ValueError("a file is verified with a key of P-256 or RSA, and this one has another")
    if leaf.is_ca or not leaf.may_use(DIGITAL_SIGNATURE) or not leaf.may_serve_as(CODE_SIGNING):
        raise ValueError("it may not be used to sign firmware")
