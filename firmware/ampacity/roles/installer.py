"""What the installer's console works on, and its door."""


class Installer:
    """Placeholder until wired below."""

    def __init__(self, primary):
        self.primary = primary


async def serve_console(primary):
    """Serve the console."""
    while True:
        await primary.clock.sleep_ms(60000)
