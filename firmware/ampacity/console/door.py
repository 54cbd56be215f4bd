"""The console's doors: lines over a local socket, a serial line or standard input.

The prompt "> " ends every answer and nothing else does: inside an answer an arrow is written without a blank, so that
a program knows where an answer is over. A local door leads straight to the installer until a password is set; any
other door is not opened before that.
"""

from ampacity.base.errors import Rejected

PROMPT = "> "
CHUNK_BYTES = 256
PAUSE_MS = 2  # between two slices of a password
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


def role_of(host, access):
    """Role that a door on this host gives by itself. Raises Rejected for a door that must not be open yet."""
    if access.is_set():
        return "user"
    if host not in LOCAL_HOSTS:
        raise Rejected("console", host, "127.0.0.1 until the installer's password is set")
    return "installer"


async def serve(doors, host, port, access, target):
    """Listen on host:port; each connection gets a Console of its own. Returns the server (close()).

    target: function that returns what consoles work on. It is asked, and the console loaded, when somebody comes.
    """
    role_of(host, access)

    async def handle(reader, writer):
        from ampacity.console.console import Console

        console = Console(target())
        try:
            await converse(reader, writer, console, lambda: role_of(host, access), doors.clock)
        except (OSError, EOFError):
            pass
        finally:
            console.open = False
        await close(writer)

    return await doors.listen(host, port, handle)


async def converse(reader, writer, console, role, clock):
    """Answer lines until the other side ends. role: function → "user" or "installer", asked for each line."""
    from ampacity.console.console import LINE_MAX

    pending = b""
    writer.write(PROMPT.encode())
    await writer.drain()
    while True:
        data = await reader.read(CHUNK_BYTES)
        if not data:
            return
        pending += data
        while b"\n" in pending:
            at = pending.index(b"\n")
            line, pending = pending[:at], pending[at + 1 :]
            writer.write(await answered(console, line, role(), clock))
            await writer.drain()
        if len(pending) > 4 * LINE_MAX:
            return


async def close(writer):
    """End a connection; on one of the runtimes only the second call does."""
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass


async def answered(console, line, role, clock):
    """The bytes that answer one line of bytes, prompt included."""
    try:
        text = console.line(line.decode().strip(), role, clock.now_ms())
        while text is None:
            await clock.sleep_ms(PAUSE_MS)
            text = console.go_on(clock)
    except UnicodeError:
        text = "error: line: use UTF-8"
    if text:
        text = text.replace("-> ", "\u2192 ").replace(PROMPT, ">") + "\n"
    return (text + PROMPT).encode()
