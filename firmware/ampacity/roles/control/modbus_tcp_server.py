"""Our own registers over TCP: plain, or Modbus/TCP Security, where a client's certificate says what it may do.

facts: {"host", "tcp_port"} and, for TLS, "tls" {"root_pem", "certificate_pem", "key_pem"} and perhaps "roles"
{name: [rights]}. On plain TCP the numbers of a running lease are shown to its own connection alone, which no other connection
displaces, and a grant from another host is refused and logged while that one is open. That holds off who only reaches the port; who can
read the frames, answers from the primary's address, or comes first after a lapse is obeyed: plain TCP is for a network of its own.
"""

from ampacity.base.admission import Admission
from ampacity.base.compat import mem_free
from ampacity.base.errors import Rejected
from ampacity.base.rate_limited_log import RateLimitedLog
from ampacity.bus.server.rights import RIGHTS, ROLES, rights_of
from ampacity.bus.server.tcp_session import TcpSession
from ampacity.bus.transport import serve_tcp

if False:  # for the type checker
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Sequence
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.bus.server.modbus_server import ModbusServer
    from ampacity.roles.interfaces import RolePlatform, SiteFacts, View

CLIENTS_MAX = 4
SMALL_TLS_CLIENTS_MAX = 2  # where the heap is counted: a session takes 23 KiB of it
WAITING = 4  # connections that have not yet made a request
LISTEN_RETRY_MS = 5000


def roles_of(facts: "SiteFacts") -> "Sequence[tuple[str, tuple[str, ...]]]":
    """[(name, rights)] of the facts, ours where they name none. Rejected: a right that does not exist."""
    given = facts.get("roles")
    if not given:
        return ROLES
    for name in sorted(given):
        for right in given[name]:
            if right not in RIGHTS:
                raise Rejected("roles." + name, right, " ".join(RIGHTS))
    return [(name, tuple(given[name])) for name in sorted(given)]


class ModbusTcpServer:
    """engine: a ModbusServer. answered(now_ms): puts in force what was ordered. Raises Rejected for roles that cannot be.

    `unusable`: why its certificates cannot be used, "" if they can. It does not listen then: no client reaches it, none without TLS.
    """

    def __init__(self, engine: "ModbusServer", facts: "SiteFacts", platform: "RolePlatform", log: "Log", answered: "Callable[[int], None]") -> None:
        self.engine = engine
        self.facts = facts
        self.platform = platform
        self.log = log
        self._answered = answered
        self._roles = roles_of(facts)
        self._limited_log = RateLimitedLog(log, "modbus tcp")
        self._alarm = RateLimitedLog(log, "modbus tcp")  # apart: what strangers cause does not hide it
        self._second_sources = 0
        self._holder: "Any" = None  # the client that holds the lease
        self._tls: "Any" = None
        self.unusable = ""
        if facts.get("tls"):
            from ampacity.ports.tls_credentials import own_credentials

            try:
                self._tls = platform.server_tls(own_credentials(facts["tls"]))
            except Rejected as e:
                self.unusable = "tls: %s" % e
        small = self._tls is not None and mem_free() is not None
        self._admission = Admission(platform, SMALL_TLS_CLIENTS_MAX if small else CLIENTS_MAX, WAITING, self._limited_log.add)
        self._handshakes_refused = 0

    async def start(self) -> None:
        """Listen for as long as the controller runs; where that is not possible, try again and say why. Returns if its certificates are unusable."""
        clock, server, said = self.platform.clock, None, None
        host, port = self.facts["host"], self.facts["tcp_port"]
        if self.unusable:
            self.log.add("error", "modbus tcp: not listening on %s:%d: %s" % (host, port, self.unusable), clock.now_ms())
            return
        try:
            while server is None:
                try:
                    options = (self._tls, self._handshake_refused) if self._tls is not None else ()
                    server = await self.platform.listen(host, port, self._client, *options)
                except OSError as error:
                    if str(error) != said:
                        said = str(error)
                        self.log.add("error", "modbus tcp: cannot listen on %s:%d: %s" % (host, port, said), clock.now_ms())
                    await clock.sleep_ms(LISTEN_RETRY_MS)
            self.log.add("info", "modbus tcp: listening on %s:%d%s" % (host, port, ", TLS" if self._tls else ""), clock.now_ms())
            while True:
                await clock.sleep_ms(3600000)
        finally:
            if server is not None:
                server.close()
            self._admission.close()

    def view(self) -> "View":
        """Counters for the console."""
        if self.unusable:
            return {"trouble": self.unusable}
        return {
            "clients": self._admission.clients, "turned_away": self._admission.turned_away,
            "handshakes_refused": self._handshakes_refused, "refused": self.engine.counters.get("refused", 0),
            "second_sources": self.engine.map.second_sources,
        }

    async def _client(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        rights = None if self._tls is None else self._rights(self.platform.peer_certificate(writer))
        client = self._admission.enter(writer)
        if self._tls is not None:  # who it is was asked before
            self._admission.heard(client)
        session = TcpSession(self.engine, rights, self.platform.peer_host(writer))
        try:
            await serve_tcp(session, (reader, writer), self.platform.clock, self._before_answer(session, rights, client))
            await hang_up(writer)
        finally:
            session.open = False
            self._admission.leave(client)
            self.platform.abort(writer)

    def _before_answer(self, session: "TcpSession", rights: "Sequence[str] | None", client: "Any") -> "Callable[[int], None]":
        """What happens before each answer of one client; a request without the right for it is logged."""
        reported = [0]

        def before(now_ms: int) -> None:
            self._admission.heard(client)
            if self.engine.map.lease_holder is session and self._holder is not client:  # strangers do not displace it
                self._admission.answering(self._holder or client, False)
                self._admission.answering(client, False, True)
                self._holder = client
            if session.refused != reported[0]:
                reported[0] = session.refused
                self._limited_log.add("a request without the right for it: the client may %s" % (" ".join(rights) or "nothing"), now_ms)  # type: ignore[arg-type]
            self._watch_sources(session, now_ms)
            self._answered(now_ms)

        return before

    def _watch_sources(self, session: "TcpSession", now_ms: int) -> None:
        """A source other than the primary sends grants: refused, and an alarm."""
        count = self.engine.map.second_sources
        if count != self._second_sources:
            self._second_sources = count
            self.log.counter("second_source")
            self._alarm.add("alarm: a second source of grants, at %s: refused %d so far" % (session.host or "an unknown address", count), now_ms)

    def _rights(self, certificate: "bytes | None") -> "Sequence[str]":
        """By the role in the client's certificate; one that cannot be read gives none."""
        from ampacity.bus.server.der import role

        named = None
        try:
            named = None if certificate is None else role(certificate)
        except ValueError as error:
            self._limited_log.add("a client's role cannot be read: %s" % error, self.platform.clock.now_ms())
        return rights_of(named, self._roles)

    def _handshake_refused(self, text: str) -> None:
        self._handshakes_refused += 1
        self._limited_log.add(text, self.platform.clock.now_ms())


async def hang_up(writer: "StreamWriter") -> None:
    """Close a connection, whatever state it is in; one of the runtimes closes it only where it is waited for."""
    try:
        writer.close()
        await writer.wait_closed()
    except (OSError, EOFError, ValueError):
        pass
