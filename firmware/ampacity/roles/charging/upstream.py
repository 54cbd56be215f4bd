"""The station upstream: facts of every EVSE of the site become OCPP messages, requests of the CSMS become actions and limits.

The station is a pure core, the link its door. Nothing here can raise a current above a rating: limits go to the guard as one source
among others, and the sessions query the station who may charge (`StationAccess`).
"""

import os

from ampacity.base.errors import Rejected
from ampacity.base.url import peer_facts
from ampacity.circuit.trusted.site.migration import address
from ampacity.net.link import Link, LinkConfig
from ampacity.ocpp.evse import connector_status
from ampacity.ocpp.security.security_events import note
from ampacity.ocpp.station import Station
from ampacity.roles.charging.acting_station import ActingStation
from ampacity.roles.charging.evse_readings import EvseReadings, shows_now
from ampacity.roles.charging.kept_messages import STORAGE_KIB, OcppStore, read_kept
from ampacity.roles.charging.network_profiles import NetworkProfiles
from ampacity.roles.charging.outside_limits import OutsideLimits
from ampacity.roles.charging.station_access import StationAccess

if False:  # for the type checker
    from typing import Any

    from ampacity.evse.session import Session
    from ampacity.ocpp.messages import Message, Values
    from ampacity.roles.charging.log_upload import LogUpload
    from ampacity.roles.charging.site_model import SiteModel
    from ampacity.roles.interfaces import EvseFacts, SiteFacts, View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.publish.publisher import Publisher
    from ampacity.x509.key_door import KeyDoor

OLD_TLS = "speaks no TLS 1.2"  # in the text of a connection that failed: see ports/tls_errors.py
NO_SUITE = "have no cipher suite in common"
METER_MS = 1000
LEAVE_MS = 1500
INVALID = ("flooded", "garbage", "oversized", "utf8")  # what the CSMS sent, by the counter of the link, is no valid message
SOURCE = "ocpp"
SOURCE_IN_WATTS = "ocpp, watts"  # of a limit in watts where the same target has one in amperes, too: the guard keeps one limit for each name
SETUP_DOC = "setup"  # the variables that the set-up brought last
LOCK = "ConnectorPlugRetentionLock"
SERIAL, FIRMWARE = "serial", "firmware"
LOCK_FAULTS = ("lock_failed", "lock")  # of our own charging point, and of a secondary
LINE_NAMES = ("L1", "L2", "L3")


def station_evses(site: "SiteFacts") -> "list[dict[str, Any]]":
    """The station's EVSEs in file order, ids from 1."""
    out, known = [], []
    for i, evse in enumerate(site["evses"]):
        names = ["-".join([LINE_NAMES[line] for line in lines]) for lines in evse["terminals"]]
        if names not in known:
            known.append(names)
        names = known[known.index(names)]  # one list for all that are alike
        connector = evse.get("connector") or "cType2"
        out.append({
            "id": i + 1, "name": evse["name"], "phases": len(evse["terminals"]), "max_da": evse["max_da"],
            "connector": connector, "tethered": connector[:1] == "c", "phase_names": names,
        })
    return out


def station_config(primary: "PrimaryFace", ocpp: "SiteFacts", version: str, reason: str) -> "dict[str, Any]":
    """The station's `config` (ocpp/station.py) of this site; version: of the firmware, reason: BootReason."""
    site = primary.site
    return {
        "places": [[address(site, evse), evse["name"]] for evse in site["evses"]],
        "identity": ocpp["identity"], "vendor": "Ampacity", "model": "Ampacity primary", "firmware": version,
        "serial": ocpp["identity"], "url": ocpp["url"], "security_profile": ocpp.get("security_profile", 1),
        "voltage_v": site["voltage_v"], "max_da": max(site["circuits"][primary.root]["rating_da"]), "reason": reason,
        "root_pem": ocpp.get("root_pem"), "certificate_pem": ocpp.get("certificate_pem"),
        "additional_root_check": ocpp.get("additional_root_check", False), "iso15118": ocpp.get("iso15118", False),
        "publish_address": ocpp.get("publish_address"),
        "site": peer_facts(ocpp),
    }


class Upstream:
    """One station, its link, and the last facts that it received."""

    def __init__(self, primary: "PrimaryFace", ocpp: "SiteFacts", version: str, reason: str, now_ms: int) -> None:
        self.primary = primary
        self.platform = primary.platform
        self.log = primary.log
        site = primary.site
        rng = self.platform.rng()
        kept, self.platform.kept = getattr(self.platform, "kept", None) or read_kept(primary.files), None
        store = OcppStore(primary.documents, kept, ocpp.get("storage_kib", STORAGE_KIB))
        self.station = Station(station_config(primary, ocpp, version, reason), station_evses(site), store,
                               primary.wallclock, rng, self.log, now_ms)
        del self.station.config["places"]  # of the start only
        self.station.model.make_site = self._site_model
        self.station.key_door = self._open_key_door
        self.config = LinkConfig(ocpp["url"], ocpp["identity"])
        self.acting = ActingStation(self.station, primary.slow_work, self.act)
        self.link = Link(self.platform, self.acting, self.config, self.platform.clock, self.log, rng=rng)
        self.link.on_failure = self._failed
        self._distrust: "str | None" = None
        self._leaving_ms: "int | None" = None
        self._log_upload: "LogUpload | None" = None
        self._publisher: "Publisher | None" = None
        self._configure(ocpp.get("config") or {}, now_ms)
        self.network_profiles = NetworkProfiles(self.station, self.config, ocpp, self.platform, primary.persistence, self.log)
        self.acting.network_profiles = self.network_profiles
        self.link.before_attempt = self.network_profiles.before_attempt
        self._set_link_variables()
        self._outside_limits = OutsideLimits(primary.guard, self.station)
        self._limits_at_ms = self._metered_ms = 0
        self._limits: "list[tuple[str, tuple[str, int], int, str, int | None]]" = []
        self._shown: "dict[str, list[Any]]" = {name: [None] * len(site["evses"]) for name in (SERIAL, FIRMWARE, "EVSE", LOCK)}  # by EVSE
        self.station.explain = lambda evse_id: primary.why(evse_id - 1)
        for evse in self.station.evses:
            self.station.evse_status(evse.id, "Unavailable", now_ms, settled=False)
        self.station.report_start(now_ms)

    def _site_model(self) -> "SiteModel":
        from ampacity.roles.charging.site_model import SiteModel
        return SiteModel(self.primary)

    def _open_key_door(self) -> "KeyDoor":
        door: "KeyDoor | None" = self.platform.key_door()
        if door is None:
            from ampacity.x509.software_keys import SoftwareKeys

            return SoftwareKeys(self.primary.documents, os.urandom)
        return door

    def _configure(self, values: "dict[str, Any]", now_ms: int) -> None:
        """Variables of the site file: "Component.Variable" or "Component/Variable/Actual" → value."""
        documents = self.primary.documents
        if values == documents.get(SETUP_DOC, {}):
            return  # after the set-up only the CSMS changes it
        self.primary.persistence.put(SETUP_DOC, values, now_ms)
        for key in sorted(values):
            parts = key.split("/") if "/" in key else key.split(".", 1)
            try:
                if len(parts) < 2:
                    raise Rejected(key, "no component", "Component.Variable")
                self.variable(parts[0], parts[1], str(values[key]), now_ms)
            except Rejected as e:
                self.log.counter("config_refused")
                self.log.add("warning", "set-up: %s" % e, now_ms)

    def view(self) -> "View":
        """For the console and the bench: accepted by the CSMS, messages that wait, what is wrong with the link, EVSEs that are reserved."""
        view: "View" = {"connected": self.station.accepted(), "queue": self.station.queue.count}
        if self.link.trouble is not None:
            view["trouble"] = self.link.trouble
        reserved = [evse.name for evse in self.station.evses if self.station.availability.status(evse) == "Reserved"]
        if reserved:
            view["reserved"] = reserved
        if self._publisher is not None:
            view["publish"] = self._publisher.view()
        return view

    def shown(self, now_ms: int) -> "View":
        """What displays show now, by EVSE ("site": the one for all): texts that take turns, the present one first. Only displays with a text."""
        station = self.station
        loaded = [name for name in ("display", "tariff") if station.optional.find(name) is not None]
        if not loaded and not station.model.text("TariffCostCtrlr", "TariffFallbackMessage"):
            return {}
        from ampacity.ocpp.display.screen import shown
        texts = {evse.name: shown(station, evse.id, now_ms) for evse in station.evses}
        texts["site"] = shown(station, 0, now_ms)
        return {name: texts[name] for name in texts if texts[name]}

    def roots_pem(self) -> "str | None":
        """The root certificates that servers of the CSMS are verified with, as PEM."""
        return self.network_profiles.roots_pem()

    def left(self, now_ms: int) -> bool:
        """Before a restart: close the connection properly. True once that is done, or has taken too long."""
        if self._leaving_ms is None:
            self._leaving_ms = now_ms
            self.link.stop()
            monitoring = self.station.optional.find("monitoring")
            if monitoring is not None:
                monitoring.keep_now()
        return not self.link.online or now_ms - self._leaving_ms >= LEAVE_MS

    def _failed(self, counter: str, text: str) -> None:
        """What went wrong with the link, where it is a security event. A certificate of the CSMS, or its TLS, that was refused is reported
        once for each reason; what is not critical is only in the security log."""
        now_ms = self.platform.clock.now_ms()
        if counter == "failed" and ("tls: the certificate" in text or OLD_TLS in text or NO_SUITE in text):
            self.network_profiles.distrusted()
            text = text[text.index("tls: ") + 5 :]
            if text != self._distrust:
                self._distrust = text
                kind = "InvalidTLSVersion" if OLD_TLS in text else "InvalidTLSCipherSuite" if NO_SUITE in text else "InvalidCsmsCertificate"
                self.station.security_event(kind, text, now_ms)
        elif counter in INVALID:
            note(self.station, "InvalidMessages", text, now_ms)
        elif counter == "refused" and ("upgrade: HTTP 401" in text or "upgrade: HTTP 403" in text):
            note(self.station, "FailedToAuthenticateAtCsms", text, now_ms)

    def variable(self, component: str, name: str, text: "str | None", now_ms: int) -> str:
        """A variable of the station's device model, by the installer: shown (text None), or set as the CSMS would."""
        if text is None:
            from ampacity.ocpp.device_model.handlers import get_variables as handle
            item: Message = {"component": {"name": component}, "variable": {"name": name}}
            result = handle(self.station, {"getVariableData": [item]}, "", now_ms)["getVariableResult"][0]
        else:
            from ampacity.ocpp.device_model.handlers import set_variables as handle
            item = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": text}
            result = handle(self.station, {"setVariableData": [item]}, "", now_ms)["setVariableResult"][0]
        if result["attributeStatus"] != "Accepted":
            why = (result.get("attributeStatusInfo") or {}).get("additionalInfo") or result["attributeStatus"]
            raise Rejected(component + "." + name, "***" if text else "it", why)
        return result.get("attributeValue", "ok")

    def shown_reason(self, text: str) -> str:
        """A text of the guard's `why` as people read it: whatever its unit, a limit of the CSMS is `ocpp`."""
        return text.replace(SOURCE_IN_WATTS, SOURCE)

    def transaction(self, index: int) -> "str | None":
        """Id of the open transaction of an EVSE, or None."""
        return self.station.transaction(index + 1)

    def token(self, index: "int | None", token: str, kind: str, now_ms: int) -> None:
        """A card was presented; index None: at a reader of the whole site."""
        self.station.session_event(0 if index is None else index + 1, "token", {"token": token, "type": kind}, now_ms)
        self.link.wake()

    def access(self, index: int) -> "StationAccess":
        """Who may charge at this EVSE."""
        return StationAccess(self, self.station.evses[index])

    def operative(self, index: int) -> bool:
        """False while the CSMS has switched this EVSE off (G03, G04)."""
        return self.station.availability.operative(index + 1)

    def event(self, index: int, kind: str, fields: "dict[str, Any]", now_ms: int) -> None:
        """What happens at an EVSE, as Station.session_event takes it."""
        self.station.session_event(index + 1, kind, fields, now_ms)
        self.link.wake()

    def status(self, index: int, session: "Session", now_ms: int) -> None:
        """The connectorStatus that follows from the EVSE's session, reported when it changes."""
        known = self.station.evses[index]
        status = connector_status(bool(session.fault), session.lost, session.occupied)
        if known.status != status or known.settled != session.settled:
            self.station.evse_status(index + 1, status, now_ms, session.settled)
            self.link.wake()

    def facts(self, index: int, facts: "EvseFacts", fault: "str | None", now_ms: int) -> None:
        """Serial number, firmware and fault (text or None) of a device, each reported when it changes."""
        for name, variable in ((SERIAL, "SerialNumber"), (FIRMWARE, "FirmwareVersion")):
            value = getattr(facts, name, None)
            if value is not None and self._shown[name][index] != value:
                self._shown[name][index] = value
                self.station.device_fact(index + 1, "EVSE", variable, value, now_ms)
        names = fault.split(", ") if fault else []
        lock = [name for name in names if name in LOCK_FAULTS]
        self._problem(index, LOCK, bool(lock), fault, now_ms)
        self._problem(index, "EVSE", len(names) > len(lock), fault, now_ms)

    def _problem(self, index: int, component: str, on: bool, fault: "str | None", now_ms: int) -> None:
        """The Problem variable of an EVSE, or of the lock of its socket: reported when it changes."""
        known = self._shown[component]
        without = component == LOCK and self.station.evses[index].tethered  # a cable of its own has no lock
        if known[index] == on or known[index] is None and without and not on:
            return
        known[index] = on
        self.station.device_fact(index + 1, component, "Problem", on, now_ms, connector=component == LOCK)
        if on:
            self.primary.device_log.add("warning", "evse %s: fault: %s" % (self.primary.site["evses"][index]["name"], fault), now_ms)
        self.link.wake()

    def needs(self, index: int, energy_wh: "int | None", departure_ms: "int | None", now_ms: int) -> None:
        """What a car still needs, and when it leaves on the monotonic clock."""
        unix_ms = self.primary.wallclock.unix_ms(now_ms)
        departure_unix_ms = None if unix_ms is None or departure_ms is None else unix_ms + departure_ms - now_ms
        self.station.charging_needs(index + 1, energy_wh, departure_unix_ms, now_ms)
        self.link.wake()

    def ev_schedule(self, index: int, choice: "Message", now_ms: int) -> None:
        """Which of the offered schedules a car follows, and how, as Station.ev_schedule takes it."""
        self.station.ev_schedule(index + 1, choice, now_ms)
        self.link.wake()

    def ev_message(self, index: int, message: "Message", now_ms: int) -> None:
        """A question of the device that talks ISO 15118 with the car, as Station.ev_message takes it."""
        self.station.ev_message(index + 1, message, now_ms)
        self.link.wake()

    def meter(self, index: int, facts: "EvseFacts", offered_da: "int | None", more: "Values") -> None:
        """The latest readings of an EVSE; the station samples them when OCPP wants it. more: of more_readings."""
        values: Any = self.station.evses[index].values
        if not isinstance(values, EvseReadings) or values.facts is not facts:
            values = EvseReadings(facts)
        if offered_da != values.offered_da:
            values.offered_da = offered_da
        if more:
            values = values.copy()
            values.update(more)
        if self.station.meter_values(index + 1, values, self.platform.clock.now_ms()):
            self.link.wake()

    def _main_meter(self, now_ms: int) -> None:
        """The latest readings of the meter at the grid connection, which is EVSE 0 (J01.FR.03)."""
        meter = self.primary.site["circuits"][self.primary.root]["meter"]
        reading = self.primary.readings[meter] if meter >= 0 and now_ms >= self._metered_ms + METER_MS else None
        if reading is None:
            return
        self._metered_ms = now_ms
        driver, since_ms = self.primary.buses.meters[meter], self.station.sampling.fresh_since(now_ms)
        if since_ms is not None and now_ms >= since_ms:
            driver.show_energy(since_ms)
        values: Values = {}
        if shows_now(self.primary, meter):
            lines = self.primary.site["meters"][meter]["phases"]
            values = {
                "amps_da": by_line(reading["amps_da"], lines), "volts_dv": by_line(reading["volts_dv"], lines), "power_w": reading["power_w"],
                "energy_wh": reading["energy_wh"], "export_wh": reading.get("export_wh"),
            }
        self.station.meter_values(0, values, now_ms)

    def ends_since(self, index: int) -> "int | None":
        """The end of its transaction waits for readings of after then; None: it does not."""
        return self.station.ends_since(index + 1)

    def step(self, now_ms: int) -> None:
        """Actions of the station, and its limits when they change by the clock; called by the housekeeping loop."""
        station = self.station
        self._look_at_meters(now_ms)
        self._main_meter(now_ms)
        station.restart_hold_s = self.primary.guard.demands.restart_hold_ms // 1000
        overdue = self.network_profiles.step(now_ms)
        if overdue is not None:
            self.link.leave("unaccepted", overdue)
        if self._outside_limits.step(now_ms):
            self.link.wake()
        self.act(now_ms)

    def pause_ms(self, most_ms: int, now_ms: int) -> int:
        """How long the housekeeping may pause, at most most_ms: until a period of a schedule begins or ends, also without a connection;
        without one it also does the next slice of what the station computes, which a link would ask for."""
        station = self.station
        if station.busy and not station.online:
            return max(1, min(most_ms, self.primary.slow_work.wait_ms(now_ms)))
        return max(1, min(most_ms, station.limits_change_at_ms - now_ms))

    def act_on_time(self, now_ms: int) -> None:
        """Hand on the limits if a period has begun or ended in the pause; without a connection, a slice of what is computed."""
        station = self.station
        slow_work = self.primary.slow_work
        computes = station.busy and not station.online and not slow_work.wait_ms(now_ms)
        slow_work.began()
        if computes:
            station.tick(now_ms)
        if computes or now_ms >= station.limits_change_at_ms:
            self.act(now_ms)
        slow_work.is_long()

    def _look_at_meters(self, now_ms: int) -> None:
        """A meter or a medium that a person must look at is a problem of the station."""
        guard = self.primary.guard
        on = any([guard.needs_inspection(c) for c in range(len(guard.site.circuits))]) or bool(self.primary.persistence.troubles())
        if on != self.station.problem:
            self.station.station_problem(on, now_ms)
            self.link.wake()

    def act(self, now_ms: int) -> None:
        """Carry out the station's actions; hand on its limits where they may have changed."""
        actions = self.station.actions
        while actions:
            self._act(actions.pop(0), now_ms)
            self._limits_at_ms = now_ms
        change_ms = self.station.limits_change_at_ms
        changes = change_ms is not None and now_ms >= change_ms
        if changes or now_ms >= self._limits_at_ms:
            self._limits_at_ms = now_ms + METER_MS
            before = self._limits
            self._take_limits(now_ms)
            if changes and raised(before, self._limits):
                for part in self.primary.parts:
                    part.limits_raised(now_ms)

    def _act(self, action: "tuple[Any, ...]", now_ms: int) -> None:
        kind = action[0]
        evses = self.primary.evses
        if kind == "unlock":
            evses.unlock(action[1] - 1, action[2], now_ms)
        elif kind == "reset":
            self.primary.reset(action[1], action[2], now_ms)
        elif kind == "password":
            self.network_profiles.password(action[1])
            self.link.reconnect()
        elif kind in ("credentials", "roots"):
            self.network_profiles.renew()
            if kind == "credentials":
                self.link.reconnect()
        elif kind == "unanswered":
            self.link.leave("silent", "link lost: the CSMS answers no requests")
        elif kind == "variable":
            self._set_link_variables()
        elif kind == "ev_answer":
            evses.ev_answer(action[1] - 1, action[2], now_ms)
        elif kind == "renegotiate":
            evses.renegotiate(action[1] - 1, now_ms)
        elif kind == "upload":
            from ampacity.roles.charging.log_upload import LogUpload
            if self._log_upload is not None:
                self._log_upload.stop()  # one at a time
            self._log_upload = LogUpload(self.platform, self.log, self.roots_pem(), action[1], self.link.wake)
        elif kind == "publish":
            from ampacity.roles.publish.publisher import Publisher
            self._publisher = self._publisher or Publisher(self.primary)
            self._publisher.begin(action[1])
        elif kind == "authorized":
            evses.authorized(action[1] - 1, action[3], now_ms, action[4])

    def _set_link_variables(self) -> None:
        number = self.station.model.number
        config = self.config
        config.retry_wait_min_s = number("OCPPCommCtrlr", "RetryBackOffWaitMinimum")
        config.retry_random_range_s = number("OCPPCommCtrlr", "RetryBackOffRandomRange")
        config.retry_repeat_times = number("OCPPCommCtrlr", "RetryBackOffRepeatTimes")
        config.ping_interval_s = number("OCPPCommCtrlr", "WebSocketPingInterval")

    def _take_limits(self, now_ms: int) -> None:
        """Hand the composite of the charging profiles to the guard; what is no longer there is withdrawn."""
        limits = []
        for evse, watts, limit_da, phases in self.station.limits(now_ms):
            target = ("chargers", self.primary.root) if evse == 0 else ("evse", evse - 1)
            if watts is not None:
                limits.append((SOURCE if limit_da is None else SOURCE_IN_WATTS, target, max(0, int(watts)), "w", phases))
            if limit_da is not None:
                limits.append((SOURCE, target, limit_da, "da", None))
        if limits == self._limits:
            return
        guard = self.primary.guard
        for source, target, _value, _unit, _phases in self._limits:
            if (source, target) not in [item[:2] for item in limits]:
                guard.limit(source, target, None, None, "hold")
        for source, target, value, unit, phases in limits:
            guard.limit(source, target, value, None, "hold", unit=unit, phases=phases)
        self._limits = limits
        self.primary.safety.tick(now_ms, permit=False)  # at once, not with the next pass of the loop


def by_line(inputs: "list[int] | None", lines: "list[int]") -> "list[int | None]":
    """Values of a meter's inputs as those of L1, L2, L3; None: on no input. lines: of each input."""
    found: "list[int | None]" = [None, None, None]
    for line, value in zip(lines, inputs or ()):
        found[line] = value
    return found


def raised(
    before: "list[tuple[str, tuple[str, int], int, str, int | None]]", after: "list[tuple[str, tuple[str, int], int, str, int | None]]",
) -> bool:
    """Does the second list of limits leave more to some target than the first?"""
    now = {}
    for source, target, value, unit, _phases in after:
        now[source, target, unit] = value
    for source, target, value, unit, _phases in before:
        if now.get((source, target, unit), value + 1) > value:
            return True
    return False
