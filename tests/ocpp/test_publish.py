"""PublishFirmware and UnpublishFirmware (L03, L04): answers, statuses, and what outlives a restart. The owner of the sockets is this test."""

from station_bench import Bench, payloads

from ampacity.ocpp.publish.block import UNSENT_MAX
from ampacity.store.memory_files import PowerCut

CHECKSUM, OTHER = "0123456789abcdef" * 2, "f" * 32
URL = "http://files.example/app.bin"
PLACE = "http://192.168.1.10:8080/x/app.bin"
CONFIG = {"identity": "AMP-1", "serial": "S1", "publish_address": "192.168.1.10:8080"}
NOTICE = "PublishFirmwareStatusNotification"
LOADED = ("Downloading", "Downloaded", "ChecksumVerified")


def bench(**more):
    return Bench(config=CONFIG, **more).booted()


def publish(one, number=1, checksum=CHECKSUM, url=URL, **more):
    """The answer to PublishFirmware."""
    request = {"requestId": number, "checksum": checksum, "location": url}
    request.update(more)
    return one.call("PublishFirmware", request)


def unpublish(one, checksum=CHECKSUM):
    return one.call("UnpublishFirmware", {"checksum": checksum})["status"]


def orders(one):
    """All orders that were handed over, oldest first."""
    one.work = getattr(one, "work", []) + [action[1] for action in one.station.actions if action[0] == "publish"]
    one.station.actions[:] = [action for action in one.station.actions if action[0] != "publish"]
    return one.work


def order(one):
    return orders(one)[-1]


def reach(one, *statuses):
    for status in statuses:
        order(one).report(status, PLACE if status == "Published" else "")
        one.pump()


def published(one, **more):
    assert publish(one, **more) == {"status": "Accepted"}
    reach(one, *LOADED + ("Published",))
    return one


def notices(one):
    return [(each["status"], each.get("requestId"), each.get("location")) for each in payloads(one.sent, NOTICE)]


def trigger(one):
    """What follows a TriggerMessage."""
    one.sent = []
    assert one.call("TriggerMessage", {"requestedMessage": NOTICE}) == {"status": "Accepted"}
    return notices(one)


def restarted(one):
    one.power_cycle()
    one.work = []
    one.sent = []
    one.connect()
    return one


def test_every_status_is_sent_with_the_number_of_its_order_L03_FR_01_and_05_and_09():
    one = bench()
    assert publish(one, 7, CHECKSUM.upper(), retries=2, retryInterval=30) == {"status": "Accepted"}
    facts = order(one).facts
    assert (facts["checksum"], facts["url"], facts["retries"], facts["interval"]) == (CHECKSUM, URL, 2, 30) and order(one).wanted
    reach(one, "DownloadScheduled", "Downloading", "DownloadPaused", "Downloading", "Downloading", "Downloaded", "ChecksumVerified", "Published")
    assert notices(one) == [
        ("DownloadScheduled", 7, None), ("Downloading", 7, None), ("DownloadPaused", 7, None), ("Downloading", 7, None), ("Downloaded", 7, None),
        ("ChecksumVerified", 7, None), ("Published", 7, [PLACE]),
    ]  # fmt: skip


def test_an_order_whose_first_status_is_yet_to_come_is_not_idle_L03_FR_10():
    one = published(bench())
    assert trigger(one) == [("Idle", None, None)]
    publish(one, 2, OTHER)
    assert trigger(one) == [("DownloadScheduled", 2, None)]


def test_a_block_that_always_has_a_request_leaves_the_others_their_turn():
    one = bench()
    endless = one.station.optional.get("display", one.now_ms)
    left = [6]

    def pull(now_ms):
        left[0] -= 1
        return ("Heartbeat", {}, lambda kind, payload, now_ms: None) if left[0] >= 0 else None

    endless.pull = pull
    publish(one)
    order(one).report("Downloading")
    one.sent, left[0] = [], 6
    one.pump()
    assert [action for action, _ in one.sent[:2]].count(NOTICE) == 1 and len(one.sent) == 7


def test_failures_are_sent_L03_FR_06_and_07_and_08():
    ends = (("Downloading", "DownloadFailed"), ("Downloading", "Downloaded", "InvalidChecksum"), LOADED + ("PublishFailed",))
    for number, statuses in enumerate(ends):
        one = bench()
        publish(one, number)
        reach(one, *statuses)
        assert notices(one) == [(status, number, None) for status in statuses]
        assert unpublish(one) == "NoFirmware"


def test_a_site_that_does_not_permit_it_refuses_and_loads_nothing_L03_FR_05():
    one = Bench().booted()
    answer = publish(one)
    assert answer["status"] == "Rejected" and answer["statusInfo"]["reasonCode"] == "NotEnabled"
    assert "publish_address" in answer["statusInfo"]["additionalInfo"]
    assert unpublish(one) == "NoFirmware" and trigger(one) == [("Idle", None, None)]
    assert one.station.optional.find("publish") is None and orders(one) == []


def test_what_cannot_be_done_is_refused_with_its_reason():
    one = published(bench())
    for number, (reason, more) in enumerate((
        ("InvalidValue", {"checksum": "abc"}), ("InvalidValue", {"checksum": ""}), ("InvalidValue", {"checksum": "g" * 32}),
        ("InvalidURL", {"url": "ftp://files.example/app.bin"}), ("InvalidURL", {"url": ""}), ("InvalidURL", {"url": "file:///etc/passwd"}),
        ("InvalidURL", {"url": "http://me:secret@files.example/app.bin"}),
    )):  # fmt: skip
        answer = publish(one, 10 + number, **more)
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason), more
        assert "secret" not in answer["statusInfo"]["additionalInfo"]
    assert len(orders(one)) == 1 and order(one).wanted and order(one).status == "Published"


def test_numbers_that_make_no_sense_are_bounded():
    for retries, interval, found in ((None, None, (3, 60)), (-5, -5, (0, 10)), (10**9, 10**9, (100, 86400)), (0, 0, (0, 10))):
        one = bench()
        more = {} if retries is None else {"retries": retries, "retryInterval": interval}
        publish(one, **more)
        assert (order(one).facts["retries"], order(one).facts["interval"]) == found


def test_a_trigger_gets_the_last_status_and_idle_after_published_L03_FR_10_and_11():
    one = bench()
    assert trigger(one) == [("Idle", None, None)]
    publish(one, 4)
    assert trigger(one) == [("DownloadScheduled", 4, None)]
    for status in LOADED + ("DownloadFailed",):
        reach(one, status)
        assert trigger(one) == [(status, 4, None)]
    assert trigger(restarted(one)) == [("DownloadFailed", 4, None)]
    publish(one, 5)
    reach(one, *LOADED + ("Published",))
    assert trigger(one) == [("Idle", None, None)]


def test_a_published_file_is_withdrawn_L04_FR_01_and_02():
    one = published(bench())
    assert unpublish(one, CHECKSUM.upper()) == "Unpublished"
    assert len(orders(one)) == 2 and not order(one).wanted
    assert unpublish(one) == "NoFirmware" and trigger(one) == [("Idle", None, None)]
    order(one).removed()
    assert one.station.documents.get("ocpp_publish") is None
    assert trigger(one) == [("Idle", None, None)] and unpublish(one) == "NoFirmware"


def test_nothing_is_withdrawn_that_is_not_published_L04_FR_03():
    one = bench()
    assert unpublish(one) == "NoFirmware"
    published(one)
    assert unpublish(one, OTHER) == "NoFirmware" and unpublish(one, "x") == "NoFirmware" and unpublish(one, "") == "NoFirmware"
    assert order(one).wanted


def test_a_file_that_a_charging_station_downloads_stays_L04_FR_04():
    one = published(bench())
    order(one).readers = 2
    assert unpublish(one) == "DownloadOngoing" and order(one).wanted and order(one).status == "Published"
    answer = publish(one, 2, OTHER)
    assert answer["status"] == "Rejected" and answer["statusInfo"]["reasonCode"] == "FwUpdateInProgress" and order(one).wanted
    order(one).readers = 0
    assert unpublish(one) == "Unpublished"


def test_a_file_that_is_on_its_way_is_not_withdrawn_L04_FR_04():
    one = bench()
    publish(one)
    for status in LOADED:
        assert unpublish(one) == "DownloadOngoing"
        reach(one, status)
    assert unpublish(one) == "DownloadOngoing" and unpublish(one, OTHER) == "NoFirmware"
    reach(one, "Published")
    assert order(one).wanted and unpublish(one) == "Unpublished"


def test_a_newer_order_takes_the_place_of_one_under_way():
    one = bench()
    publish(one, 1)
    reach(one, "Downloading")
    first = order(one)
    assert publish(one, 2, OTHER) == {"status": "Accepted"} and not first.wanted and order(one) is not first
    first.report("Downloaded")  # it was on its way
    reach(one, *LOADED)
    assert publish(one, 3)["status"] == "Accepted"
    reach(one, "Downloading")
    assert notices(one) == [
        ("Downloading", 1, None), ("DownloadFailed", 1, None), ("Downloading", 2, None), ("Downloaded", 2, None), ("ChecksumVerified", 2, None),
        ("PublishFailed", 2, None), ("Downloading", 3, None),
    ]  # fmt: skip


def test_a_newer_order_takes_the_place_of_a_published_file_and_says_so():
    one = published(bench())
    first = order(one)
    answer = publish(one, 2, OTHER)
    assert answer["status"] == "Accepted" and answer["statusInfo"]["reasonCode"] == "NoError" and CHECKSUM in answer["statusInfo"]["additionalInfo"]
    assert not first.wanted and unpublish(one) == "NoFirmware" and unpublish(one, OTHER) == "DownloadOngoing"


def test_after_a_restart_the_order_is_carried_out_again_where_it_was():
    for statuses in ((), ("Downloading",), ("Downloading", "Downloaded"), LOADED, LOADED + ("Published",)):
        one = bench()
        publish(one, 9)
        reach(one, *statuses)
        restarted(one)
        assert len(orders(one)) == 1 and order(one).wanted, statuses
        assert (order(one).status, order(one).facts["url"]) == (statuses[-1] if statuses else "", URL) and notices(one) == []
        if statuses:
            order(one).report(statuses[-1], PLACE if statuses[-1] == "Published" else "")  # the same again is no news
            one.pump()
            assert notices(one) == []
    order(one).report("Published", "http://192.168.1.11:80/x")  # at another address it is
    one.pump()
    assert notices(one) == [("Published", 9, ["http://192.168.1.11:80/x"])]


def test_after_a_failure_or_a_withdrawal_a_restart_begins_nothing():
    one = bench()
    publish(one)
    reach(one, "Downloading", "DownloadFailed")
    assert orders(restarted(one)) == []
    published(one)
    assert unpublish(one) == "Unpublished"
    restarted(one)  # before the file was removed
    assert len(orders(one)) == 1 and not order(one).wanted and unpublish(one) == "NoFirmware"
    order(one).removed()
    assert orders(restarted(one)) == [] and one.station.optional.find("publish") is None


def test_statuses_reach_the_csms_after_a_time_without_it_and_after_a_restart_L03_FR_01():
    one = bench()
    publish(one, 3)
    one.drop()
    for status in LOADED:
        order(one).report(status)
    restarted(one)
    assert notices(one) == [(status, 3, None) for status in LOADED]
    one.sent = []
    one.drop()
    one.connect()
    assert notices(one) == []


def test_a_status_that_is_lost_with_the_link_leaves_again_and_is_given_up_when_it_breaks_each_link():
    one = bench()
    publish(one, 3)
    one.deaf = (NOTICE,)
    reach(one, "Downloading")
    for _ in range(4):
        one.drop()
        one.connect()
    order(one).report("Downloaded")
    one.deaf = ()
    one.pump()
    assert [each[0] for each in notices(one)] == ["Downloading"] * 3 + ["Downloaded"]


def test_statuses_that_wait_are_bounded_and_the_oldest_go():
    one = bench()
    publish(one, 3)
    one.drop()
    for i in range(100):
        order(one).report("Downloading" if i % 2 else "DownloadPaused")
    assert len(one.station.documents.get("ocpp_publish")["unsent"]) == UNSENT_MAX
    one.connect()
    assert len(notices(one)) == UNSENT_MAX and notices(one)[-1] == ("Downloading", 3, None)


def test_a_full_store_changes_nothing_that_was_answered():
    one = published(bench())
    put, one.station.documents.put = one.station.documents.put, refuse
    assert publish(one, 2, OTHER) == "InternalError" and order(one).wanted and order(one).status == "Published"
    assert one.call("UnpublishFirmware", {"checksum": CHECKSUM}) == "InternalError" and order(one).wanted
    one.station.documents.put = put
    assert unpublish(one) == "Unpublished"


def refuse(name, value):
    raise OSError(28, "full")


def test_a_power_cut_at_any_write_leaves_the_order_as_it_was_or_as_it_became():
    for at in range(1, 40):
        one = bench()
        one.files.cut_at_write(at)
        done = []
        try:
            if publish(one, 1)["status"] == "Accepted":
                done.append("")
            for status in LOADED + ("Published",):
                order(one).report(status, PLACE if status == "Published" else "")
                done.append(status)
                one.pump()
            if unpublish(one) == "Unpublished":
                done.append("Unpublished")
            order(one).removed()
            done.append(None)
        except PowerCut:
            pass
        restarted(one)
        found = order(one).status if orders(one) else None
        steps = [None, ""] + list(LOADED) + ["Published", "Unpublished", None]
        assert found in steps[len(done) : len(done) + 2], (at, done, found)
        if len(done) == len(steps) - 1:
            return
    raise AssertionError("never finished")
