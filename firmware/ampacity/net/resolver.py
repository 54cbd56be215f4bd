"""The door to names: asks the configured servers in turn, remembers answers, and while all are silent uses the last one.

A dead name server must not take the CSMS away that was reached a minute ago: an old answer beats none.
"""

import os

from ampacity.base.address import is_ip_literal
from ampacity.base.compat import forget

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.net.udp import Datagrams

PORT = 53
TIMEOUT_MS = 2000
ROUNDS = 2
KNOWN_MAX = 8
RESOLV_CONF = "/etc/resolv.conf"


def system_servers(path: str = RESOLV_CONF) -> "list[str]":
    """The name servers that the system uses; [] where it does not say."""
    from ampacity.net.dns import servers_of

    try:
        with open(path) as file:
            return servers_of(file.read(4096))
    except OSError:
        return []


def open_udp(host: str, port: int) -> "Datagrams":
    """The door to a name server."""
    from ampacity.net.udp import Datagrams

    return Datagrams(host, port)


class Resolver:
    """Addresses of hosts.

    clock: of base.clock. servers: IPv4 literals; None: what the system uses, looked up at each query.
    open_datagrams(host, port): the door (net.udp.Datagrams).
    """

    def __init__(
        self,
        clock: "Clock",
        log: "Log",
        servers: "list[str] | None" = None,
        open_datagrams: "Callable[[str, int], Datagrams]" = open_udp,
        port: int = PORT,
        entropy: "Callable[[int], bytes]" = os.urandom,
    ) -> None:
        self._clock = clock
        self._log = log
        self._servers = servers
        self._open = open_datagrams
        self._port = port
        self._entropy = entropy
        self._known: "dict[str, tuple[str, int]]" = {}  # host → (address, good until ms)

    async def resolve(self, host: str, timeout_ms: int = TIMEOUT_MS) -> str:
        """An IPv4 address. Literals and "localhost" need no query. OSError: no such host (2), or no server answered (5).

        timeout_ms: for each server; all are asked twice.
        """
        if is_ip_literal(host):
            return host
        if host == "localhost":
            return "127.0.0.1"
        from ampacity.base.host_name import is_host

        if not is_host(host):
            raise OSError(2, "not a host name: %s" % host[:60])
        known = self._known.get(host)
        if known is not None and self._clock.now_ms() < known[1]:
            return known[0]
        try:
            addresses, ttl_s = await self._ask(host, timeout_ms)
        except OSError as error:
            self._log.counter("dns.failed")
            if known is None or error.errno == 2:
                raise
            return known[0]
        forget("ampacity.net.dns")  # until an answer is too old: an address without a name needs neither
        forget("ampacity.net.udp")
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[host] = (addresses[0], self._clock.now_ms() + ttl_s * 1000)
        return addresses[0]

    async def _ask(self, host: str, timeout_ms: int) -> "tuple[list[str], int]":
        servers = system_servers() if self._servers is None else self._servers
        if not servers:
            raise OSError(5, "no name server is configured")
        trouble = OSError(5, "no name server answered for %s" % host)
        for _ in range(ROUNDS):
            for server in servers:
                try:
                    reply = await self._ask_one(server, host, timeout_ms)
                except OSError as error:
                    if error.errno == 2:
                        raise
                    trouble = error
                    continue
                if reply is not None and reply[0]:
                    return reply
                if reply is not None:
                    raise OSError(2, "%s has no IPv4 address" % host)
        raise trouble

    async def _ask_one(self, server: str, host: str, timeout_ms: int) -> "tuple[list[str], int] | None":
        """(addresses, ttl_s), or None if it did not answer in time."""
        from ampacity.net.dns import build_query, parse_reply

        id_bytes = self._entropy(2)
        query_id = id_bytes[0] << 8 | id_bytes[1]
        until_ms = self._clock.now_ms() + timeout_ms
        door = self._open(server, self._port)
        try:
            door.send(build_query(query_id, host))
            while self._clock.now_ms() < until_ms:
                data = await door.receive(until_ms - self._clock.now_ms())
                if data is None:
                    return None
                try:
                    return parse_reply(data, query_id, host)
                except ValueError:
                    self._log.counter("dns.garbage")
            return None
        finally:
            door.close()
