"""The start of a controller whose new site.json is on trial: a refused one is replaced by the previous one at once."""

import os
from binascii import crc32

from ampacity.base import strict_json
from ampacity.ports.platform import EXIT_CONFIG, EXIT_RESTART
from ampacity.roles.boot import main
from ampacity.roles.configuration.site_trial import trial_of

OLD, WRONG = b'{"format":1,"name":"old"}', b'{"format":2}'


def folder(name):
    path = "/tmp/ampacity-boot-on-trial-%s-%d" % (name, int.from_bytes(os.urandom(4), "big"))
    for each in (path, path + "/store"):
        os.mkdir(each)
    put(path, "boot.json", b'{"role":"secondary"}')
    put(path, "site.json", OLD)
    return path


def put(path, name, data):
    with open(path + "/" + name, "wb") as f:
        f.write(data)


def remove(path):
    for each in (path + "/store", path):
        for name in os.listdir(each):
            if name != "store":
                os.remove(each + "/" + name)
        os.rmdir(each)


def site_of(path):
    with open(path + "/site.json", "rb") as f:
        return f.read()


def test_a_new_site_that_the_start_refuses_is_replaced_and_the_controller_restarts():
    path = folder("refused")
    trial_of(path, path + "/store").arm(WRONG, 10)
    assert site_of(path) == WRONG
    assert main([path]) == EXIT_RESTART and site_of(path) == OLD
    assert main([path]) == EXIT_CONFIG and site_of(path) == OLD  # this one is refused as well, but it is not on trial
    remove(path)


def test_text_that_is_not_json_is_replaced_as_well():
    path = folder("garbage")
    trial_of(path, path + "/store").arm(b"{", 10)
    assert main([path]) == EXIT_RESTART and strict_json.loads(site_of(path))["name"] == "old"
    remove(path)


def test_a_record_of_another_shape_counts_as_not_confirmed():
    for record in ([], 5, {"phase": "armed", "sha256": 7}, {"phase": "armed", "sha256": "00", "minutes": "ten"}, {"phase": "later"}):
        path = folder("shape")
        trial = trial_of(path, path + "/store")
        trial.arm(WRONG, 10)
        body = strict_json.dumps(record).encode()
        put(path + "/store", "site_trial.set", b"%08x\n" % crc32(body) + body)
        main([path])
        assert site_of(path) == OLD, record
        remove(path)


def test_without_a_trial_nothing_is_written():
    path = folder("plain")
    assert main([path]) == EXIT_CONFIG and site_of(path) == OLD and os.listdir(path + "/store") == []
    remove(path)
