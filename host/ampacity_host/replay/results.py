"""What a replay leaves behind: the books as one JSON object, CSV files and plots."""

import csv
from datetime import UTC, datetime

SAMPLE_MS = 60_000


class Recorder:
    """Every minute, what flows in each circuit (and its other load), for the files of --out."""

    def __init__(self, plant):
        self._plant = plant
        self.rows = []
        self._sample()

    def _sample(self):
        plant = self._plant
        row = [plant.now_ms - plant.start_ms]
        for circuit in plant.circuits:
            row += circuit.amps_da + circuit.other_da
        self.rows.append(row)
        plant.time.at_ms(plant.now_ms + SAMPLE_MS, self._sample)


def circuit_totals(plant):
    """The `circuits` of the last line."""
    plant.close()
    return {circuit.name: _totals_of(circuit) for circuit in plant.circuits}


def _totals_of(circuit):
    accounts = circuit.accounts
    return {"min_margin_a": [account.min_margin_da / 10 for account in accounts],
            "over_ms": [account.over_ms for account in accounts],
            "over_as": [round(account.over_das / 10_000, 1) for account in accounts],
            "i2t_a2s": [round(account.i2t / 100_000, 1) for account in accounts],
            "would_trip": circuit.trips()}


def violations(plant):
    """Every stretch above rating that nothing allows."""
    return [{"circuit": circuit.name, "phase": phase + 1, "from_ms": from_ms - plant.start_ms,
             "until_ms": until_ms - plant.start_ms, "over_a": over_da / 10}
            for circuit in plant.circuits for phase, account in enumerate(circuit.accounts)
            for from_ms, until_ms, over_da in account.violations]


def write_files(folder, plant, recorder, driver, start_s, zone, title):
    """sessions.csv, circuits.csv and replay.png, a panel a circuit; their paths. zone: the site's, for the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "sessions.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["session", "arrival_utc", "departure_utc", "evse", "asked_wh", "delivered_wh"])
        for name, arrival_s, departure_s, evse, asked_wh, delivered_wh in driver.records:
            out.writerow([name, iso(arrival_s), iso(departure_s), evse or "", asked_wh, delivered_wh])
    _write_circuits(folder / "circuits.csv", plant, recorder, start_s)
    _plot(folder / "replay.png", plant, recorder, start_s, zone, title)
    return [folder / name for name in ("sessions.csv", "circuits.csv", "replay.png")]


def iso(unix_s):
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _write_circuits(path, plant, recorder, start_s):
    header = ["time_utc"]
    for circuit in plant.circuits:
        for what in ("amps", "other"):
            header += ["%s_%s_l%d_a" % (circuit.name, what, phase + 1) for phase in range(plant.phases)]
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for row in recorder.rows:
            out.writerow([iso(start_s + row[0] // 1000)] + [da / 10 for da in row[1:]])


def _plot(path, plant, recorder, start_s, zone, title):
    from ampacity_host.report.chart import draw_days

    unix_s = [start_s + row[0] // 1000 for row in recorder.rows]
    circuits = []
    for at, circuit in sorted(enumerate(plant.circuits), key=lambda each: each[1].parent):
        columns = range(1 + at * 2 * plant.phases, 1 + (at + 1) * 2 * plant.phases)
        amps = [[row[column] / 10 for row in recorder.rows] for column in columns]
        circuits.append((circuit.name, [da / 10 for da in circuit.rating_da], amps[:plant.phases], amps[plant.phases:]))
    draw_days(circuits, [at + zone.offset_s(at) for at in unix_s], path, title)
