"""Security profile 3 with a renewal of the station's certificate, as a transcript: `ampacity run` over TLS against the library `ocpp`.

    python -m tests.host.net.transcript        writes docs/interfaces/ocpp-transcript.md

Keys, numbers and times differ each time, so the page shows what they are in place of them. StatusNotification, NotifyEvent and Heartbeat are
left out. test_transcript.py compares the page with a run on each runtime.
"""

import asyncio
import json
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / part) for part in ("tests", "tests/host/net", "firmware", "host", "")]

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.x509.oid import NameOID  # noqa: E402
from ocpp.v201 import call  # noqa: E402

from certificate_authority import StationAuthority, pem  # noqa: E402
from certificates import Authority  # noqa: E402
from secure_csms import Csms  # noqa: E402
from site_run import OWN, Running, site  # noqa: E402
from site_run import ROOT as ROOT_LINE  # noqa: E402

PAGE = ROOT / "docs" / "interfaces" / "ocpp-transcript.md"
LEFT_OUT = ("StatusNotification", "NotifyEvent", "Heartbeat")
HEAD = """<!-- written by tests/host/net/transcript.py; tests/host/net/test_transcript.py compares it with runs -->
# OCPP: a transcript

Security profile 3, and the renewal of the station's certificate: `ampacity run` with `security_profile = 3` and the certificate of the
manufacturer, against a CSMS of the libraries `ocpp` and `websockets` that asks for client certificates. Keys, numbers, times and
identifiers differ in each run; in their place stands what they are. StatusNotification, NotifyEvent and Heartbeat are left out.

```
"""


def name_of(name):
    return ", ".join(f"{short}={name.get_attributes_for_oid(oid)[0].value}" for short, oid in
                     (("CN", NameOID.COMMON_NAME), ("O", NameOID.ORGANIZATION_NAME)) if name.get_attributes_for_oid(oid))


def shown(text):
    """What stands for a PEM text."""
    if "CERTIFICATE REQUEST" in text:
        request = x509.load_pem_x509_csr(text.encode())
        assert request.is_signature_valid
        return f"<PKCS #10, {request.public_key().curve.name}, {name_of(request.subject)}>"
    certificate = x509.load_pem_x509_certificate(text.encode())
    return f"<certificate {name_of(certificate.subject)}, issued by {name_of(certificate.issuer)}>"


def plain(value, key=""):
    """A payload without what differs in each run."""
    if isinstance(value, dict):
        return {name: plain(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one, key) for one in value]
    if isinstance(value, str) and "-----BEGIN" in value:
        return shown(value)
    if key in ("currentTime", "timestamp"):
        return "<time>"
    return "<version>" if key == "firmwareVersion" else value


def lines(csms):
    """The transcript, a line for each frame and each connection."""
    out, asked = [], {}
    for who, frame in list(csms.frames):
        if who == "tls":
            leaf = x509.load_der_x509_certificate(csms.shown[frame])
            out += ["", f"connection {frame + 1}: {csms.secured[frame][0]}, path {csms.paths[frame]}, "
                    + ("no password" if csms.logins[frame] is None else "a password"),
                    f"             client certificate {name_of(leaf.subject)}, issued by {name_of(leaf.issuer)}"]
            continue
        message = json.loads(frame)
        if message[0] == 2:
            asked[message[1]] = message[2]
            if message[2] not in LEFT_OUT:
                out.append(f"{who:7} > {message[2]} {json.dumps(plain(message[3]), ensure_ascii=False, sort_keys=True)}")
        elif asked.get(message[1]) not in LEFT_OUT:
            out.append(f"{who:7} < {asked[message[1]]}: {json.dumps(plain(message[2]), ensure_ascii=False, sort_keys=True)}")
    return [re.sub(r"firmware [0-9.]+", "firmware <version>", line) for line in out]


async def quiet(csms, count):
    """Until nothing more of interest comes for a second."""
    await csms.connected(count)
    before = -1
    while before != len(csms.frames):
        before = len(csms.frames)
        await asyncio.sleep(1.5)


async def run(runtime, folder):
    """The lines of one run."""
    one = Authority("Manufacturer")
    mine = one.issue("AMP-1", days=(-1, 400))
    mine.files(folder, "own")
    csms, issuer = Csms(folder), StationAuthority(time.time() * 1000, "CSO root")
    (folder / "root.pem").write_text(one.root + issuer.pem)
    await csms.use(one.issue(), one.root + issuer.pem)
    running = Running(folder, runtime, site(f"wss://127.0.0.1:{csms.port}/ocpp", 3, OWN, ROOT_LINE))
    try:
        await quiet(csms, 1)
        assert (await csms.call(call.TriggerMessage(requested_message="SignChargingStationCertificate"))).status == "Accepted"
        await csms.until(lambda: csms.requests)
        made = issuer.answer(csms.requests[0])
        signed = call.CertificateSigned(certificate_chain=pem(made), certificate_type="ChargingStationCertificate")
        assert (await csms.call(signed)).status == "Accepted"
        await quiet(csms, 2)
        assert csms.shown == [mine.der, made.public_bytes(serialization.Encoding.DER)]
        found = await csms.call(call.GetInstalledCertificateIds(certificate_type=["CSMSRootCertificate"]))
        assert len(found.certificate_hash_data_chain) == 2
        return lines(csms)[:-2]  # without the hashes, which differ
    finally:
        running.end()
        await csms.end()


def page(rows):
    return HEAD + "\n".join(rows).strip() + "\n```\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(asyncio.run(run("cpython", Path(folder)))))
