"""The secondary's end of one TCP connection: MBAP frames in, answers of a ModbusServer out, one at a time.

A client of Modbus/TCP Security brings rights; one of plain TCP has all, for there its identity is unknown. On TCP
there is no broadcast: unit 0 and 255 mean this device, as the standard has it, and so does its own address.
"""

from ampacity.bus.modbus.frames import ILLEGAL_FUNCTION, exception_pdu
from ampacity.bus.modbus.mbap import MbapReceiver, mbap_frame
from ampacity.bus.server.rights import needed

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any

ITSELF = (0, 255)
NO_TARGET = 11  # exception: gateway target device failed to respond


class TcpSession:
    """engine: the ModbusServer behind it. rights: what the client may do (bus/server/rights.py), None: everything.

    Counts in engine.counters: requests, exceptions, and `refused`, requests without the right that they need; `refused`
    here: those of this client. host: where it is, None: not known; `open`: set to False by who ends it.
    `broken`: what came is no Modbus/TCP; close the connection.
    """

    def __init__(self, engine: "Any", rights: "Sequence[str] | None" = None, host: "str | None" = None) -> None:
        self._engine = engine
        self.host = host
        self.open = True
        self._rights = rights
        self._receiver = MbapReceiver()
        self.refused = 0

    @property
    def broken(self) -> bool:
        """Has the peer sent what is no Modbus TCP? The connection has to be closed."""
        return self._receiver.broken

    def receive(self, data: bytes) -> None:
        """Bytes of the connection; ask next() until it says None before more are read."""
        self._receiver.receive(data)

    def next(self, now_ms: int) -> "bytes | None":
        """The answer to the next request, None until more bytes come."""
        frame = self._receiver.take()
        if frame is None:
            return None
        transaction, unit, pdu = frame
        return mbap_frame(transaction, unit, self._answer(unit, pdu, now_ms))

    def _answer(self, unit: int, pdu: bytes, now_ms: int) -> bytes:
        engine = self._engine
        counters = engine.counters
        counters["requests"] += 1
        if unit != engine.unit and unit not in ITSELF:
            counters["exceptions"] += 1
            return exception_pdu(pdu[0], NO_TARGET)
        if not self._may(pdu):
            self.refused += 1
            counters["refused"] = counters.get("refused", 0) + 1
            return exception_pdu(pdu[0], ILLEGAL_FUNCTION)
        engine.map.requester = self if self._rights is None else None
        try:
            answer: bytes = engine.answer(pdu, now_ms)
        finally:
            engine.map.requester = None
        return answer

    def _may(self, pdu: bytes) -> bool:
        if self._rights is None:
            return True
        for right in needed(pdu):
            if right not in self._rights:
                return False
        return True
