"""Documents of a store as a broken tool or a person leaves them: the checksum is right, the content is not."""

from binascii import crc32

from helper_garage import Garage, site

from ampacity.base.rng import Rng
from ampacity.base.strict_json import dumps, loads
from ampacity.store.document_store import SUFFIX
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "wss://one.example", "security_profile": 2, "password": "0123456789abcdef"}
CARD = {"idToken": "ABC", "type": "ISO14443"}
FINDING = {"level": "error", "code": "ct-swapped", "where": "main", "text": "swapped", "fix": "swap"}
ENTRY = {"path": ["main"], "terminals": [[0], [1], [2]], "at": "rs485-1/2 ampacity", "max": 160, "reserve": 0, "lapse": 11000}
SHEET = {"name": "evse-1", "outcome": "passed", "serial": "S", "steps": [{"step": "pause", "outcome": "passed", "text": "ok", "findings": [FINDING]}]}
PRIMARY = {
    "trusted": ["access", "evidence", "latched", "limits"],
    "identity": {"identity": 77, "epoch": 5},
    "evidence": {
        "format": 1, "assumed": {"main": [0, 0, 0]}, "locked": {"evse-2": 3}, "swapped": [],
        "overdraw": {"evse-1": 10}, "used_again": ["evse-1"],
        "evses": {"evse-2": {"known_fingerprint": "S-2", "distrusted": True, "tested": False, "tested_fingerprint": None, "seen": {"holds": 1},
                             "fallback_da": 0, "power_on_da": 0, "watchdog_ms": 10000, "max_da": 160},
                  "evse-1": {"known_fingerprint": None, "distrusted": False, "tested": False, "tested_fingerprint": None, "seen": {}}},
        "site": {"circuits": {"main": [200] * 3}, "evses": {"evse-1": dict(ENTRY, at="local/evse-1 local"), "evse-2": ENTRY}},
        "meters": {"main": {"seen": [[0, 0, 0]] * 5,
                            "trust": {"owed": [1, 0, 0], "against": [0] * 3, "blame": [0] * 5, "latched": True, "reason": "r"}}},
    },
    "own_energy": {"energy_wh": 1200},
    "latched": {"evse-1": ["rcm"]},
    "limits": [{"source": "console", "kind": "chargers", "name": "site", "value": 80, "unit": "da", "left_ms": None, "silent": "hold",
                "release_ms": 0, "sign": "import", "phases": None}],
    "contract": {"main": [5000, [3, 4]]},
    "lives": {"mark": "b1", "ended": False, "count": 2, "reasons": ["Crash"]},
    "off_shows": {"evse-2": ["least", "toy", "A", "max"]},
    "console": {"sharing.idle_ms": 45000},
    "access": {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00" * 16, "hash": "00" * 32},
    "access_viewer": {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00" * 16, "hash": "00" * 32},
    "access_manufacturer": {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00" * 16, "hash": "00" * 32},
    "interfaces": {"network": "installer", "serial": "manufacturer"},
    "changes": {"count": 1, "rows": [[1, "9 s after a start", "installer at network", "limit main 40"]]},
    "console_trial": {"sharing.idle_ms": 60000},
    "site_trial": {"phase": "running", "sha256": "00" * 32, "minutes": 10, "ocpp": True},
    "upstream_own": {"slot": 0, "url": OCPP["url"], "security_profile": 2},
    "upstream_floor": {"security_profile": 2},
    "update": {"hold": True},
    "staging": {"sequence": 12, "names": ["row-1"]},
    "upstream_last": {"slot": 1, "url": OCPP["url"], "security_profile": 2},
    "setup": {"OCPPCommCtrlr.HeartbeatInterval": "60"},
    "ocpp_boot": {"n": 4, "accepted": True, "reason": "RemoteReset"},
    "ocpp_vars": {"OCPPCommCtrlr.HeartbeatInterval": "300", "TxCtrlr.TxStartPoint": "Authorized", "LocalAuthListCtrlr.Enabled": "true"},
    "ocpp_secret": {"password": "rotated-by-the-csms", "url": OCPP["url"], "security_profile": 2},
    "ocpp_network": {"1": {"url": "wss://two.example", "security_profile": 2, "timeout_s": 30, "interface": "Wired0"}},
    "ocpp_list": {"version": 3, "entries": {"ISO14443 abc": ["Accepted", "", 1900000000], "ISO14443 b": ["Accepted", "", None, [1, 2]]}},
    "ocpp_cache": [["ISO14443 abc", "Accepted", "", None, 1795176000], ["ISO14443 b", "Accepted", "", None, 1795176000, [1, 2]]],
    "ocpp_available": ["1"],
    "ocpp_evses": {"here": [["local local", "evse-1"], ["bus/2 heidelberg", "evse-2"]], "gone": [["bus/3 heidelberg", "evse-3"]]},
    "ocpp_moved": {"from": {"here": [["local local", "evse-1"]], "gone": []}, "to": {"here": [["local local", "evse-1"]], "gone": []},
                   "puts": [["ocpp_available", {"is": []}], ["ocpp_tx_2", {"is": None, "id": "t"}]]},
    "ocpp_gone": [["t", 1, 2, {"trigger": "AbnormalCondition", "reason": "Other", "token": CARD}]],
    "ocpp_certificates": {
        "roots": [[0, "CSMSRootCertificate"]], "site": ["00" * 16, "00" * 16], "gone": [], "own": [1, "0"], "trial": None,
        "pending": {"key": "1", "csr": "-----BEGIN CERTIFICATE REQUEST-----"}, "replaced": None,
    },
    "ocpp_certificate_0": {"pem": "-----BEGIN CERTIFICATE-----", "issuer": ""},
    "ocpp_v2g": {"own": [0, "v0"], "pending": {"key": "v1", "csr": "-----BEGIN CERTIFICATE REQUEST-----"}},
    "ocpp_v2g_chain_0": {"pem": "-----BEGIN CERTIFICATE-----", "issuer": "04" * 65},
    "ocpp_ocsp_0": {"serial": "1f", "result": "MAMKAQA=", "at": 1795176000},
    "ocpp_key_0": {"secret": "01" * 32, "public": "02" * 64},
    "ocpp_firmware": {
        "id": 7, "url": "https://files.example/app.bundle", "retrieve": 1795176000, "install": None, "retries": 3, "interval": 60,
        "status": "Downloading", "slot": -1, "sequence": 0, "key": "04", "signature": "AAAA", "expects": [1, 2], "unsent": [[7, "Downloading"]],
    },
    "ocpp_publish": {
        "id": 7, "url": "http://files.example/app.bin", "checksum": "0" * 32, "status": "Downloading", "location": "", "retries": 3, "interval": 60,
        "unsent": [[7, "Downloading", ""]],
    },
    "ocpp_messages": [1],
    "ocpp_message_1": {
        "id": 5, "priority": "InFront", "state": "Idle", "startDateTime": "2026-11-20T00:00:00Z", "endDateTime": "2026-11-21T00:00:00Z",
        "display": {"name": "Display", "evse": {"id": 1}}, "message": {"format": "UTF8", "language": "en", "content": "Welcome"},
    },
    "ocpp_reservations": {
        "all": [{"id": 7, "evse": 1, "type": "", "token": {"idToken": "abc", "type": "ISO14443"}, "group": "", "until": 1900000000}],
        "unsent": [[6, "Expired"]],
    },
    "ocpp_log": {"id": 7},
    "ocpp_monitors": {
        "base": "All", "level": 8, "next": 1002, "off": [3], "exceeded": [1001],
        "custom": [[1001, -1, "Connector", "Temperature", "", "UpperThreshold", 61.5, 4, False]],
    },
    "ocpp_security": [[1795176000000, "StartupOfTheDevice", "reason PowerUp"]],
    "ocpp_held": [[1, None, 80, 3], [0, 11040, None, None]],
    "ocpp_signed_1": {"tx": "t-1", "at": 1795176000000, "wh": 1200, "signed": {"data": "OCMF|{}|{}", "encoding": "OCMF", "method": "", "key": "30"}},
    "ocpp_time": 1795176000,
    "ocpp_profiles": [[5, 0]],
    "ocpp_profile_5": {
        "id": 5, "stackLevel": 1, "chargingProfilePurpose": "ChargingStationMaxProfile", "chargingProfileKind": "Absolute",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "startSchedule": "2026-11-20T00:00:00Z",
                              "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}],
    },
    "ocpp_tx_1": {"id": "t-1", "seq": 3, "start": 1795176000, "state": "Charging", "token": CARD, "group": "", "reason": None,
                  "end": ["Trigger", "Local", CARD]},
    "commission": {
        "format": 1, "kind": "commissioning", "firmware": "1", "site": "garage", "site_sha256": "00", "began": None, "ended": None, "finished": True,
        "controller": "77", "signed": {"by": "me", "at": None, "seal": "00"}, "evses": {"evse-1": {"index": 0}}, "together": [FINDING],
        "replaced": [{"evse": "evse-1", "outcome": "passed", "old": None, "new": "S", "at": None}],
    },
    "commission-0": SHEET,
}  # fmt: skip
SECONDARY = {
    "trusted": ["access", "latched", "written"],
    "secondary": {"boots": 4, "energy_wh": 12000},
    "written": {"fallback_da": 60, "max_da": 130, "power_on_da": 0, "longest_ms": 9000},
    "latched": ["rcm"],
    "access": PRIMARY["access"],
    "access_viewer": PRIMARY["access_viewer"],
    "access_manufacturer": PRIMARY["access_manufacturer"],
    "interfaces": PRIMARY["interfaces"],
    "changes": PRIMARY["changes"],
    "console_trial": {"fallback_a": 60},
    "site_trial": PRIMARY["site_trial"],
}
EVENT = {"a": "TransactionEvent", "x": "t-1", "t": 1795176000000, "b": 3, "p": {
    "eventType": "Updated", "triggerReason": "Trigger", "seqNo": 2, "evse": {"id": 1}, "transactionInfo": {"transactionId": "t-1"}, "idToken": CARD,
    "meterValue": [{"timestamp": 1795176000000, "sampledValue": [{"value": 1}]}]}}  # fmt: skip
REPLACED = (
    None, True, 0, -1, 7, 1.5, 10**12, 10**30, "", "x", "\u00b2", "-", "A" * 3000, [], {}, [[]], {"a": 1}, [1, 2, 3], [None], {"": {}}, [-1, "x"],
)  # fmt: skip


def write(files, name, value):
    """A document with the right checksum."""
    body = dumps(value).encode()
    files.replace(name + SUFFIX, b"%08x\n" % crc32(body) + body)


def fresh(documents, events=()):
    """A store with these documents, and a queue with these messages for the CSMS."""
    files = MemoryFiles()
    for name in sorted(documents):
        write(files, name, documents[name])
    journal = Journal(files, "ocpp")
    for event in events:
        journal.append(dumps(event).encode())
    return files


def copied(value):
    return loads(dumps(value))


def places(value, path=()):
    """Every place in a document, as a path of keys and indexes; () is all of it."""
    found = [path]
    for key in sorted(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found += places(value[key], path + (key,))
    return found


def changed(value, path, new):
    """A copy with another content at this place."""
    if not path:
        return new
    out = at = copied(value)
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return out


def without(value, path):
    """A copy without this member or element."""
    out = at = copied(value)
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return out


def spoilt(value, rng, times=1):
    """A copy with so many random changes of type, range or presence."""
    for _ in range(times):
        found = places(value)
        path = found[rng.below(len(found))]
        if path and rng.below(4) == 0:
            value = without(value, path)
        else:
            value = changed(value, path, copied(REPLACED[rng.below(len(REPLACED))]))
    return value


def spoilt_store(documents, seed, events=()):
    """(files, names): one document, or all of them, with random changes."""
    rng = Rng(seed)
    names = sorted(documents)
    names = names if seed % 4 == 0 else [names[rng.below(len(names))]]
    out = dict(documents)
    for name in names:
        out[name] = spoilt(out[name], rng, 1 + rng.below(3))
    events = [spoilt(event, rng) if seed % 2 else event for event in events]
    return fresh(out, events), names


class Never:
    """A TLS context that nothing connects with."""


def damaged_garage(files):
    """A garage with an upstream, cars at both EVSEs, and this store."""
    facts = site(ocpp=dict(OCPP, security_profile=1, url="ws://one.example", config={"OCPPCommCtrlr.HeartbeatInterval": "60"}))
    facts["circuits"][0]["contract_w"] = 20000
    garage = Garage(facts)
    garage.port.car = garage.unit.port.car = "C"
    garage.files = files
    return garage.start()
