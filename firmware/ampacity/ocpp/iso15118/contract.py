"""A contract certificate of a car (C07): its chain is judged with the roots that are installed, in slices.

A chain whose root is not installed cannot be judged here; the CSMS does it where `CentralContractValidationAllowed` is true (C07.FR.06).
"""

from ampacity.base.errors import Rejected
from ampacity.ocpp.security.certificate_store import MO_ROOT, V2G_ROOT
from ampacity.ocpp.security.handlers import read_pem
from ampacity.x509.chain import CHAIN_MAX, verify_chain
from ampacity.x509.hash_data import hash_data
from ampacity.x509.slices import until_result

if False:  # for the type checker
    from collections.abc import Iterator

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token
    from ampacity.x509.certificate import Certificate

HASHES_MAX = 4  # AuthorizeRequest.iso15118CertificateHashData
EMAID_CHARS_MAX = 36


class Contract:
    """What a car showed. text: the PEM of its chain, leaf first; emaid: the contract, "": the commonName of the leaf.

    `token`: IdTokenType. ValueError: no chain, or for another contract.
    """

    def __init__(self, text: str, emaid: str) -> None:
        self.text = text
        self.chain = read_pem(text, CHAIN_MAX + 1)
        name = self.chain[0].common_name
        if emaid and _plain(emaid) != _plain(name):
            raise ValueError("emaid: not the commonName of the certificate")
        self.token: "Token" = {"idToken": emaid or name, "type": "eMAID"}
        if not 1 <= len(self.token["idToken"]) <= EMAID_CHARS_MAX:
            raise ValueError("emaid: 1 to %d characters are possible" % EMAID_CHARS_MAX)

    def leaf_hashes(self, root: "Certificate | None") -> "dict[str, str] | None":
        """CertificateHashDataType of the leaf, by which a CSMS names a customer; None: its issuer is not known."""
        issuer = self.chain[1] if len(self.chain) > 1 else root
        return None if issuer is None else hash_data(self.chain[0], issuer.key_raw)

    def ocsp_data(self, root: "Certificate") -> "list[Message]":
        """OCSPRequestDataType of the chain, leaf first, without the root (C07.FR.02)."""
        chain = [each for each in self.chain if each.der != root.der][:HASHES_MAX]
        keys = [each.key_raw for each in self.chain[1:]] + [root.key_raw]
        return [dict(hash_data(each, key), responderURL=each.responder[:512]) for each, key in zip(chain, keys)]


def judge(station: "StationFace", contract: Contract, now_ms: int) -> "Iterator[Certificate | bool | None]":
    """Yields None while there is more to do, then the root that the chain leads to; False: no such root is installed. ValueError: the
    chain is not valid."""
    store = station.optional.get("certificates", now_ms).store
    roots = store.roots(MO_ROOT) + store.roots(V2G_ROOT)
    last = contract.chain[-1]
    if not any([root.der == last.der or root.subject == last.issuer for root in roots]):
        yield False
        return
    yield (yield from until_result(verify_chain(contract.chain, roots, station.unix_s(now_ms) or None)))


def read_contract(message: "Message") -> Contract:
    """Of a message of the car's side whose texts were checked. ValueError: what is wrong with it."""
    try:
        return Contract(message["chain"], message.get("emaid", ""))
    except Rejected as e:
        raise ValueError(str(e))


def _plain(emaid: str) -> str:
    """As contracts are compared: without separators, whatever the case."""
    return emaid.replace("-", "").upper()
