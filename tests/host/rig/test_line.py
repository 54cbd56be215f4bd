"""The virtual RS-485 line."""

from ampacity_host.rig.base.timeline import START_US, Timeline
from ampacity_host.rig.line.characters import with_crc
from ampacity_host.rig.line.line import Line
from ampacity_host.rig.line.rogue_stations import babbler, second_primary

REQUEST = with_crc(bytes((5, 3, 0, 0, 0, 10)))


class BusMonitor:
    def __init__(self):
        self.heard = []

    def __call__(self, data, now_us):
        self.heard.append((now_us - START_US, data))

    @property
    def bytes(self):
        return b"".join(data for _, data in self.heard)


def line(**options):
    time = Timeline()
    one = Line(time, "rs485-1", 19200, **options)
    ears = {name: BusMonitor() for name in ("primary", "five", "six")}
    stations = {"primary": one.attach("primary", ears["primary"]), "five": one.attach("five", ears["five"], (5,)),
                "six": one.attach("six", ears["six"], (6,))}
    return time, one, stations, ears


def fault(one, place, kind, **options):
    place.faults.set(kind, options)
    one.fault_changed()


def run_ms(time, ms):
    time.run_to(time.now_us + ms * 1000)


def test_a_frame_takes_eleven_bits_a_character_and_reaches_its_unit():
    time, one, stations, ears = line()
    stations["primary"].send(REQUEST)
    run_ms(time, 100)
    assert ears["five"].heard == [(8 * 11 * 1_000_000 // 19200, REQUEST)]
    assert ears["primary"].heard == []


def test_in_chunks_every_station_receives_pieces_of_at_most_two_milliseconds():
    time, one, stations, ears = line(chunked=True)
    stations["primary"].send(bytes(40))
    run_ms(time, 100)
    for name in ("five", "six"):
        assert ears[name].bytes == bytes(40)
        assert max(len(data) for _, data in ears[name].heard) <= 3
        gaps = [b - a for (a, _), (b, _) in zip(ears[name].heard, ears[name].heard[1:], strict=False)]
        assert max(gaps) <= 2_000


def test_a_broadcast_reaches_all():
    time, one, stations, ears = line()
    stations["primary"].send(with_crc(bytes((0, 6, 0, 1, 0, 1))))
    run_ms(time, 100)
    assert ears["five"].heard and ears["six"].heard


def test_two_simultaneous_frames_corrupt_each_other():
    time, one, stations, ears = line()
    stations["primary"].send(REQUEST)
    stations["six"].send(REQUEST)
    run_ms(time, 100)
    assert ears["five"].heard and all(data != REQUEST for _, data in ears["five"].heard)
    assert one.errors == 2


def test_one_station_sends_its_frames_one_after_the_other():
    time, one, stations, ears = line()
    stations["primary"].send(REQUEST)
    stations["primary"].send(REQUEST)
    run_ms(time, 100)
    assert [data for _, data in ears["five"].heard] == [REQUEST, REQUEST]
    assert one.errors == 0


def test_cuts_stop_the_direction_named_from_the_device():
    for kind, hears, heard in (("cut", False, False), ("cut_tx", True, False), ("cut_rx", False, True)):
        time, one, stations, ears = line()
        fault(one, stations["five"], kind)
        stations["primary"].send(REQUEST)
        run_ms(time, 50)
        stations["five"].send(REQUEST)
        run_ms(time, 50)
        assert bool(ears["five"].heard) == hears, kind
        assert bool(ears["primary"].heard) == heard, kind


def test_a_one_way_cut_of_the_bus_is_one_way_for_every_device():
    time, one, stations, ears = line()
    fault(one, one, "cut_rx")
    stations["primary"].send(REQUEST)
    run_ms(time, 50)
    stations["six"].send(REQUEST)
    run_ms(time, 50)
    assert ears["five"].bytes == REQUEST
    assert ears["primary"].bytes == REQUEST


def test_noise_corrupts_some_characters():
    time, one, stations, ears = line()
    fault(one, one, "noise", ber=0.01)
    stations["primary"].send(bytes(200))
    run_ms(time, 500)
    assert len(ears["five"].bytes) == 200 and ears["five"].bytes != bytes(200)


def test_late_frames_arrive_when_the_fault_ends():
    time, one, stations, ears = line()
    fault(one, stations["five"], "late")
    stations["primary"].send(REQUEST)
    run_ms(time, 5_000)
    assert ears["five"].heard == []
    stations["five"].faults.clear("late")
    one.fault_changed()
    stations["five"].faults.release(time)
    run_ms(time, 1)
    assert ears["five"].bytes == REQUEST


def test_delay_duplicate_and_echo():
    time, one, stations, ears = line()
    fault(one, one, "delay", ms=300)
    stations["primary"].send(REQUEST)
    run_ms(time, 200)
    assert ears["five"].heard == []
    run_ms(time, 200)
    assert ears["five"].bytes == REQUEST
    one.faults.clear("delay")
    fault(one, one, "duplicate")
    stations["primary"].send(REQUEST)
    run_ms(time, 200)
    assert ears["five"].bytes == REQUEST * 3
    one.faults.clear("duplicate")
    fault(one, one, "echo")
    stations["primary"].send(REQUEST)
    run_ms(time, 200)
    assert ears["primary"].bytes == REQUEST


def test_a_wrong_unit_answers_with_a_good_crc():
    time, one, stations, ears = line()
    fault(one, stations["five"], "wrong_unit")
    stations["five"].send(REQUEST)
    run_ms(time, 200)
    assert ears["primary"].bytes == with_crc(bytes((6,)) + REQUEST[1:-2])


def test_rogue_stations_send_until_they_are_stopped():
    for make in (babbler, lambda one: second_primary(one, [5])):
        time, one, stations, ears = line()
        intruder = make(one)
        run_ms(time, 2_000)
        assert ears["primary"].heard
        intruder.stop()
        run_ms(time, 100)
        count = len(ears["primary"].heard)
        run_ms(time, 2_000)
        assert len(ears["primary"].heard) == count


def test_the_same_seed_gives_the_same_bytes():
    def run():
        time, one, stations, ears = line(seed=7)
        babbler(one)
        run_ms(time, 2_000)
        return ears["primary"].bytes
    assert run() == run()
