"""Freeze manifest of the firmware, by role: what `boards/<name>/manifest.py` includes.

Options. role: "primary", "secondary" or "both"; ocpp: the station upstream; commission: scans and commissioning tests on the controller;
pilot: the charging point on pins of the board (`pilot.kind` "local"); port: "board" for `machine`, "unix" for the unix port. A room
that is left out is absent from the image; a role imports it only where its site asks for it. Written in MicroPython's manifest
language (its docs/reference/manifest.rst); paths are relative to this file.
"""

import os

options.defaults(role="both", ocpp=True, commission=True, pilot=True, port="board")  # noqa: F821

FIRMWARE = "../firmware" if os.path.isdir("../firmware/ampacity") else "../.."  # in the repository; where it is installed
ABSENT = ["ports/linux.py", "ports/linux_board.py", "ports/linux_tls.py", "ports/sim.py"]  # of other runtimes, and of the bench
ABSENT += ["roles/service/fault_injection.py", "store/faulty_files.py", "store/memory_files.py"]
ABSENT += ["ports/board.py"] if options.port == "unix" else ["ports/unix.py", "ports/lock.py", "store/file_permissions.py"]  # noqa: F821
ABSENT += [] if options.pilot else ["ports/board_point.py", "ports/pilot_sampler.py", "ports/duty_pin.py"]  # noqa: F821
ABSENT += [] if options.commission else ["ports/selftest.py"]  # noqa: F821
OF_A_PRIMARY = (  # in rooms that a secondary has; folders end with /
    "base/dates.py", "base/md5.py", "base/tz.py", "base/wallclock.py", "bus/client/", "bus/device_facts.py", "bus/leases/broadcast_driver.py",
    "bus/leases/lease_driver.py", "bus/leases/primary_register_map.py", "bus/leases/staging_driver.py", "bus/profile/", "evse/local_driver.py",
    "evse/pending_tokens.py", "evse/session.py", "roles/charging/", "roles/configuration/compiled_site.py", "roles/configuration/rehearsal.py",
    "roles/configuration/site_rows.py", "roles/configuration/tls_fields.py", "roles/control/buses.py", "roles/control/contactor_outputs.py",
    "roles/control/parent_link.py", "roles/control/safety_loop.py", "roles/control/slow_work.py", "roles/control/unanswering_devices.py",
    "roles/control/voltage_monitor.py", "roles/optional/",
    "roles/primary.py", "roles/primary_face.py", "roles/publish/", "roles/service/commissioning.py", "roles/service/ocpp_commands.py",
    "roles/service/primary_console.py", "roles/service/primary_help.py", "roles/service/replacing.py", "roles/service/scanning.py",
    "roles/service/status_view.py", "roles/storage/manual_limits.py", "roles/storage/off_shows.py", "roles/storage/persistence.py",
    "roles/storage/reset_history.py", "roles/updates/configuration_updates.py", "roles/updates/csms_updates.py", "roles/updates/download.py",
    "roles/updates/primary_updates.py", "roles/updates/signature_check.py", "roles/updates/slot_source.py", "roles/updates/staged_file.py",
    "roles/updates/staging.py", "store/journal.py", "store/segment.py",
)  # fmt: skip
ABSENT_FOLDERS = tuple([name for name in OF_A_PRIMARY if name.endswith("/")]) if options.role == "secondary" else ()  # noqa: F821
ABSENT += OF_A_PRIMARY if options.role == "secondary" else ()  # noqa: F821
ROOMS = {
    "both": ("base", "bus", "circuit", "console", "evse", "net", "ports", "profiles", "roles", "store", "update"),
    "primary": ("base", "bus", "circuit", "console", "evse", "net", "ports", "profiles", "roles", "store", "update"),
    "secondary": ("base", "bus", "console", "evse", "ports", "roles", "store", "update"),
}
ALSO = {"secondary": ("circuit/__init__.py", "circuit/trusted/__init__.py", "circuit/trusted/amperes.py", "circuit/trusted/errors.py")}


def rooms():
    """The rooms of this image."""
    found = list(ROOMS[options.role])  # noqa: F821
    if options.pilot:  # noqa: F821
        found.append("point")
    if options.role != "secondary" and options.ocpp:  # noqa: F821
        found += ["ocpp", "x509"]
    if options.role != "secondary" and options.commission:  # noqa: F821
        found.append("commission")
    return found


def modules(room):
    """Paths of a room's modules below the package."""
    top = os.path.join(FIRMWARE, "ampacity")
    for folder, _, names in sorted(os.walk(os.path.join(top, room))):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")
            if name.endswith(".py") and path not in ABSENT and not path.startswith(ABSENT_FOLDERS):
                yield path


files = ["__init__.py", "__main__.py", *ALSO.get(options.role, ())]  # noqa: F821
if options.commission and not options.pilot:  # noqa: F821
    files += ["point/__init__.py", "point/scaling.py"]  # what the self test needs of a board without a pilot
for each in rooms():
    files += modules(each)
package("ampacity", files=tuple(files), base_path=FIRMWARE)  # noqa: F821
if options.role != "secondary":  # noqa: F821
    module("frozen_names.py")  # noqa: F821 - 3 KB less of names on the heap
