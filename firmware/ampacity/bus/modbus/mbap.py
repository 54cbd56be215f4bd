"""The header of Modbus TCP: transaction id, protocol 0, length, unit. Bytes of a stream in, frames out."""

ADU_BYTES_MAX = 260
_HEAD = 6  # transaction, protocol, length: what precedes the counted bytes


def mbap_frame(transaction: int, unit: int, pdu: "bytes | bytearray") -> bytes:
    """transaction: 0..65535; unit: 0..255."""
    size = len(pdu) + 1
    return bytes((transaction >> 8, transaction & 0xFF, 0, 0, size >> 8, size & 0xFF, unit)) + pdu


class MbapReceiver:
    """Cuts a stream into frames. After a header that cannot be one, the stream is `broken`: close the connection."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.broken = False

    def receive(self, data: bytes) -> None:
        """Bytes from the connection; none are kept once the stream is broken."""
        if not self.broken:
            self._data = self._data + data if self._data else bytearray(data)

    def take(self) -> "tuple[int, int, bytes] | None":
        """The next (transaction, unit, PDU), or None until more bytes come."""
        data = self._data
        if self.broken or len(data) < _HEAD:
            return None
        size = (data[4] << 8) | data[5]
        if data[2] or data[3] or not 2 <= size <= ADU_BYTES_MAX - _HEAD:
            self.broken = True
            self._data = bytearray()
            return None
        if len(data) < _HEAD + size:
            return None
        frame = ((data[0] << 8) | data[1], data[6], bytes(data[7 : _HEAD + size]))
        self._data = data[_HEAD + size :]
        return frame
