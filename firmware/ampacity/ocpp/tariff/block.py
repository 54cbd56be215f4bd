"""What the CSMS has told of tariff and cost: texts for drivers, the running cost of transactions, their final cost (I01 to I06).

Nothing of it outlives a restart: the CSMS sends it again with the next event. What of it is shown now is in display/screen.py.
"""

from ampacity.ocpp.authorization.cache import key_of
from ampacity.ocpp.optional_blocks import OptionalBlock

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Token

MORE_DRIVERS = 4  # than EVSEs: who has presented an identifier and has not begun
FINAL_MS = 60000  # the final cost is shown so long, or until the next driver
COST_MAX = 1000000000


class Block(OptionalBlock):
    """`_drivers`: [[key of the identifier, text, languages]], the latest last. `_costs`: EVSE id → (transaction id, text, until when in ms or
    None while it runs)."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._drivers: "list[list[str]]" = []
        self._costs: "dict[int, tuple[str, str, int | None]]" = {}

    def know(self, token: "Token", info: "Message") -> None:
        """An idTokenInfo of the CSMS with personalMessage or language1 (I01.FR.03)."""
        message = info.get("personalMessage") or {}
        self._put(key_of(token), message.get("content", ""), " ".join([info[name] for name in ("language1", "language2") if name in info]))

    def told(self, record: "dict[str, Any]", payload: "Message", now_ms: int) -> None:
        """The response to a TransactionEvent with totalCost or updatedPersonalMessage (I02.FR.04, I03.FR.03, I06.FR.03)."""
        event = record["p"]
        evse = self._station.evse(event["evse"]["id"])
        if evse is None:
            return
        if "updatedPersonalMessage" in payload and evse.auth is not None and evse.tx is not None and evse.tx.id == record["x"]:
            key = key_of(evse.auth.token)
            self._put(key, payload["updatedPersonalMessage"]["content"], self.languages(key))
        if "totalCost" not in payload:
            return
        if event["eventType"] != "Ended":
            self.running(record["x"], payload["totalCost"])
        elif not event.get("offline") and self._station.model.words("TxCtrlr", "TxStopPoint") != ["ParkingBayOccupancy"]:  # I03.FR.05
            self._show(evse, record["x"], self._text(payload["totalCost"]), now_ms + FINAL_MS)

    def running(self, transaction_id: str, cost: "float | int") -> bool:
        """The cost of an open transaction until now; False: there is none with this id (I02.FR.03)."""
        evse = self._station.transactions.find(transaction_id)
        if evse is None:
            return False
        self._show(evse, transaction_id, self._text(cost), None)
        return True

    def ended_offline(self, evse: "OcppEvse", transaction_id: str, now_ms: int) -> None:
        """Its final cost cannot be known now: the message for this case is shown (I05.FR.02)."""
        self._show(evse, transaction_id, self._station.model.text("TariffCostCtrlr", "TotalCostFallbackMessage"), now_ms + FINAL_MS)

    def personal(self, key: str) -> str:
        """The text for the driver with this identifier, or ""."""
        return self._driver(key)[1]

    def languages(self, key: str) -> str:
        """The languages of the driver as RFC 5646 tags, the preferred one first, with blanks between them; "" if they are not known."""
        return self._driver(key)[2]

    def cost(self, evse: "OcppEvse", now_ms: int) -> str:
        """The cost of the transaction that is open there, or that has just ended; "" if it is not known."""
        transaction_id, text, until_ms = self._costs.get(evse.id) or ("", "", None)
        if until_ms is None:
            return text if evse.tx is not None and evse.tx.id == transaction_id else ""
        if evse.tx is None and evse.auth is None and now_ms < until_ms:
            return text
        return ""

    def _driver(self, key: str) -> "list[str]":
        for row in self._drivers:
            if row[0] == key:
                return row
        return [key, "", ""]

    def _put(self, key: str, text: str, languages: str) -> None:
        rows = [row for row in self._drivers if row[0] != key] + [[key, text, languages]]
        self._drivers = rows[-len(self._station.evses) - MORE_DRIVERS :]

    def _show(self, evse: "OcppEvse", transaction_id: str, text: str, until_ms: "int | None") -> None:
        if text:
            self._costs[evse.id] = (transaction_id, text, until_ms)

    def _text(self, cost: "float | int") -> str:
        """An amount of money, "" for one that is no price."""
        return "%.2f %s" % (cost, self._station.model.text("TariffCostCtrlr", "Currency")) if -COST_MAX < cost < COST_MAX else ""
