"""A serial line with devices of any latency beside each other, and how often each unit of it is asked."""

from garage import Garage

HEAD = """
[site]
name = "slow"

[[circuit]]
name = "main"
rating_a = {rating}
assumed_other_a = 5.0
meter = "grid"

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
baud = 19200

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "line"
unit = 100
"""
EVSE = """
[[evse]]
name = "{kind}-{unit}"
kind = "{kind}"
bus = "line"
unit = {unit}
circuit = "main"
max_a = 16.0
power_on_a = 0.0
watchdog_s = {watchdog}
"""


def slow_line(folder, kinds, rating=63.0, watchdog=30):
    """kinds: [(profile, latency in ms or None), …]; a garage with a meter on the same line."""
    text = HEAD.format(rating=rating)
    for n, (kind, _) in enumerate(kinds):
        entry = EVSE.format(kind=kind, unit=n + 1, watchdog=watchdog)
        text += entry.replace("power_on_a = 0.0\n", "") if kind.startswith("heidelberg") else entry
    path = folder / "site.toml"
    path.write_text(text)
    garage = Garage(path)
    for device, (_, latency_ms) in zip(garage.devices, kinds, strict=True):
        if latency_ms is not None:
            device._latency_ms = latency_ms
    return garage


class Watch:
    """What is sent on the garage's line: frames by unit, and the longest time that a unit was not asked."""

    def __init__(self, garage):
        self.garage, self.asked = garage, {}
        engine = garage.buses[0][0]
        send = engine._send

        def noted(slot, request, now_us):
            self.asked.setdefault(request.unit, []).append((now_us // 1000, request.pdu[0], request.tag))
            return send(slot, request, now_us)

        engine._send = noted

    def longest_ms(self, unit, since_ms, functions=(1, 2, 3, 4, 5, 6, 16)):
        times = [since_ms] + [at for at, code, _ in self.asked.get(unit, ()) if at >= since_ms and code in functions] + [self.garage.now_ms()]
        return max(b - a for a, b in zip(times, times[1:], strict=False))
