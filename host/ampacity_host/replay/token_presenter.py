"""Cards for recorded drivers: on a site with a CSMS no car charges before a card was presented.

Each driver shows its own card a moment after plugging in, and again as long as its EVSE waits for one: a reader that
was off, or a primary that restarted, has forgotten the first.
"""

from ampacity.roles.service.status_view import shown_status

FIRST_MS = 5_000
AGAIN_MS = 120_000
WAITS = "Plugged"


class TokenPresenter:
    """bench: a VirtualBench whose primary asks for authorisation. `shown`: how often a card was shown."""

    def __init__(self, bench):
        self._bench = bench
        self.shown = 0

    def plugged(self, point, session):
        """A car was plugged in for this session."""
        self._later(FIRST_MS, point, point.car, "CARD-%s" % session.name[:14])

    def _later(self, ms, *args):
        self._bench.time.at_ms(self._bench.time.now_ms + ms, self._show, *args)

    def _show(self, point, car, token):
        if point.car is not car:
            return
        role = self._bench.primary.role
        index = None if role is None else role.evses.index(point.name)  # None: a primary below serves it, without authorization
        if index is not None and shown_status(role.evses.session(index)) == WAITS:
            self.shown += 1
            self._bench.primary.present(point.name, ("token", token, "ISO14443"))
        self._later(AGAIN_MS, point, car, token)
