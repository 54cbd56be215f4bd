"""Transmission times of characters, and the effects of corruption."""

BITS = {("N", 1): 10, ("N", 2): 11, ("E", 1): 11, ("O", 1): 11, ("E", 2): 12, ("O", 2): 12}
CHUNK_BYTES = 16
CHUNK_US = 2000


def char_us(baud, parity="E", stop=1):
    """Microseconds of one character as (numerator, denominator), so that long frames do not drift."""
    return BITS[(parity, stop)] * 1_000_000, baud


def chunk_bytes(numerator, denominator):
    """Characters that a UART delivers at once: at most 16, or those of 2 ms."""
    return max(1, min(CHUNK_BYTES, CHUNK_US * denominator // numerator))


def crc16(data):
    """The CRC of Modbus RTU over `data`."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def with_crc(body):
    crc = crc16(body)
    return bytes(body) + bytes((crc & 0xFF, crc >> 8))


def garble(data, rng, first, last):
    """`data` with its characters first..last (exclusive) overlaid by those of another sender."""
    data = bytearray(data)
    for at in range(max(0, first), min(len(data), last)):
        data[at] ^= 1 + rng.below(255)
    return bytes(data)


def noisy(data, rng, ber):
    """`data` after a line with that bit error rate (11 bits per character; one wrong bit spoils it)."""
    permillion = int(min(1.0, ber * 11) * 1_000_000)
    out = bytearray(data)
    for at in range(len(out)):
        if rng.below(1_000_000) < permillion:
            out[at] ^= 1 << rng.below(8)
    return bytes(out)
