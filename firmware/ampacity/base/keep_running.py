"""A loop of the outside world that does not end: what it raises is logged, and it starts again."""

from ampacity.base.compat import format_exception

if False:  # for the type checker
    from collections.abc import Awaitable, Callable

    from ampacity.base.clock import Clock
    from ampacity.base.log import Log

RETRY_MS = 1000


async def keep_running(name: str, start: "Callable[[], Awaitable[None]]", clock: "Clock", log: "Log") -> None:
    """Run `start` until it returns; after each exception again, also if there is no memory for its log line. Never for a safety loop."""
    failed = False
    while True:
        try:
            if failed:
                await clock.sleep_ms(RETRY_MS)
            failed = True
            await start()
            return
        except Exception as e:  # a defect there must not take the site with it
            _log_failure(name, e, clock, log)


def _log_failure(name: str, error: "Exception", clock: "Clock", log: "Log") -> None:
    """What a loop raised: with its traceback, or as much of it as there is memory for."""
    for text_of in (format_exception, repr):
        try:
            log.add("error", "%s: %s" % (name, text_of(error)), clock.now_ms())
            break
        except MemoryError:
            continue
    log.counter("loop_failures")
