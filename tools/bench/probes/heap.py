"""Runs on MicroPython: a primary on a virtual clock; prints its heap figures as lines `R name value`.

Arguments: the port of a TLS server (0: none), its root as a DER file, the data folder, the start in microseconds.
"""

import asyncio
import gc
import sys

EVERY_MS = 30000


def alloc():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def tell(name, value):
    sys.stdout.write("R %s %s\n" % (name, value))


def measured(module, name, part, figures):
    """Wraps a constructor: the increase of the heap is the data of its part."""
    make = getattr(module, name)

    def wrapped(*arguments):
        before = alloc()
        made = make(*arguments)
        figures.append((part, alloc() - before))
        return made

    setattr(module, name, wrapped)


def open_tls(port, root):
    """An open TLS session, as the upstream's, and the heap that it holds."""
    import socket

    import tls

    before = alloc()
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    with open(root, "rb") as file:
        context.load_verify_locations(file.read())
    plain = socket.socket()
    plain.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    session = context.wrap_socket(plain, server_hostname="localhost")
    session.write(b"x")
    tell("data-tls", alloc() - before)
    return context, session


async def report(log):
    while True:
        await asyncio.sleep_ms(EVERY_MS)
        tell("failures", log.counters.get("loop_failures", 0))
        tell("live", alloc())


async def main(folder, start_us, port, root):
    begin = alloc()
    from probe_platform import PipePlatform, World

    bench = alloc() - begin
    from ampacity.base import compat
    from ampacity.base.log import Log
    from ampacity.roles import boot, primary
    from ampacity.roles.charging import upstream

    if port:
        import socket  # noqa: F401 - of the runtime, and not the firmware's

        import tls  # noqa: F401
    code = alloc() - begin
    figures = []
    measured(primary, "Guard", "circuit", figures)
    measured(primary, "Buses", "bus", figures)
    measured(primary, "Evses", "evse", figures)
    measured(upstream, "Upstream", "ocpp", figures)
    before = alloc()
    config = boot.read_json(folder, "site.json")
    tell("data-site", alloc() - before)
    tell("base", begin + bench)
    tell("imported", code - bench)
    world = World(start_us)
    compat.collect_each(boot.COLLECT_BYTES)
    platform = PipePlatform(folder, {"role": "primary"}, boot.DiskFiles(folder + "/store"), world, lambda: port and open_tls(port, root))
    log = Log(boot.log_lines())
    asyncio.create_task(report(log))
    before = alloc()
    role = primary.Primary(platform, config, log)
    del config  # as the boot stage of a controller
    for part, size in figures:
        tell("data-" + part, size)
    tell("data", alloc() - before)
    tasks = role.start_tasks()
    await role.safety.run()
    return tasks


asyncio.run(main(sys.argv[3], int(sys.argv[4]), int(sys.argv[1]), sys.argv[2]))
