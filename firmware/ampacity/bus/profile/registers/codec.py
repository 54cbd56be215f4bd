"""Register words to whole numbers and back, by the tables of a compiled profile. No float is touched.

A field is [name, function code, address, count, type, mul, div, rounding, markers, shift, width, scale field]:
value = raw × mul / div in the controller's units. Boards have single-precision floats, in which 16777217 is not a
number; so IEEE 754 registers are taken apart by hand, into a mantissa and a power of two.
"""

if False:  # for the type checker
    from typing import Any

NAME, CODE, ADDRESS, COUNT, TYPE, MUL, DIV, ROUNDING, MARKERS, SHIFT, WIDTH, SCALE = range(12)
POWER_OF_TEN_MAX = 10


def divide(number: int, by: int, rounding: str = "n") -> int:
    """number / by, rounded: "n" to nearest, halves away from zero; "u" away from zero; "d" toward zero."""
    size = -number if number < 0 else number
    extra = {"n": by // 2, "u": by - 1, "d": 0}[rounding]
    size = (size + extra) // by
    return -size if number < 0 else size


def big_endian(data: bytes, low_first: bool) -> bytes:
    """The bytes of a value, most significant register first."""
    if not low_first:
        return data
    turned = b""
    for at in range(len(data) - 2, -2, -2):
        turned += data[at : at + 2]
    return turned


def real(bits: int, width: int) -> "tuple[int, int] | None":
    """An IEEE 754 number of width 32 or 64 as (mantissa, exponent of two); None for infinities and NaN."""
    places, top = (23, 0xFF) if width == 32 else (52, 0x7FF)
    exponent = (bits >> places) & top
    mantissa = bits & ((1 << places) - 1)
    if exponent == top:
        return None
    if exponent:
        mantissa |= 1 << places
    else:
        exponent = 1
    if bits >> (width - 1):
        mantissa = -mantissa
    return mantissa, exponent - (top >> 1) - places


def text(data: bytes) -> str:
    """Printable ASCII of a register block, without padding."""
    return "".join([chr(byte) for byte in data if 32 < byte < 127])


def decode(field: "list[Any]", data: bytes, power: int = 0) -> "int | str | None":
    """The value of a field, in the controller's units; None for "not a number" markers.

    data: exactly the field's registers. power: the power of ten that its scale register holds.
    """
    kind = field[TYPE]
    if kind == "text" or kind == "letter":
        return text(data)[:1] if kind == "letter" else text(data)
    low_first = kind[-1] == "<"
    raw = int.from_bytes(big_endian(data, low_first), "big")
    bits = len(data) * 8
    if raw in field[MARKERS]:
        return None
    if kind[0] == "f":
        return _scaled_real(field, real(raw, bits))
    if kind[0] == "i" and raw >> (bits - 1):
        raw -= 1 << bits
    if field[WIDTH]:
        raw = (raw >> field[SHIFT]) & ((1 << field[WIDTH]) - 1)
    return _scaled(field, raw, power)


def _scaled(field: "list[Any]", raw: int, power: int) -> "int | None":
    if not -POWER_OF_TEN_MAX <= power <= POWER_OF_TEN_MAX:
        return None
    if power >= 0:
        return divide(raw * field[MUL] * 10**power, field[DIV], field[ROUNDING])
    return divide(raw * field[MUL], field[DIV] * 10**-power, field[ROUNDING])


def _scaled_real(field: "list[Any]", number: "tuple[int, int] | None") -> "int | None":
    if number is None:
        return None
    mantissa, exponent = number
    if exponent > 40:  # more than 10^19 of anything: no reading of ours
        return None
    if exponent >= 0:
        return divide((mantissa << exponent) * field[MUL], field[DIV], field[ROUNDING])
    if exponent < -160:
        return 0
    return divide(mantissa * field[MUL], field[DIV] << -exponent, field[ROUNDING])


def encode(kind: str, raw: "tuple[int, int]") -> bytes:
    """The registers of a setpoint: the fraction raw[0] / raw[1] ≥ 0, rounded down. kind: as in a field."""
    if kind[:3] == "f32":
        data = _real_bits(raw[0], raw[1]).to_bytes(4, "big")
    else:
        size = {"1": 2, "3": 4, "6": 8, "o": 2}[kind[1]]
        data = (raw[0] // raw[1]).to_bytes(size, "big")
    return big_endian(data, kind[-1] == "<")


def _real_bits(number: int, by: int) -> int:
    """The greatest IEEE 754 single ≤ number / by, as its 32 bits."""
    if number == 0:
        return 0
    shift = 0
    while (number << shift) // by < 1 << 23:
        shift += 1
    mantissa = (number << shift) // by
    while mantissa >= 1 << 24:
        mantissa >>= 1
        shift -= 1
    return ((150 - shift) << 23) | (mantissa & 0x7FFFFF)
