"""Row `ocpp-block`: what each block of OCPP 2.0.1 adds to a primary: compiled bytes, heap of its code at the start, and heap while it is used.

Code is frozen: on a board with its modules in files the heap also holds the compiled bytes of what is loaded. What a block keeps of its own
(reservations, monitors, profiles) is not counted. 32-bit MicroPython.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.bench.entry import Entry, entry, unmeasured
from tools.bench.runtime32 import PROBES, frozen_runtime
from tools.size import module_sizes

ROWS = ("ocpp-block",)
KIB = 1024
BLOCKS = (  # name, the beginnings of the paths of its modules; the first block with one that fits has the module
    ("d-local-list", ("ocpp/authorization/local_list",)),
    ("j-metering", ("ocpp/transactions/meter_values", "ocpp/transactions/sampling", "ocpp/transactions/phase_count")),
    ("n-monitoring", ("ocpp/monitoring/",)),
    ("n-diagnostics", ("ocpp/diagnostics/", "roles/charging/log_upload", "net/http_put")),
    ("l-firmware", ("ocpp/firmware/", "roles/updates/csms_updates", "roles/updates/download", "net/http_get")),
    ("l-publishing", ("ocpp/publish/", "roles/publish/", "net/http_file", "base/md5")),
    ("a-security", ("ocpp/security/",)),
    ("a-m-x509", ("x509/", "base/der", "base/pem")),
    ("b-provisioning", ("ocpp/provisioning/", "roles/charging/network_profiles")),
    ("b-device-model", ("ocpp/device_model/", "roles/charging/site_model")),
    ("c-authorization", ("ocpp/authorization/", "roles/charging/station_access")),
    ("e-transactions", ("ocpp/transactions/",)),
    ("f-remote-and-p-data-transfer", ("ocpp/remote/",)),
    ("g-availability", ("ocpp/availability/",)),
    ("h-reservation", ("ocpp/reservation/",)),
    ("i-tariff", ("ocpp/tariff/",)),
    ("k-smart-charging", ("ocpp/smart_charging/", "roles/charging/outside_limits")),
    ("m-iso-15118", ("ocpp/iso15118/",)),
    ("o-display", ("ocpp/display/",)),
    ("messages", ("ocpp/",)),  # framing, tables, schema, the order of sending, the station itself
)


def block_of(path: str) -> "str | None":
    """The block of a module, given below ampacity/; None: it belongs to no block of OCPP."""
    for name, beginnings in BLOCKS:
        if path.startswith(beginnings):
            return name
    return None


def heaps(runtime: Path, names: "list[str]") -> "dict[str, tuple[str, int]]":
    """Module → (phase, bytes of heap), as probes/own_imports.py prints them."""
    command = [str(runtime), "-X", "heapsize=2M", str(PROBES / "own_imports.py")]
    done = subprocess.run(command, input="\n".join(names) + "\n", capture_output=True, text=True, check=False, env={"MICROPYPATH": ".frozen"})
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-200:] or done.stdout.strip()[-200:])
    return {name: (phase, int(size)) for name, phase, size in (line.split() for line in done.stdout.splitlines())}


def rows() -> Iterator[Entry]:
    try:
        runtime = frozen_runtime(fetch=True)
    except RuntimeError as problem:
        yield unmeasured("ocpp-block", str(problem))
        return
    images = {path: size for path, size in module_sizes().items() if block_of(path)}
    modules = {path: f"ampacity/{path}".removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in images}
    found = heaps(runtime, sorted(modules.values()))
    sums: dict[str, dict[str, int]] = {name: {"image": 0, "start": 0, "use": 0} for name, _ in BLOCKS}
    for path, size in images.items():
        of = sums[str(block_of(path))]
        of["image"] += size
        phase, heap = found.get(modules[path], ("use", 0))
        of[phase] += heap
    total = {key: sum(each[key] for each in sums.values()) for key in ("image", "start", "use")}
    for name, each in sorted(sums.items()):
        if each["image"]:
            yield entry(f"ocpp-block/{name}/image", each["image"] / KIB, total["image"] / KIB, "KiB", None, "compiled; reference: all blocks")
            yield entry(f"ocpp-block/{name}/heap-start", each["start"] / KIB, total["start"] / KIB, "KiB", None, "frozen code, from the start")
            yield entry(f"ocpp-block/{name}/heap-use", each["use"] / KIB, total["use"] / KIB, "KiB", None, "in addition while all of it is loaded")
