"""The audit of a device that answers: its identity and settings are read, and wrong settings corrected, until it may be regulated or cannot be."""

from ampacity.bus.client.request import ORDER, Request
from ampacity.bus.profile.evse_device import ONLINE
from ampacity.bus.profile.orders.order_recipe import W_RAW, W_WHAT
from ampacity.bus.profile.proof.settings_audit import TRIES_MAX

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.requests import Requests
    from ampacity.bus.profile.trouble import Trouble

AUDIT_PAUSE_MS = 10000    # settings that do not hold are tried again after this


def next_step(device: "EvseDevice", requests: "Requests", trouble: "Trouble", now_ms: int) -> "Request | None":
    """The next request of the audit: identity, settings, the writes that they need, and the settings again.

    None when a pass is over, or the guard refused.
    """
    if not device.identified and "identity" in device.cycles:
        return requests.read("identity", ORDER, now_ms)
    if "settings" in device.cycles and device.cycles["settings"].done_ms < 0:
        return requests.read("settings", ORDER, now_ms)
    write = device.audit.next_write(now_ms)
    if write is None:
        _end_pass(device, requests, trouble, now_ms)
        return None
    if write[W_WHAT] == "wait":
        device.audit.skip()
        device.hold_ms["audit"] = now_ms + write[W_RAW]
        return None
    if not requests.may_feed("audit", now_ms):
        return None
    device.audit.spend(write, now_ms)
    return requests.write(write, ORDER, ("recipe", write))


def _end_pass(device: "EvseDevice", requests: "Requests", trouble: "Trouble", now_ms: int) -> None:
    """All writes of this pass are done: is it as it should be, is it read again, or tried again later?"""
    audit = device.audit
    again = audit.pass_over()
    wrong = audit.wrong()
    if wrong is None or not again:
        device.facts.fault = wrong  # what was just written is judged when it has been read back
    if wrong is None:
        requests.watchdog_taken(device.targets.get("watchdog_taken"))
        device.link = ONLINE
        device.facts.online = True
    elif again and audit.tries < TRIES_MAX:
        device.cycles["settings"].restart()
    else:
        trouble.check(now_ms)
        device.begin_audit(now_ms, False)
        device.hold_ms["audit"] = now_ms + AUDIT_PAUSE_MS
