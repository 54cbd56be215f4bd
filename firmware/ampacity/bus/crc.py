"""The checksum of Modbus RTU: CRC-16, polynomial 0xA001 reflected, start 0xFFFF, low byte first on the wire."""


def _table() -> "tuple[int, ...]":
    words = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        words.append(crc)
    return tuple(words)


TABLE = _table()


def crc16(data: "bytes | bytearray | memoryview") -> int:
    """CRC of data. Of a frame with its own two checksum bytes it is 0."""
    crc, table = 0xFFFF, TABLE
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc
