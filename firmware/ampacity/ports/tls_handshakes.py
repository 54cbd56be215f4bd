"""TLS handshakes of incoming connections: bounded in number and in time, on every platform.

A connection without a byte takes little memory and replaces only others without a byte; a handshake takes one of few places.
"""

import asyncio

from ampacity.base.admission import Admission
from ampacity.base.within import within

if False:  # for the type checker
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ampacity.base.admission import Client
    from ampacity.ports.interfaces import Handler, Refused, Serving

    Streams = tuple[Any, Any]  # reader, writer
    Steps = tuple[Callable[[Any], Coroutine[Any, Any, None]], Callable[[Any, Any], Coroutine[Any, Any, Streams]]]

HANDSHAKE_S = 10  # from the first moment on
WAITING = 4  # connections that have not yet sent a byte


def serving(platform: "Serving", how: "Steps", limits: "tuple[int, int]", handler: "Handler", refused: "Refused") -> "Handler":
    """The handler of plain connections that secures each before `await handler(reader, writer)`.

    how: the coroutines spoken(writer), until it has sent a byte or ended, and accept(reader, writer) → both, secured; OSError.
    limits: handshakes at once, and for how many ms from its begin each keeps its place when others come. refused(text): one was not secured.
    """
    spoken, accept = how
    admission = Admission(platform, limits[0], WAITING, lambda text, _now_ms: refused("tls handshakes: " + text), limits[1])

    async def shaken(client: "Client", reader: "Any", writer: "Any") -> "Streams | None":
        await spoken(writer)
        return await accept(reader, writer) if admission.heard(client) else None

    async def secured(reader: "Any", writer: "Any") -> None:
        client, peer = admission.enter(writer), platform.peer_host(writer)
        streams = None
        try:
            streams = await within(shaken(client, reader, writer), HANDSHAKE_S)
        except asyncio.TimeoutError:
            what = "stalled during the handshake" if admission.spoke(client) else "sent nothing for %g s" % HANDSHAKE_S
            refused("tls: client at %s %s" % (peer, what))
        except OSError as error:
            if admission.heard(client):  # else that is logged already
                refused(error.args[-1])
        finally:
            admission.leave(client)
        if streams is None:
            platform.abort(writer)
        else:
            await handler(*streams)

    return secured
