"""A controller's process: never two of them, whoever asks for it at the same time."""

import asyncio

import pytest

from ampacity_host.rig.process import process_controller


@pytest.fixture
def sleeper(tmp_path, monkeypatch):
    monkeypatch.setattr(process_controller, "command", lambda runtime, folder, heap: (["sleep", "60"], {}))
    return lambda: process_controller.ProcessController("unit", tmp_path / "unit", "cpython", None, dict, dict)


def test_two_restarts_at_once_leave_one_process(sleeper):
    async def play():
        unit, seen = sleeper(), []

        async def restart():
            await unit.kill()
            await unit.start()
            seen.append(unit.pid)

        await unit.start()
        await asyncio.gather(restart(), restart())
        starts, pids = unit.starts, set(seen)
        await unit.close()
        return starts, pids, unit.running

    starts, pids, running = asyncio.run(play())
    assert starts == 2 and len(pids) == 1 and None not in pids and not running


def test_written_files_are_readable_by_their_owner_only(sleeper, tmp_path):
    (tmp_path / "unit.log").touch(mode=0o644)

    async def play():
        unit = sleeper()
        await unit.start()
        await unit.close()

    asyncio.run(play())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3 and not any(path.stat().st_mode & 0o077 for path in tmp_path.rglob("*"))
