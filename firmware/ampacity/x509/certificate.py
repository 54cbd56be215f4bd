"""One certificate (X.509, RFC 5280), read strictly: what is not as the standard has it is refused, hostile input gives a ValueError.

The bounds: CERTIFICATE_BYTES_MAX bytes, EXTENSIONS_MAX extensions, NAME_PARTS_MAX parts of a name. Only the fields that a station judges
are kept; the rest is looked at for its form.
"""

from ampacity.base.der import BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, inside, take
from ampacity.update.p256 import point
from ampacity.x509.times import time_s

if False:  # for the type checker
    from typing import Any

    Algorithm = tuple[Any, ...]

CERTIFICATE_BYTES_MAX = 4096
EXTENSIONS_MAX = 32
NAME_PARTS_MAX = 32
SERIAL_BYTES_MAX = 20  # RFC 5280, 4.1.2.2
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 4096  # the least: A00.FR.502
VERSION, EXTENSIONS = 0xA0, 0xA3
EC_KEY, P256 = b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x03\x01\x07"
RSA_KEY = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
LONGER_CURVES = (b"\x2b\x81\x04\x00\x22", b"\x2b\x81\x04\x00\x23")  # P-384, P-521: a TLS library knows them, we verify nothing with them
COMMON_NAME, ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
NAMES = {COMMON_NAME: "CN", ORGANIZATION: "O"}
TEXTS = (0x0C, 0x13, 0x14, 0x16)  # UTF8String, PrintableString, TeletexString, IA5String
PSS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
# signature algorithm → (kind of key, digest); of RSA-PSS they are among its parameters
ALGORITHMS = {
    b"\x2a\x86\x48\xce\x3d\x04\x03\x02": ("EC", "SHA256"),
    b"\x2a\x86\x48\xce\x3d\x04\x03\x03": ("EC", "SHA384"),
    b"\x2a\x86\x48\xce\x3d\x04\x03\x04": ("EC", "SHA512"),
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b": ("RSA", "SHA256"),
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c": ("RSA", "SHA384"),
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d": ("RSA", "SHA512"),
}
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = b"\x55\x1d\x13", b"\x55\x1d\x0f", b"\x55\x1d\x25"
AUTHORITY_INFORMATION, OCSP = b"\x2b\x06\x01\x05\x05\x07\x01\x01", b"\x2b\x06\x01\x05\x05\x07\x30\x01"
URI = 0x86  # uniformResourceIdentifier of a GeneralName
# critical ones whose meaning needs no judgement here: subjectAltName, certificatePolicies
HARMLESS = (b"\x55\x1d\x11", b"\x55\x1d\x20")
CLIENT_AUTH, CODE_SIGNING = b"\x2b\x06\x01\x05\x05\x07\x03\x02", b"\x2b\x06\x01\x05\x05\x07\x03\x03"
SERVER_AUTH = b"\x2b\x06\x01\x05\x05\x07\x03\x01"
ANY_USE = b"\x55\x1d\x25\x00"
DIGITAL_SIGNATURE, CERT_SIGN = 0, 5  # bits of keyUsage


class PublicKey:
    """kind: "EC" (point: 64 bytes of P-256), "RSA" (modulus, exponent), "" (another, that nothing is verified with)."""

    def __init__(self, kind: str, point: bytes = b"", modulus: int = 0, exponent: int = 0) -> None:
        self.kind = kind
        self.point = point
        self.modulus, self.exponent = modulus, exponent


class Certificate:
    """der: its bytes. ValueError names what is wrong.

    `serial`: bytes without leading zeros; `issuer`, `subject`: names as DER; `common_name`, `organization`: texts of the subject, "" without;
    `not_before_s`, `not_after_s`: unix seconds; `key`: PublicKey, `key_raw`: the content of its BIT STRING; `is_ca`, `path_max` (None: no
    bound); `usage`: bits of keyUsage or None; `uses`: extended key usages or None; `algorithm`: a value of ALGORITHMS, of RSA-PSS
    ("PSS", "SHA256", bytes of the salt), or None; `signature`;
    `foreign`: a critical extension that nothing here judges; `responder`: URL of its OCSP responder, "" without.
    """

    def __init__(self, der: bytes) -> None:
        if len(der) > CERTIFICATE_BYTES_MAX:
            raise ValueError("certificate: %d bytes; at most %d" % (len(der), CERTIFICATE_BYTES_MAX))
        self.der = der
        start, end = inside(der, 0, len(der), SEQUENCE)
        first, at, stop = take(der, start, end)
        if first != SEQUENCE:
            raise ValueError("certificate: no signed part")
        self._signed = (start, stop)
        name, after = _algorithm(der, stop, end)
        low, high = inside(der, after, end, BIT_STRING)
        self.algorithm: "Algorithm | None" = ALGORITHMS.get(name)
        if name[: len(PSS)] == PSS:
            from ampacity.x509.pss import salt_of

            salt = salt_of(name, len(PSS), len(name))
            self.algorithm = None if salt is None else ("PSS", "SHA256", salt)
        self.signature = _whole_bits(der, low, high)
        self.is_ca = self.foreign = False
        self.path_max: "int | None" = None
        self.usage: "int | None" = None
        self.uses: "list[bytes] | None" = None
        self.responder = ""
        self._read(der, at, stop, name)

    @property
    def signed(self) -> bytes:
        """The bytes that the issuer has signed."""
        return self.der[self._signed[0] : self._signed[1]]

    def may_use(self, bit: int) -> bool:
        """Does keyUsage permit this use, or is there none?"""
        return self.usage is None or bool(self.usage >> bit & 1)

    def may_serve_as(self, purpose: bytes) -> bool:
        """Does extended key usage permit this purpose, or is there none?"""
        return self.uses is None or purpose in self.uses or ANY_USE in self.uses

    def _read(self, der: bytes, at: int, end: int, algorithm: bytes) -> None:
        tag, start, stop = take(der, at, end)
        if tag != VERSION or der[start:stop] != b"\x02\x01\x02":
            raise ValueError("certificate: not of version 3")
        tag, start, stop = take(der, stop, end)
        self.serial = _serial(tag, der[start:stop])
        inner, at = _algorithm(der, stop, end)
        if inner != algorithm:
            raise ValueError("certificate: two signature algorithms")
        self.issuer, _, at = _name(der, at, end)
        tag, start, stop = take(der, at, end)
        if tag != SEQUENCE:
            raise ValueError("certificate: no validity")
        self.not_before_s, at = time_s(der, start, stop)
        self.not_after_s, at = time_s(der, at, stop)
        if at != stop or self.not_after_s < self.not_before_s:
            raise ValueError("certificate: a validity that ends before it begins")
        self.subject, texts, at = _name(der, stop, end)
        self.common_name, self.organization = texts.get("CN", ""), texts.get("O", "")
        tag, start, stop = take(der, at, end)
        if tag != SEQUENCE:
            raise ValueError("certificate: no public key")
        self.key, self.key_raw = _public_key(der, start, stop)
        self._read_rest(der, stop, end)

    def _read_rest(self, der: bytes, at: int, end: int) -> None:
        """Unique identifiers are passed over; then the extensions, if there are any."""
        while at < end:
            tag, start, stop = take(der, at, end)
            if tag == EXTENSIONS:
                if stop != end:
                    raise ValueError("certificate: fields behind the extensions")
                return self._read_extensions(der, *inside(der, start, stop, SEQUENCE))
            if tag not in (0x81, 0x82):
                raise ValueError("certificate: an unknown field %02x" % tag)
            at = stop
        return None

    def _read_extensions(self, der: bytes, at: int, end: int) -> None:
        seen: "list[bytes]" = []
        while at < end:
            tag, start, stop = take(der, at, end)
            if tag != SEQUENCE or len(seen) >= EXTENSIONS_MAX:
                raise ValueError("certificate: extensions of another form, or more than %d" % EXTENSIONS_MAX)
            name, critical, value = _extension(der, start, stop)
            if name in seen:
                raise ValueError("certificate: an extension is present twice")
            seen.append(name)
            self._take_extension(name, critical, value)
            at = stop

    def _take_extension(self, name: bytes, critical: bool, value: bytes) -> None:
        if name == BASIC_CONSTRAINTS:
            self.is_ca, self.path_max = _basic_constraints(value)
        elif name == KEY_USAGE:
            self.usage = _key_usage(value)
        elif name == EXTENDED_KEY_USAGE:
            self.uses = _purposes(value)
        elif name == AUTHORITY_INFORMATION and not critical:
            self.responder = _responder(value)
        elif critical and name not in HARMLESS:
            self.foreign = True


def _serial(tag: int, raw: bytes) -> bytes:
    """Of 1 to 20 bytes, positive."""
    if tag != INTEGER or not raw or len(raw) > SERIAL_BYTES_MAX + 1 or raw[0] >= 0x80:
        raise ValueError("certificate: a serial number that is not positive, or longer than %d bytes" % SERIAL_BYTES_MAX)
    if len(raw) > 1 and raw[0] == 0 and raw[1] < 0x80:
        raise ValueError("certificate: a serial number with leading zeros")
    raw = raw[1:] if raw[0] == 0 else raw
    if not raw or len(raw) > SERIAL_BYTES_MAX:
        raise ValueError("certificate: a serial number that is 0, or longer than %d bytes" % SERIAL_BYTES_MAX)
    return raw


def _algorithm(der: bytes, at: int, end: int) -> "tuple[bytes, int]":
    """(object identifier, where the value ends) of an AlgorithmIdentifier; that of RSA-PSS with its parameters behind it."""
    tag, start, stop = take(der, at, end)
    if tag != SEQUENCE:
        raise ValueError("certificate: no algorithm")
    tag, low, high = take(der, start, stop)
    if tag != OID:
        raise ValueError("certificate: an algorithm without a name")
    name = der[low:high]
    return name + der[high:stop] if name == PSS else name, stop


def _whole_bits(der: bytes, start: int, end: int) -> bytes:
    if start == end or der[start] != 0:
        raise ValueError("certificate: bits that are no whole bytes")
    return der[start + 1 : end]


def _name(der: bytes, at: int, end: int) -> "tuple[bytes, dict[str, str], int]":
    """(DER, texts by NAMES, where it ends) of a Name."""
    tag, start, stop = take(der, at, end)
    if tag != SEQUENCE:
        raise ValueError("certificate: no name")
    texts: "dict[str, str]" = {}
    cursor, count = start, 0
    while cursor < stop:
        tag, low, high = take(der, cursor, stop)
        count += 1
        if tag != SET or count > NAME_PARTS_MAX:
            raise ValueError("certificate: a name of another form, or with more than %d parts" % NAME_PARTS_MAX)
        low, high = inside(der, low, high, SEQUENCE) if _is_single(der, low, high) else (low, low)
        if low < high:
            _take_text(der, low, high, texts)
        cursor = take(der, cursor, stop)[2]
    return der[at:stop], texts, stop


def _is_single(der: bytes, low: int, high: int) -> bool:
    """One attribute, or several (which are passed over)?"""
    tag, _, stop = take(der, low, high)
    if tag != SEQUENCE:
        raise ValueError("certificate: a part of a name that is none")
    return stop == high


def _take_text(der: bytes, low: int, high: int, texts: "dict[str, str]") -> None:
    tag, start, stop = take(der, low, high)
    if tag != OID:
        raise ValueError("certificate: a part of a name without its kind")
    kind = NAMES.get(der[start:stop])
    tag, start, end = take(der, stop, high)
    if end != high:
        raise ValueError("certificate: a part of a name with more than a value")
    if kind is None:
        return
    if tag not in TEXTS or kind in texts:
        raise ValueError("certificate: %s is no text, or is there twice" % kind)
    try:
        texts[kind] = str(der[start:end], "utf-8")
    except (UnicodeError, ValueError):
        raise ValueError("certificate: %s is not UTF-8" % kind)


def key_of(raw: bytes) -> PublicKey:
    """The key whose BIT STRING has this content (`Certificate.key_raw`): a point of P-256, or RSA. ValueError: it is neither."""
    if len(raw) == 65 and raw[0] == 4:
        point(raw[1:])
        return PublicKey("EC", point=raw[1:])
    return _rsa_key(raw)


def _public_key(der: bytes, at: int, end: int) -> "tuple[PublicKey, bytes]":
    tag, start, stop = take(der, at, end)
    if tag != SEQUENCE:
        raise ValueError("certificate: a public key without its kind")
    raw = _whole_bits(der, *inside(der, stop, end, BIT_STRING))
    tag, low, high = take(der, start, stop)
    if tag != OID:
        raise ValueError("certificate: a public key without its kind")
    if der[low:high] == RSA_KEY:
        return _rsa_key(raw), raw
    if der[low:high] == PSS:
        raise ValueError("certificate: a public key for RSA-PSS alone; a key of the kind rsaEncryption is needed")
    if der[low:high] != EC_KEY:
        raise ValueError("certificate: a public key that is neither ECDSA nor RSA")
    low, high = inside(der, high, stop, OID)
    if der[low:high] == P256:
        if len(raw) != 65 or raw[0] != 4:
            raise ValueError("certificate: a public key that is no uncompressed point of P-256")
        point(raw[1:])
        return PublicKey("EC", point=raw[1:]), raw
    if der[low:high] not in LONGER_CURVES:
        raise ValueError("certificate: a curve other than P-256, P-384 and P-521")
    return PublicKey(""), raw


def _rsa_key(raw: bytes) -> PublicKey:
    at, end = inside(raw, 0, len(raw), SEQUENCE)
    numbers = []
    for _ in range(2):
        tag, at, stop = take(raw, at, end)
        if tag != INTEGER or at == stop or raw[at] >= 0x80 or (stop - at > 1 and raw[at] == 0 and raw[at + 1] < 0x80):
            raise ValueError("certificate: an RSA key of another form")
        numbers.append(int.from_bytes(raw[at:stop], "big"))
        at = stop
    modulus, exponent = numbers
    if at != end or modulus >> RSA_BITS_MAX or not modulus >> RSA_BITS_MIN - 1 or not modulus & 1:
        raise ValueError("certificate: an RSA key of %d to %d bits is needed" % (RSA_BITS_MIN, RSA_BITS_MAX))
    if exponent < 3 or exponent >> 32 or not exponent & 1:
        raise ValueError("certificate: an RSA exponent that is even, below 3 or above 32 bits")
    return PublicKey("RSA", modulus=modulus, exponent=exponent)


def _extension(der: bytes, at: int, end: int) -> "tuple[bytes, bool, bytes]":
    """(object identifier, critical, content of the octet string)."""
    tag, start, stop = take(der, at, end)
    if tag != OID:
        raise ValueError("certificate: an extension without a name")
    name, critical = der[start:stop], False
    if stop < end and der[stop] == BOOLEAN:
        tag, start, stop = take(der, stop, end)
        if der[start:stop] != b"\xff":
            raise ValueError("certificate: a truth value that is not as DER has it")
        critical = True
    start, stop = inside(der, stop, end, OCTET_STRING)
    return name, critical, der[start:stop]


def _basic_constraints(value: bytes) -> "tuple[bool, int | None]":
    at, end = inside(value, 0, len(value), SEQUENCE)
    is_ca, path_max = False, None
    if at < end and value[at] == BOOLEAN:
        tag, at, stop = take(value, at, end)
        if value[at:stop] != b"\xff":
            raise ValueError("certificate: a truth value that is not as DER has it")
        is_ca, at = True, stop
    if at < end:
        start, stop = inside(value, at, end, INTEGER)
        if stop - start != 1 or value[start] >= 0x80:
            raise ValueError("certificate: a path length of another form")
        path_max = value[start]
    return is_ca, path_max


def _key_usage(value: bytes) -> int:
    """Bit n of the result is bit n of KeyUsage."""
    start, end = inside(value, 0, len(value), BIT_STRING)
    if not 2 <= end - start <= 3 or value[start] > 7:
        raise ValueError("certificate: a key usage of another form")
    usage = 0
    for index in range(8 * (end - start - 1)):
        if value[start + 1 + index // 8] >> 7 - index % 8 & 1:
            usage |= 1 << index
    return usage


def _purposes(value: bytes) -> "list[bytes]":
    at, end = inside(value, 0, len(value), SEQUENCE)
    found: "list[bytes]" = []
    while at < end:
        tag, start, at = take(value, at, end)
        if tag != OID or len(found) >= EXTENSIONS_MAX:
            raise ValueError("certificate: an extended key usage of another form")
        found.append(value[start:at])
    return found


def _responder(value: bytes) -> str:
    """The first OCSP responder of authorityInfoAccess (RFC 5280, 4.2.2.1), "" without; of another form than ASCII it is none."""
    at, end = inside(value, 0, len(value), SEQUENCE)
    while at < end:
        tag, start, at = take(value, at, end)
        kind, low, high = take(value, start, at)
        if tag != SEQUENCE or kind != OID:
            raise ValueError("certificate: authority information of another form")
        tag, first, last = take(value, high, at)
        url = value[first:last]
        if value[low:high] == OCSP and tag == URI and all([0x20 < byte < 0x7F for byte in url]):
            return str(url, "utf-8")
    return ""
