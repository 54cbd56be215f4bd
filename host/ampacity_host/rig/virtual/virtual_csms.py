"""The bench CSMS on the virtual loop: the same bytes over an in-memory connection, on the virtual clock."""

from ampacity_host.rig.base.upstream import Upstream
from ampacity_host.rig.virtual.memory_network import MemoryWriter

HOST, PORT = "127.0.0.1", 9000
EPOCH_UNIX_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: the time of a virtual CSMS at the start


class VirtualLink:
    """The connection that `csms_down` interrupts."""

    def __init__(self, path, csms):
        self.path, self._csms = path, csms

    def set_nameless(self, on):
        """Its name does not resolve: existing connections remain, new ones fail."""
        self.path.nameless = on

    def set_down(self, on):
        self.path.down = on
        if on:
            self._csms.drop()
        self.path.release()


def attach_csms(bench, version, ocpp, unix_ms=EPOCH_UNIX_MS, check_every=1):
    """Adds a bench CSMS to the bench's network and sets the upstream facts `ocpp` to it; returns the CSMS."""
    from ampacity_host.csms.server import BenchCsms

    csms = BenchCsms(version, lambda: bench.t_ms, lambda: unix_ms + bench.t_ms, check_every)
    bench.network.serve(HOST, PORT, lambda end: _accept(csms, end))
    link = VirtualLink(bench.network.path(HOST, PORT), csms)
    upstream = Upstream(csms, link, bench.flush)
    bench.set_upstream(upstream, dict(ocpp, url="ws://%s:%d" % (HOST, PORT)))
    return csms


def _accept(csms, end):
    session = csms.attach(MemoryWriter(end))

    def lost():
        session.eof_received()
        session.connection_lost(None)
    end.on_data, end.on_lost = session.data_received, lost
