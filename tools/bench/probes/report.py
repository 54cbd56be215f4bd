"""Runs on MicroPython: a full base report of a primary of 16 EVSEs; prints `R name value` for each figure.

Arguments: how often the report is made, and the bytes of heap that are left free for it: then only `sent` is printed, 0: it did not fit. The
CSMS answers each part at once.
"""

import gc
import sys
import time

from helper_garage import START_MS, Garage, evse, site

from ampacity.net.websocket_frames import encode

EVSES = 16
FRAMINGS = 50
HEAD_CHARS = 100  # of a message: what this CSMS reads of it; more would be its own time, not the station's
OCPP = {"version": "2.0.1", "identity": "BENCH", "url": "ws://127.0.0.1:9000", "security_profile": 1, "password": "a password of twenty"}
ACCEPTED = '{"interval":300,"status":"Accepted","currentTime":"2026-11-20T12:00:00Z"}'
TOKEN = '{"idTokenInfo":{"status":"Accepted"}}'
ASKED = '[2,"%d","GetBaseReport",{"requestId":%d,"reportBase":"FullInventory"}]'


def tell(name, value):
    sys.stdout.write("R %s %d\n" % (name, value))


def answer(text):
    """The answer to a request of the station; None: it is an answer itself."""
    if not text.startswith("[2"):
        return None
    _, message_id, _, action, _ = text[:HEAD_CHARS].split('"', 4)
    return '[3,"%s",%s]' % (message_id, {"BootNotification": ACCEPTED, "Authorize": TOKEN}.get(action, "{}"))


def settled(station):
    """All that the station sends by itself has been answered."""
    text = station.next(START_MS)[0]
    while text is not None:
        reply = answer(text)
        if reply is not None:
            station.receive(reply, START_MS)
        text = station.next(START_MS)[0]


def timed(station, number):
    """(texts of the parts, CPU seconds of the report, answers included)."""
    texts = []
    begin_s = time.clock()
    station.receive(ASKED % (number, number), START_MS)
    text = station.next(START_MS)[0]
    while text is not None:
        reply = answer(text)
        if reply is not None:
            texts.append(text)
            station.receive(reply, START_MS)
        text = station.next(START_MS)[0]
    return texts, time.clock() - begin_s


def framed_s(texts):
    """CPU seconds of the same texts as frames."""
    begin_s = time.clock()
    for _ in range(FRAMINGS):
        for text in texts:
            encode(1, text.encode(), b"abcd")
    return (time.clock() - begin_s) / FRAMINGS


def sent_with(station, number, free):
    """Is the report sent to its end with so many bytes of heap free, and answers and frames in them?"""
    station.receive(ASKED % (number, number), START_MS)
    ballast = []
    gc.collect()
    while gc.mem_free() > free + 128:
        ballast.append(bytearray(64))
    try:
        text = station.next(START_MS)[0]
        while text is not None:
            encode(1, text.encode(), b"abcd")
            reply = answer(text)
            if reply is not None:
                station.receive(reply, START_MS)
                last = '"tbc":false' in text
            text = reply = None
            text = station.next(START_MS)[0]
        return last
    except MemoryError:
        return False


def main(rounds, free):
    evses = [evse("bay-%d" % unit, "ampacity", bus=0, unit=unit) for unit in range(1, EVSES + 1)]
    station = Garage(site(evses=evses, ocpp=OCPP)).primary.upstream.station
    station.connected(START_MS)
    settled(station)
    gc.collect()
    idle = gc.mem_alloc()
    if free:
        return tell("sent", sent_with(station, 1, free))
    sent_with(station, 1, 1 << 20)
    gc.collect()
    kept = gc.mem_alloc() - idle
    best_s = least_s = 1e9
    for number in range(2, 2 + rounds):
        texts, spent_s = timed(station, number)
        best_s, least_s = min(best_s, spent_s), min(least_s, framed_s(texts))
    tell("bytes", sum([len(text.encode()) for text in texts]))
    tell("parts", len(texts))
    tell("kept", kept)
    tell("report_us", best_s * 1000000)
    tell("frames_us", least_s * 1000000)


main(int(sys.argv[1]), int(sys.argv[2]))
