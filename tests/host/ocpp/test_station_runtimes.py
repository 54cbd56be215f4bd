"""The station of a conversation inside MicroPython: its objects behave as if they were here."""

import pytest
import station_runtimes
from far_objects import Far, FarEnded, FarError
from library_csms import Conversation
from station_runtimes import MicroPython


@pytest.fixture
def far():
    runtime = MicroPython()
    yield runtime
    runtime.close()


def station(far):
    make = far.make
    files = make("ampacity.store.memory_files.MemoryFiles")
    parts = [make("ampacity.base.wallclock.WallClock", None), make("ampacity.base.rng.Rng", 3), make("ampacity.base.log.Log")]
    return make("ampacity.ocpp.station.Station", {"serial": "S1"}, [{"id": 1}], make("station_store.Store", files), *parts, 5)


def test_the_station_runs_inside_micropython(far):
    kind = far.make("builtins.__import__", "sys").implementation[0]
    assert kind == "micropython"


def test_facts_texts_and_actions_pass(far):
    here = station(far)
    here.connected(5)
    text, wake_ms = here.next(5)
    assert text.startswith("[2,") and '"BootNotification"' in text and wake_ms == 5
    here.session_event(1, "token", {"token": "A", "type": "Local"}, 6)
    assert ("authorized", 1, "A", False, "NotAcceptedYet") in here.actions
    here.actions.clear()
    assert here.actions == []
    assert here.evses[0].id == 1 and here.evse(1).may_charge() is False and here.evse(2) is None


async def test_a_conversation_uses_the_runtime_in_use(far):
    station_runtimes.use(far)
    try:
        talk = await Conversation().connect()
    finally:
        station_runtimes.use(station_runtimes.HERE)
    assert type(talk.station) is Far and talk.heard("BootNotification")
    assert type((await Conversation().connect()).station) is not Far
    await talk.close()


def test_an_object_of_this_process_is_called_from_there(far):
    here = station(far)
    here.explain = lambda evse_id: "because of %d" % evse_id
    assert here.explain(7) == "because of 7"


def test_exceptions_arrive(far):
    here = station(far)
    with pytest.raises(ValueError, match="session_event: dance"):
        here.session_event(1, "dance", {}, 5)
    files = far.make("ampacity.store.memory_files.MemoryFiles")
    files.cut_at_write(1)
    with pytest.raises(FarError, match="PowerCut"):
        files.append("a", b"\x00\xff")
    files.restart()
    files.replace("b", b"\x00\xff")
    assert files.read("b") == b"\x00\xff"


def test_a_process_that_ended_is_replaced_for_the_next_test(far):
    station(far)
    with pytest.raises(FarEnded):
        far.make("sys.exit", 7)
    far.fresh()
    assert station(far).accepted() is False
