"""A device of sixteen lines: holding and input registers that answer, for tests on both runtimes."""


class Registers:
    def __init__(self, values):
        self.values = values
        self.written = []
        self.refuse = ()
        self.longest = 125

    def answer(self, pdu):
        code, at = pdu[0], int.from_bytes(pdu[1:3], "big")
        if at in self.refuse:
            return bytes([code | 0x80, 2])
        if code == 6:
            self.values[at] = int.from_bytes(pdu[3:5], "big")
            self.written.append((at, self.values[at]))
            return pdu
        count = int.from_bytes(pdu[3:5], "big")
        if count > self.longest:
            return bytes([code | 0x80, 3])
        data = b""
        for register in range(at, at + count):
            data += self.values.get(register, 0).to_bytes(2, "big")
        return bytes([code, len(data)]) + data


def exchange(driver, device, now_ms):
    """One request of the driver, answered at once; its PDU, or None when nothing was due."""
    request = driver.take(now_ms)
    if request is None:
        return None
    request.sent_ms = now_ms
    pdu = bytes(request.pdu)
    reply = None if device is None else device.answer(pdu)
    if reply is None:
        driver.failed(request, "timeout", now_ms + 500)
    elif reply[0] & 0x80:
        driver.failed(request, "exception:" + str(reply[1]), now_ms + 20)
    else:
        driver.reply(request, reply, now_ms + 20)
    return pdu


def run(driver, device, now_ms, ms, step_ms=100):
    """Exchanges for so long; the PDUs sent."""
    sent = []
    for at_ms in range(now_ms, now_ms + ms, step_ms):
        pdu = exchange(driver, device, at_ms)
        if pdu is not None:
            sent.append(pdu)
    return sent
