"""Rows `ocpp-calls`: TransactionEvents of 400 bytes sent and answered, this station against the `ocpp` library's ChargePoint,
once with its defaults, mostly its check of JSON schemas, and once without that check.

CPython, one call after the other, without a wire on both sides: the CSMS is a function that answers from a table. The station
uses the journalled queue of the product (in memory here); the library stores nothing.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

from ampacity.base.log import Log
from ampacity.base.rng import Rng
from ampacity.base.wallclock import WallClock
from ampacity.ocpp.station import Station
from ampacity.ocpp.transactions.kept import Kept
from ampacity.store.document_store import DocumentStore
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles
from tools.bench.entry import Entry, entry

ROWS = ("ocpp-calls",)
CALLS, ROUNDS, BYTES = 600, 5, 400
NOW_MS = 2**30 - 60_000
TIME = "2026-11-20T12:00:00Z"
ANSWERS: dict[str, Any] = {
    "BootNotification": {"currentTime": TIME, "interval": 86400, "status": "Accepted"},
    "Authorize": {"idTokenInfo": {"status": "Accepted"}},
}


def answer(text: str) -> str:
    """The bare CSMS."""
    _, message_id, action, _ = json.loads(text)
    return json.dumps([3, message_id, ANSWERS.get(action, {})])


class Store:
    def __init__(self) -> None:
        files = MemoryFiles()
        self.documents, self.kept = DocumentStore(files), Kept(Journal(files, "ocpp"))


class Ours:
    """A station with a transaction in progress; its CSMS answers at once."""

    def __init__(self) -> None:
        config = {"identity": "A", "serial": "S", "firmware": "1", "model": "M", "vendor": "V"}
        self.station: Any = Station(config, [{"id": 1, "max_da": 320}], Store(), WallClock(None), Rng(3), Log(), NOW_MS)
        self.sizes: list[int] = []
        self.now_ms = NOW_MS
        self.station.connected(NOW_MS)
        self.settle()
        for kind, fields in (("plugged", {}), ("token", {"token": "ABC", "type": "ISO14443"}), ("charging", {"state": "Charging"})):
            self.station.session_event(1, kind, fields, self.now_ms)
            self.settle()

    def settle(self) -> None:
        """Until the station has nothing left to send."""
        while True:
            text, _ = self.station.next(self.now_ms)
            if text is None:
                return
            self.sizes.append(len(text))
            self.station.receive(answer(text), self.now_ms)

    def update(self, number: int) -> None:
        """One TransactionEvent of BYTES, with a meter value, into the queue and out to the CSMS."""
        self.now_ms += 1000
        point = self.station.evses[0]
        sampled = {"value": 12345 + number, "measurand": "Energy.Active.Import.Register"}
        power = {"value": 11040, "measurand": "Power.Active.Import"}
        values = [{"timestamp": TIME, "sampledValue": [sampled, power]}]
        self.station.transactions.events.send(point, "Updated", "MeterValuePeriodic", self.now_ms, values=values)
        self.settle()

    def rate(self) -> float:
        del self.sizes[:]
        begun = time.process_time()
        for number in range(CALLS):
            self.update(number)
        assert len(self.sizes) == CALLS
        return CALLS / (time.process_time() - begun)


class Wire:
    """The library's connection; each message is answered at once."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.sizes: list[int] = []

    async def recv(self) -> str:
        return await self.answers.get()

    async def send(self, text: str) -> None:
        self.sizes.append(len(text))
        self.answers.put_nowait(answer(text))


async def library_rate(schemas: bool) -> "tuple[float, int]":
    """(calls per second, bytes of the last call); schemas: the library's default, which checks each message against its JSON schema."""
    from ocpp.v201 import ChargePoint, call

    wire = Wire()
    station = ChargePoint("A", wire)
    reading = asyncio.ensure_future(station.start())
    sampled = [
        {"value": 12345, "measurand": "Energy.Active.Import.Register"},
        {"value": 11040, "measurand": "Power.Active.Import"},
    ]
    begun = time.process_time()
    for number in range(CALLS // 4):
        await station.call(call.TransactionEvent(
            event_type="Updated", timestamp=TIME, trigger_reason="MeterValuePeriodic", seq_no=number, evse={"id": 1, "connectorId": 1},
            transaction_info={"transactionId": "00000001-0001-8177-a2209c2f", "chargingState": "Charging"},
            meter_value=[{"timestamp": TIME, "sampledValue": sampled}],
        ), skip_schema_validation=not schemas)  # fmt: skip
    spent = time.process_time() - begun
    reading.cancel()
    return CALLS // 4 / spent, wire.sizes[-1]


def rows() -> Iterator[Entry]:
    ours = Ours()
    rates, with_schemas, without = [0.0], [0.0], [0.0]
    size = 0
    for _ in range(ROUNDS):
        rates.append(ours.rate())
        for schemas, found in ((True, with_schemas), (False, without)):
            rate, size = asyncio.run(library_rate(schemas))
            found.append(rate)
    mean = sum(ours.sizes) // len(ours.sizes)
    note = f"{mean} bytes an event (theirs {size}), the better of {ROUNDS} rounds, CPU time; ours through the journalled queue, no JSON schema; "
    yield entry("ocpp-calls/without-schemas", max(rates), max(without), "a second", ">= 1.5", note + "theirs without its schemas: like with like")
    yield entry("ocpp-calls/with-schemas", max(rates), max(with_schemas), "a second", ">= 3", note + "theirs as it comes, mostly JSON schemas")
