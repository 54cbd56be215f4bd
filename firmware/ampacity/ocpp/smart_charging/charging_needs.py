"""NotifyEVChargingNeeds (K15): what a car still needs and when it leaves, so that the CSMS can answer with a profile.

Sent while its transaction runs, for a profile of the CSMS names one; what comes earlier waits for that. What the
car itself did not say is what its EVSE is: phases, least and most current, voltage. In OCPP 2.0.1 this goes upward only:
no message of the CSMS brings a departure or an energy need.
"""

from ampacity.base.wallclock import format_iso

if False:  # for the type checker
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Done, Message, Reply

TRANSFERS = ("AC_single_phase", "AC_two_phase", "AC_three_phase")
LEAST_A = 6


class ChargingNeeds:
    """At most one report of each EVSE waits: the newest."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._waiting: "dict[int, tuple[int, int | None]]" = {}  # EVSE id -> (Wh, departure in unix milliseconds or None)
        self._sent: "set[int]" = set()  # of these: it has left, and its answer is awaited

    def put(self, evse_id: int, energy_wh: int, departure_unix_ms: "int | None") -> None:
        """energy_wh: what the car still needs, in Wh; departure_unix_ms: None when unknown. The newest counts."""
        self._waiting[evse_id] = (energy_wh, departure_unix_ms)
        self._sent.discard(evse_id)

    def forget(self, evse_id: int) -> None:
        """Nothing is known of this EVSE's car any more."""
        self._waiting.pop(evse_id, None)
        self._sent.discard(evse_id)

    def unsent(self, evse_id: int) -> bool:
        """Is there a report that the CSMS did not get yet?"""
        return evse_id in self._waiting and evse_id not in self._sent

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyEVChargingNeeds, or None."""
        station = self._station
        for evse in station.evses:
            waiting = self._waiting.get(evse.id)
            if waiting is not None and evse.tx is not None and station.model.on("SmartChargingCtrlr", "Enabled"):
                self._sent.add(evse.id)
                return ("NotifyEVChargingNeeds", self._payload(evse, waiting), self._done(evse.id, waiting))
        return None

    def _payload(self, evse: "OcppEvse", waiting: "tuple[int, int | None]") -> "Message":
        energy_wh, departure_unix_ms = waiting
        ac = {"energyAmount": energy_wh, "evMinCurrent": LEAST_A, "evMaxCurrent": max(LEAST_A, evse.max_da // 10),
              "evMaxVoltage": self._station.config.get("voltage_v", 230)}  # fmt: skip
        needs = {"requestedEnergyTransfer": TRANSFERS[min(3, evse.phases) - 1], "acChargingParameters": ac}
        if departure_unix_ms is not None:
            needs["departureTime"] = format_iso(departure_unix_ms)
        return {"evseId": evse.id, "chargingNeeds": needs}

    def _done(self, evse_id: int, waiting: "tuple[int, int | None]") -> "Done":
        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind == "lost":
                self._sent.discard(evse_id)
            elif self._waiting.get(evse_id) == waiting:
                self.forget(evse_id)
                evse = self._station.evse(evse_id)
                if kind == "result":
                    if evse is not None and evse.tx is not None:
                        evse.tx.needs_told = True
                    self._station.log.add("info", "needs of EVSE %d: %s by the CSMS" % (evse_id, payload["status"]), now_ms)

        return done
