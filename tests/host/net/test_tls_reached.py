"""What each runtime reaches of TLS: each cell of the table in docs/ports.md that a server or a client can show is tried."""

import asyncio
import ssl
from pathlib import Path

import pytest
from test_secure_upstream import Csms, profile_2, station

from certificates import Authority
from tools.micropython.find import MissingRuntime, find, version_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ports.md"
COLUMNS = ("cpython", "micropython", "micropython32")
OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ECDSA = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
RSA = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
WEAK = ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256")  # without forward secrecy; CBC
SECONDS, REFUSED_SECONDS = 20.0, 4.0


def table():
    """{name of a row: its cells for COLUMNS}."""
    text = PAGE.read_text().split("## TLS", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {row[0]: row[1:4] for row in rows[2:]}


class Tried:
    """Connections of one runtime to servers of one authority."""

    def __init__(self, runtime, folder):
        self.runtime, self.folder = runtime, folder
        self.ca, self.csms = Authority(), Csms()
        self.number = 0

    async def says(self, pair=None, versions=(OLD, NEW), suite=None, clients=None, seconds=SECONDS, **facts):
        """What the station says of a connection to a server with this certificate."""
        context = self.ca.server_context(self.folder, pair or self.ca.issue(), clients)
        context.minimum_version, context.maximum_version = versions
        if suite is not None:
            context.set_ciphers(suite + ":@SECLEVEL=0")
        server = await self.csms.serve(context)
        self.number += 1
        try:
            return await station(self.runtime, self.folder, f"reached-{self.number}", dict(profile_2(server, self.ca), **facts), seconds)
        finally:
            server.close()

    async def connects(self, **more):
        return (await self.says(**more))["online"]

    async def refuses(self, **more):
        """Does it try, and does no attempt succeed?"""
        said = await self.says(seconds=REFUSED_SECONDS, **more)
        assert said["counters"]["link.failed"] >= 1, said
        return not said["online"]

    async def suites(self, pair, names):
        return all(await asyncio.gather(*[self.connects(pair=pair, versions=(OLD, OLD), suite=name) for name in names]))

    async def takes_any(self, pair, names):
        return not all(await asyncio.gather(*[self.refuses(pair=pair, versions=(OLD, OLD), suite=name) for name in names]))


async def all_of(questions):
    """Their answers; the stations run at the same time."""
    return dict(zip(questions, await asyncio.gather(*questions.values()), strict=True))


async def reached(tried):
    """{row of the table: "yes" or "no"} as far as it can be tried."""
    ca, rsa = tried.ca, tried.ca.issue(rsa_bits=2048)
    middle = ca.below("Sub CA")  # which the server does not have
    shown = [{"security_profile": 3, "certificate_pem": one.certificate + more, "key_pem": one.key, "password": None}
             for one, more in ((ca.issue("AMP-1"), ""), (middle.issue("AMP-1"), middle.root))]
    wrong = {"date": ca.issue(days=(-10, -1)), "name": ca.issue("other.example", ()), "wildcard": ca.issue(also=("*.example",)),
             "root": Authority("Stranger").issue()}
    found = await all_of({
        "TLS 1.2": tried.connects(versions=(OLD, OLD)),
        "TLS 1.3": tried.connects(versions=(NEW, NEW)),
        "`tls_min = \"1.3\"`": tried.connects(versions=(NEW, NEW), tls_min="1.3"),
        "both ECDHE-ECDSA suites": tried.suites(None, ECDSA),
        "both ECDHE-RSA suites": tried.suites(rsa, RSA),
        "a suite without forward secrecy, or with CBC": tried.takes_any(rsa, WEAK),
        "server with a common name alone": tried.connects(pair=ca.issue(alternative=False)),
        "certificate of the station": tried.connects(clients=ca, **shown[0]),
        "certificate of the station with its chain": tried.connects(clients=ca, **shown[1]),
        **{"server refused for its " + name: tried.refuses(pair=pair) for name, pair in wrong.items()},
    })  # fmt: skip
    return {name: "yes" if value else "no" for name, value in found.items()}


def program_of(runtime):
    """None where this machine does not have the runtime."""
    if runtime != "micropython32":
        return runtime
    try:
        return find(runtime) if version_of(find(runtime)) else None
    except MissingRuntime:
        return None


HERE = [each for each in COLUMNS if program_of(each)]  # the 32-bit one is there after `make micropython32`


@pytest.mark.parametrize("runtime", HERE)
async def test_the_page_says_what_each_runtime_reaches(runtime, tmp_path):
    found, rows = await reached(Tried(runtime, tmp_path)), table()
    column = COLUMNS.index(runtime)
    assert {name: rows[name][column] for name in found} == found


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_A00_FR_314_with_tls_min_a_server_of_TLS_1_2_is_left(runtime, tmp_path):
    tried = Tried(runtime, tmp_path)
    assert await tried.refuses(versions=(OLD, OLD), tls_min="1.3")
    said = await tried.says(tls_min="1.1", seconds=1)
    assert not said["online"] and "tls_min: '1.1' is not allowed; use 1.2 or 1.3" in said["trouble"]


@pytest.mark.parametrize("runtime", HERE)
async def test_tls_min_1_3_connects_where_the_runtime_has_it_and_says_so_where_not(runtime, tmp_path):
    tried = Tried(runtime, tmp_path)
    if runtime != "micropython32":
        assert await tried.connects(tls_min="1.3")
        return
    said = await tried.says(tls_min="1.3", seconds=1)
    assert not said["online"] and "tls_min: '1.3' is not allowed; use 1.2: this runtime has no TLS 1.3" in said["trouble"]
