"""A session with the power cut in each of its writes: nothing told twice as live, nothing forgotten, order kept."""

import pytest
from library_csms import Conversation

from ampacity.store.memory_files import MemoryFiles, PowerCut


async def run_until_cut(talk):
    """Online start, offline middle, offline end; True if the power was cut on the way."""
    try:
        await talk.charge(1)
        await talk.drop()
        talk.now_ms += 60000
        talk.unix_ms += 60000
        await talk.event(1, "charging", state="SuspendedEV")
        await talk.leave(1)
        return False
    except PowerCut:
        return True


async def session_cut_at(n, seed):
    """(was the power cut, all TransactionEvents that the CSMS heard before and after)."""
    files = MemoryFiles(seed=seed)
    talk = await Conversation(files=files).connect()
    files.cut_at_write(n)
    cut = await run_until_cut(talk)
    heard = talk.heard("TransactionEvent")
    talk.task.cancel()
    files.restart()
    talk.start()
    talk.station.session_event(1, "unplugged", {}, talk.now_ms)
    await talk.connect()
    assert talk.station.transaction(1) is None
    await talk.close()
    return cut, heard + talk.heard("TransactionEvent")


def check(told):
    """The events of one transaction, as the CSMS heard them."""
    numbers = [p["seq_no"] for p in told]
    assert sorted(set(numbers)) == list(range(len(set(numbers)))), "a gap"
    assert numbers == sorted(numbers), "out of order"
    assert told[0]["event_type"] == "Started"
    assert told[-1]["event_type"] == "Ended"
    assert [p["event_type"] for p in told[:-1]].count("Ended") == 0 or numbers[-1] == numbers[-2]
    assert len(numbers) - len(set(numbers)) <= 1, "only what was on its way may come twice"
    for before, after in zip(told, told[1:], strict=False):
        if before["seq_no"] == after["seq_no"]:
            assert before["timestamp"] == after["timestamp"] and before["trigger_reason"] == after["trigger_reason"]


@pytest.mark.parametrize("seed", range(1, 6))
async def test_a_power_cut_in_any_write_leaves_one_consistent_transaction(seed):
    n, cut = 0, True
    while cut:
        n += 1
        cut, heard = await session_cut_at(n, seed * 1000 + n)
        by_transaction = {}
        for payload in heard:
            by_transaction.setdefault(payload["transaction_info"]["transaction_id"], []).append(payload)
        for told in by_transaction.values():
            check(told)
    assert n > 10 and len(by_transaction) == 1
