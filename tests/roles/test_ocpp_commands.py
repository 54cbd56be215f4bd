"""The installer's hand on what the CSMS otherwise looks after: tokens and variables."""

from helper_garage import HandPlatform, site

from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.console.console import Console
from ampacity.roles.primary import Primary
from ampacity.store.memory_files import MemoryFiles
from check import raises

NOW_MS = 2**30 - 60000
OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9000", "security_profile": 1, "password": "0123456789abcdef"}


def primary(ocpp=OCPP):
    facts = site()
    facts["ocpp"] = ocpp
    return Primary(HandPlatform(MemoryFiles(), NOW_MS, {}), facts, Log())


def say(one, text):
    return Console(one.console).line(text, "installer", NOW_MS)


def test_a_token_put_into_the_cache_is_known():
    one = primary()
    assert say(one, "token cache 04A1B2 ISO14443 Accepted FAMILY") == "ok"
    found = one.upstream.station.cache.find({"idToken": "04a1b2", "type": "ISO14443"}, 0, 0)
    assert found == ("Accepted", "FAMILY")


def test_a_token_put_into_the_local_list_raises_its_version():
    one = primary()
    assert say(one, "token list 04A1B2 ISO14443 Blocked") == "Accepted"
    known = one.upstream.station.local_list
    assert known.version == 1 and known.find({"idToken": "04A1B2", "type": "ISO14443"}, 0) == ("Blocked", "")


def test_a_variable_returns_to_its_default():
    one = primary()
    model = one.upstream.station.model
    before = model.text("OCPPCommCtrlr", "HeartbeatInterval")
    assert say(one, "variable OCPPCommCtrlr.HeartbeatInterval 77") == "ok"
    assert model.text("OCPPCommCtrlr", "HeartbeatInterval") == "77"
    assert say(one, "default OCPPCommCtrlr.HeartbeatInterval") == "ok"
    assert model.text("OCPPCommCtrlr", "HeartbeatInterval") == before


def test_invalid_input_is_refused_with_the_valid_forms():
    one = primary()
    for line in ("token cache 04A1B2", "token attic 1 ISO14443 Accepted", "token cache 1 Card Accepted",
                 "token list 1 ISO14443 Perhaps", "default Nothing.Here", "default NoDot", "default SecurityCtrlr.BasicAuthPassword"):
        assert say(one, line)[:6] == "error:", line


def test_without_an_upstream_its_commands_are_refused():
    with raises(Rejected):
        primary(None).console.commands["token"][1](["cache", "1", "ISO14443", "Accepted"], NOW_MS)
