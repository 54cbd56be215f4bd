"""The outside world for who only lets in and hangs up: its clock is moved by the test."""


class Platform:
    """`aborted`: whom was hung up on. `clock`: itself."""

    def __init__(self):
        self.clock = self
        self.ms = 0
        self.aborted = []

    def now_ms(self):
        return self.ms

    def peer_host(self, writer):
        return "10.0.0.9"

    def abort(self, writer):
        self.aborted.append(writer)
