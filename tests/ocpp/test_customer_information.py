"""CustomerInformation (N09, N10): what is found, in which parts, what is removed and what stays."""

from station_bench import Bench, payloads

CLEARED = "The data of the customer was cleared."


def token(text="ABC123", kind="ISO14443"):
    return {"idToken": {"idToken": text, "type": kind}}


def ask(bench, customer, report=True, clear=False):
    """(status, data of all parts or None)"""
    bench.sent = []
    request = {"requestId": 5, "report": report, "clear": clear}
    request.update(customer)
    status = bench.call("CustomerInformation", request)["status"]
    parts = payloads(bench.sent, "NotifyCustomerInformation")
    assert [(part["seqNo"], part["tbc"]) for part in parts] == [(i, i < len(parts) - 1) for i in range(len(parts))]
    assert all(len(part["data"]) <= 512 and part["requestId"] == 5 for part in parts)
    return status, "".join([part["data"] for part in parts]) if parts else None


def test_the_running_transaction_of_a_customer_is_reported_and_stays():
    bench = Bench().booted()
    bench.charging()
    running = "EVSE 1: authorized, transaction " + bench.station.transaction(1)
    assert ask(bench, token("abc123")) == ("Accepted", "authorization cache: ISO14443 abc123, Accepted\n" + running)
    assert ask(bench, token(), True, True)[1].endswith(running)
    assert ask(bench, token()) == ("Accepted", running) and bench.may_charge()
    assert ask(bench, token("ABC124")) == ask(bench, token(kind="ISO15693")) == ("Accepted", "")


def test_a_customer_identifier_means_the_text_of_a_token_of_any_type():
    bench = Bench().booted()
    bench.station.cache.put({"idToken": "X1", "type": "eMAID"}, {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}}, 0)
    bench.station.cache.put({"idToken": "x1", "type": "Local"}, {"status": "Blocked", "cacheExpiryDateTime": "2027-01-01T00:00:00Z"}, 0)
    expected = "authorization cache: eMAID x1, Accepted, group G\nauthorization cache: Local x1, Blocked, until 2027-01-01T00:00:00Z"
    assert ask(bench, {"customerIdentifier": "X1"}, True, True) == ("Accepted", expected)
    assert ask(bench, {"customerIdentifier": "X1"}) == ("Accepted", "")
    bench.power_cycle()
    bench.connect()
    assert ask(bench, {"customerIdentifier": "X1"}) == ("Accepted", "")


def test_a_certificate_belongs_to_nothing_that_is_kept():
    bench = Bench().booted()
    bench.station.cache.put({"idToken": "", "type": "Local"}, {"status": "Accepted"}, 0)
    certificate = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}
    assert ask(bench, {"customerCertificate": certificate}) == ("Accepted", "")
    assert ask(bench, {"customerCertificate": certificate}, False, True) == ("Accepted", CLEARED)
    assert len(bench.station.cache.about({"idToken": "", "type": "Local"}, "")) == 1


def test_long_data_comes_in_parts():
    bench = Bench(evses=20).booted()
    for evse in range(1, 21):
        bench.charging(evse)
    status, data = ask(bench, token())
    assert status == "Accepted" and len(data.split("\n")) == 21 and len(payloads(bench.sent, "NotifyCustomerInformation")) >= 3


def test_what_cannot_be_removed_from_the_store_is_rejected_and_stays():
    bench = Bench().booted()
    bench.charging()

    def full(name, value):
        raise OSError(28, "no space")

    put, bench.station.documents.put = bench.station.documents.put, full
    assert ask(bench, token(), True, True) == ("Rejected", None)
    bench.station.documents.put = put
    assert "authorization cache" in ask(bench, token())[1]
