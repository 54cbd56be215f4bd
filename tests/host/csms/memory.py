"""A station's end of an in-memory connection: the firmware's WebSocket core against an attached Session."""

from ampacity.base.rng import Rng
from ampacity.base.url import parse_url
from ampacity.net.websocket import WebSocketClient


class Pipe:
    """The transport that `attach` gets, and the station on the other side."""

    def __init__(self, csms, identity="AMP-1", password="secret"):
        self.events = []
        self.closed = False
        url = parse_url("ws://csms/ocpp").below(identity)
        self.ws = WebSocketClient(url, ("ocpp2.0.1",), identity, password, entropy=Rng(1).bytes)
        self.session = csms.attach(self)
        self.session.data_received(self.ws.start())

    def write(self, data):
        self.events += self.ws.receive(bytes(data))
        while self.ws.more:
            self.events += self.ws.receive(b"")
        out = self.ws.data_to_send()
        if out:
            self.session.data_received(out)

    def close(self):
        if not self.closed:
            self.closed = True
            self.session.connection_lost(None)

    abort = close

    def say(self, text):
        self.session.data_received(self.ws.send_text(text))

    def heard(self):
        """Texts from the CSMS since the last look."""
        texts = [event[1] for event in self.events if event[0] == "text"]
        self.events = []
        return texts
