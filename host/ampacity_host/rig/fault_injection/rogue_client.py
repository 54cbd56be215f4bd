"""Requests of a rogue client: a read of anything, or a write of a device's limit according to its documentation."""

from ampacity.bus.leases import register_table as lease_table
from ampacity.bus.profile.orders.order_recipe import LIMIT, W_ROLE, OrderRecipe

WRITTEN_A = 6
VISIT_MS = 1_000


def request_body(facts, writes):
    """Unit and PDU for the device of an `evses` entry."""
    unit = facts["unit"]
    if facts["kind"] == "ampacity":
        return _grant(unit) if writes else _read(unit, 3, lease_table.STATUS_AT)
    from ampacity_host import profiles
    from ampacity_host.profiles.compiler import compile_profile

    profile = profiles.load("evse-" + facts["profile"])
    if not writes:
        register = profile["registers"][profile["order"]["limit"]]
        return _read(unit, 4 if register.get("in") == "input" else 3, register["at"])
    order = compile_profile(profile)["order"]
    limit = next(write for write in order["charge"] if write[W_ROLE] == LIMIT)
    return bytes((unit,)) + OrderRecipe(order, order["min"], order["max"]).pdu(limit, WRITTEN_A * 10, {})


def _read(unit, function, address):
    return bytes((unit, function)) + address.to_bytes(2, "big") + bytes((0, 1))


def _grant(unit):
    """A grant of 6 A from another primary."""
    words = [WRITTEN_A * 10, 100, 1, 0xF0E1, 0xD2C3, 1, 0]
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return bytes((unit, 16)) + lease_table.GRANT_AT.to_bytes(2, "big") + bytes((0, len(words), 2 * len(words))) + data


class RogueTcpClient:
    """A client that sends a request per second to the TCP devices at `keys` of a rig, over a separate connection.

    name: of the single device that it addresses; that of a bus: all of its devices.
    """

    def __init__(self, rig, keys, writes, name):
        self._rig = rig
        self._number = 0
        self._requests = []
        for facts in rig.addressed():
            if rig.address_of.get(facts["name"]) in keys and name in (facts["name"], rig.facts["buses"][facts["bus"]]["name"]):
                receive = rig.endpoints[rig.address_of[facts["name"]]].receiver(lambda answer: None)
                self._requests.append((receive, request_body(facts, writes)))
        self._entry = None
        self._next()

    def _next(self):
        self._entry = self._rig.time.at_ms(self._rig.time.now_ms + VISIT_MS, self._send_requests)

    def _send_requests(self):
        self._number = self._number % 0xFFFF + 1
        for receive, body in self._requests:
            frame = self._number.to_bytes(2, "big") + bytes((0, 0)) + len(body).to_bytes(2, "big") + body
            receive(frame, self._rig.time.now_us)
        self._next()

    def stop(self):
        self._rig.time.cancel(self._entry)
