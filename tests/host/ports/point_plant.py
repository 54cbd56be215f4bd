"""A plant behind the pins of one secondary that runs as a process of its own: the bench's end, with a car that draws what the pilot permits."""

import json
import socket
import socketserver
import threading
import time

HIGH = {"A": 12000, "B": 9000, "C": 6000}


class Plant(socketserver.ThreadingTCPServer):
    """The bench's end of the pins of one charging point. `car`: its state; `pilot`, `contactor`: as ordered last; `fed`: its watchdog."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, name="evse-2"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.car, self.fed, self.hello = "A", 0, None
        self.pilot, self.contactor = ["x1", 0], False
        self.link = self.connection = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.console = probe.getsockname()[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def inputs(self):
        kind = self.pilot[0]
        high_mv = -12000 if kind == "f" else HIGH[self.car]
        low_mv = high_mv if kind == "x1" else -12000
        return {"evse": self.name, "cp": [high_mv, low_mv], "pp": None, "amps": [self.amps_da()] * 3, "volts": [2300] * 3,
                "wh": 4321, "closed": self.contactor, "faults": []}

    def amps_da(self):
        """What the car draws per phase."""
        kind, permille = self.pilot
        return permille * 6 // 10 if kind == "pwm" and self.contactor and self.car == "C" else 0

    def tell(self, message):
        self.link.write(json.dumps(message).encode() + b"\n")

    def until(self, condition, limit_s=10):
        end = time.monotonic() + limit_s
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        return condition()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.link, self.server.connection = self.wfile, self.connection
        repeat = threading.Thread(target=self.repeat, daemon=True)
        try:
            for line in self.rfile:
                self.take(json.loads(line), repeat)
        except ConnectionError:
            pass  # its controller is gone with bytes unread: each test ends it by SIGKILL

    def take(self, message, repeat):
        plant = self.server
        if "hello" in message:
            plant.hello = message["hello"]
            repeat.start()
        elif "wd" in message:
            plant.fed += 1
        else:
            plant.pilot, plant.contactor = message["pilot"], message["contactor"]
            plant.tell(plant.inputs())

    def repeat(self):
        try:
            while True:
                self.server.tell(self.server.inputs())
                time.sleep(0.1)
        except (OSError, ValueError):
            pass
