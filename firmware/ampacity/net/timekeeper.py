"""Time of day from a time server: polls it and sets the wall clock."""

import os

from ampacity.base.compat import const
from ampacity.base.wallclock import absurd
from ampacity.net.ntp import PORT, build_request, parse_reply
from ampacity.net.udp import Datagrams

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log
    from ampacity.base.wallclock import WallClock
    from ampacity.net.resolver import Resolver

PERIOD_MS = 3600000
RETRY_MS = 15000  # a server that was asked without success is not asked more often (RFC 4330, 10)
BURST, BURST_MS = 8, 2000  # but the first times after the start, or after the network was away (RFC 5905, iburst)
_UNSENT_MS = const(3000)  # no request left: no name, no route
_UNKNOWN_MOST_MS = const(240000)  # there is no such host, or the name is none: RETRY_MS, and twice as long each time up to this
_TIMEOUT_MS = const(2000)
_REFUSED_EACH = const(100)  # impossible times per log line


async def ask_time(
    address: str,
    clock: "Clock",
    log: "Log",
    open_datagrams: "Callable[[str, int], Datagrams]" = Datagrams,
    port: int = PORT,
    entropy: "Callable[[int], bytes]" = os.urandom,
) -> "tuple[int, int] | None":
    """(unix_ms, now_ms of the reply) from the server at an IPv4 literal, None if it did not answer usefully."""
    cookie = entropy(8)
    door = open_datagrams(address, port)
    warned = False
    try:
        sent_ms = clock.now_ms()
        door.send(build_request(cookie))
        while clock.now_ms() - sent_ms < _TIMEOUT_MS:
            data = await door.receive(_TIMEOUT_MS - (clock.now_ms() - sent_ms))
            if data is None:
                break
            now_ms = clock.now_ms()
            try:
                return parse_reply(data, cookie, now_ms - sent_ms), now_ms
            except ValueError as error:
                log.counter("ntp.refused")
                if not warned:  # a flood of them pushes nothing else out of the log
                    warned = True
                    log.add("debug", str(error), now_ms)
        return None
    finally:
        door.close()


async def run_timekeeper(
    host: str,
    resolver: "Resolver",
    wallclock: "WallClock",
    clock: "Clock",
    log: "Log",
    open_datagrams: "Callable[[str, int], Datagrams]" = Datagrams,
    port: int = PORT,
    period_ms: int = PERIOD_MS,
    on_time: "Callable[[int], object] | None" = None,
) -> None:
    """Runs without end: asks `host` every period_ms, and sooner if it did not answer or could not be asked. A jump goes to the log as a
    warning.

    on_time(unix_ms): called with each answer.
    """
    in_vain, unknown_ms = 0, RETRY_MS
    while True:
        answer, again_ms = None, RETRY_MS
        try:
            answer = await ask_time(await resolver.resolve(host), clock, log, open_datagrams, port)
            in_vain, unknown_ms = in_vain + 1, RETRY_MS
            if answer is None and in_vain < BURST:
                again_ms = BURST_MS
        except OSError as error:
            in_vain, again_ms = 0, _UNSENT_MS
            if error.errno == 2:
                again_ms, unknown_ms = unknown_ms, min(2 * unknown_ms, _UNKNOWN_MOST_MS)
            log.add("debug", "ntp: %s" % error, clock.now_ms())
        if answer is None:
            log.counter("ntp.failed")
        else:
            result = wallclock.set_unix(answer[0], "ntp", answer[1])
            refused = result is not None and result[0] == "refused"
            if refused:
                if log.counter("ntp.refused") % _REFUSED_EACH == 1:
                    log.add("warning", absurd("ntp", answer[0]), answer[1])
            elif result is not None:
                log.add("warning", "wall clock jumped: source=ntp delta_ms=%d" % result[1], answer[1])
            if not refused:
                in_vain, again_ms = BURST, period_ms
                if on_time is not None:
                    on_time(answer[0])
        await clock.sleep_ms(again_ms)
