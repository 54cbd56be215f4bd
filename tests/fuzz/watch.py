"""An eye of its own on the bytes: which whole frames with a right checksum are in them, and what an order in one says.

Nothing of the engines is used: no length of a function code, no receiver, another way to the checksum.
"""

_NIBBLES = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
            0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)  # fmt: skip


class Wrong(Exception):
    """An engine did what it must not do."""


def checksum(data):
    """The CRC of Modbus RTU, four bits at a time."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
    return crc


def has_frame(window, unit, pdu):
    """Is this unit and PDU, with its checksum, somewhere in the bytes?"""
    wanted = bytes((unit,)) + pdu
    crc = checksum(wanted)
    return window.find(wanted + bytes((crc & 0xFF, crc >> 8))) >= 0


def frames_in(window, units, least=4, most=256):
    """(unit, PDU) of every stretch of the bytes that begins with one of the units and ends in its checksum."""
    found = []
    for start in range(len(window) - least + 1):
        if window[start] in units:
            crc = 0xFFFF
            for end in range(start, min(len(window), start + most)):
                crc ^= window[end]
                crc = (crc >> 4) ^ _NIBBLES[crc & 15]
                crc = (crc >> 4) ^ _NIBBLES[crc & 15]
                if not crc and end - start >= least - 1:
                    found.append((window[start], window[start + 1 : end - 1]))
    return found


def word(data, at):
    return (data[at] << 8) | data[at + 1]


def long_word(data, at):
    return (word(data, at) << 16) | word(data, at + 2)


def grant_of(data):
    """(identity, epoch, sequence, da) of a grant block's fourteen bytes; a flag pauses."""
    return long_word(data, 6), word(data, 10), word(data, 4), 0 if word(data, 12) & 3 else word(data, 0)


def orders_in(unit, pdu, own, grant_at, broadcast_at, settings_at):
    """What a request says to the secondary with address `own`: ("grant", …) and ("settings", first, values)."""
    found = []
    if not pdu:
        pass
    elif pdu[0] == 16 and len(pdu) > 6:
        found.append((unit, word(pdu, 1), pdu[6:]))
    elif pdu[0] == 6 and len(pdu) == 5:
        found.append((unit, word(pdu, 1), pdu[3:]))
    elif pdu[0] == 23 and len(pdu) > 10:
        found.append((unit, word(pdu, 5), pdu[10:]))
    orders = []
    for unit, at, data in found:
        if unit and at == grant_at and len(data) == 14:
            orders.append(("grant",) + grant_of(data))
        elif unit and settings_at <= at < settings_at + 4:
            orders.append(("settings", at - settings_at, tuple([word(data, 2 * i) for i in range(len(data) // 2)])))
        elif not unit and at == broadcast_at and len(data) > 14:
            index = own - word(data, 10)
            if 0 <= index < word(data, 12) and len(data) >= 16 + 2 * index:
                orders.append(("grant", long_word(data, 0), word(data, 4), word(data, 6), word(data, 14 + 2 * index)))
    return orders
