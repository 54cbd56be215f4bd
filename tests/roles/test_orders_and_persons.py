"""Orders of the CSMS next to what a person brings by console or folder; configurations that the CSMS or a person brings."""

from helper_garage import site
from helper_ordered import OCPP, FileServer, OrderedGarage, Restarting, nothing, whole
from helper_signed_configuration import brought, signed
from helper_updates import Root, put, release

from ampacity.base import strict_json
from ampacity.roles.configuration.site_trial import BY_BUNDLE, SiteTrial
from ampacity.store.memory_files import MemoryFiles
from update.helper_bundle import key_list

LOADED = ["Downloading", "Downloaded", "SignatureVerified"]
ON_MICROPYTHON_EACH = 3


async def test_an_order_for_later_holds_back_no_bundle_of_the_console_and_waits_for_it_when_its_time_has_come():
    with Root() as root:
        async with FileServer(whole, release(3)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            assert garage.order(7, server.url, retrieve_s=86400) == "Accepted"
            await garage.passes(3)
            assert "2.0 is ready" in garage.push(release(2))
            assert await garage.passes(600, lambda: garage.runs == "2.0"), garage.show()
            assert await garage.passes(600, lambda: garage.show()["result"] == "confirmed: 2.0")
            assert garage.statuses == [(7, "DownloadScheduled")] and not server.asked
            assert garage.order(8, server.url, retrieve_s=20) == "AcceptedCanceled"
            assert "4.0 is ready" in garage.push(release(4))
            await garage.passes(40)
            assert garage.show()["csms"]["why"] == "another bundle is ready and is tried first" and not server.asked
            await garage.passes(60)
            assert garage.runs == "4.0" and garage.show()["csms"]["why"] == "a version is on trial", garage.show()
            assert (await garage.reaches(8, "Installed"))[:4] == ["DownloadScheduled"] + LOADED
            assert garage.runs == "3.0" and ("FirmwareUpdated" in garage.events)


async def test_an_order_whose_attempt_failed_lets_a_bundle_of_the_console_go_first():
    with Root() as root:
        async with FileServer(nothing("404 Not Found"), release(3)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(7, server.url, retries=5, retryInterval=30)
            await garage.passes(5)
            assert garage.show()["csms"]["status"] == "Downloading" and "404" in garage.show()["csms"]["why"]
            garage.push(release(2))
            server.script = whole
            assert await garage.passes(600, lambda: garage.runs == "2.0"), garage.show()
            await garage.reaches(7, "Installed")
            assert garage.runs == "3.0"


async def test_a_configuration_of_the_console_is_tried_while_an_order_waits_to_be_installed():
    with Root() as root:
        facts = site(ocpp=OCPP)
        facts["evses"][1]["limit_da"] = 100
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            garage.data_files = garage.platform.data_files = MemoryFiles()
            garage.data_files.replace("site.json", strict_json.dumps(site(ocpp=OCPP)).encode())
            brought(garage.platform.files, garage.data_files)
            await garage.passes(3)
            garage.order(7, server.url, install_s=86400)
            await garage.reaches(7, "InstallScheduled")
            await garage.passes(70)
            assert garage.runs == "1.0" and garage.show()["waits"] == "the order of the CSMS"
            assert "configuration 2.0 is ready" in garage.push(signed(facts))
            garage.run(70000)
            assert strict_json.loads(garage.data_files.read("site.json"), size_max=65536)["evses"][1]["limit_da"] == 100, garage.show()
            assert garage.runs == "1.0" and garage.statuses[-1] == (7, "InstallScheduled")


class Held:
    """A garage with a CSMS and a data folder in which a configuration waits for `update activate`."""

    def __init__(self, root):
        self.garage = garage = OrderedGarage(root)
        garage.data_files = garage.platform.data_files = MemoryFiles()
        garage.data_files.replace("site.json", strict_json.dumps(site(ocpp=OCPP)).encode())
        brought(garage.platform.files, garage.data_files)

    @staticmethod
    def configuration(limit_da, sequence):
        facts = site(ocpp=OCPP)
        facts["evses"][1]["limit_da"] = limit_da
        return signed(facts, sequence)


async def without_csms(deliver):
    """What becomes of a configuration that names no CSMS, on a site that has one."""
    with Root() as root:
        async with FileServer(whole, signed(site())) as server:
            garage = Restarting(root)
            garage.data_files = garage.platform.data_files = MemoryFiles()
            garage.data_files.replace("site.json", strict_json.dumps(site(ocpp=OCPP)).encode())
            brought(garage.platform.files, garage.data_files)
            await garage.passes(3)
            await deliver(garage, server)
            result = await garage.tried()
            kept = strict_json.loads(garage.data_files.read("site.json"), size_max=65536)["ocpp"]
            await garage.passes(5)
            return result, bool(kept), garage.statuses


async def test_a_configuration_without_the_CSMS_that_the_CSMS_or_a_folder_brought_is_rolled_back():
    async def ordered(garage, server):
        garage.order(7, server.url)

    result, kept, statuses = await without_csms(ordered)
    assert (result, kept) == ("rolled back: 2.0: not seen: OCPP", True) and statuses[-1] == (7, "InstallationFailed"), statuses
    with Root() as root:
        garage = Restarting(root)
        garage.data_files = garage.platform.data_files = MemoryFiles()
        garage.data_files.replace("site.json", strict_json.dumps(site(ocpp=OCPP)).encode())
        brought(garage.platform.files, garage.data_files)
        await garage.passes(3)
        put(root.path + "/inbox/site.bundle", signed(site()))
        await garage.passes(300)
        assert garage.primary.upstream is None and garage.show()["configuration"]["trial"]["missing"] == ["OCPP"], garage.show()


async def test_a_configuration_without_the_CSMS_that_a_person_at_the_console_brought_or_activated_is_confirmed():
    async def pushed(garage, server):
        garage.push(server.data)

    async def activated(garage, server):
        put(garage.root.path + "/inbox/site.bundle", server.data)
        await garage.passes(20)
        garage.say("update activate --yes")

    for deliver in (pushed, activated):
        assert (await without_csms(deliver))[:2] == ("confirmed: 2.0", False)


async def test_a_configuration_that_the_CSMS_brought_waits_for_a_person_where_a_person_has_pushed_the_present_one():
    with Root() as root:
        async with FileServer(whole, Held.configuration(100, 2)) as server:
            garage = Held(root).garage
            await garage.passes(3)
            trial = SiteTrial(garage.primary.documents, garage.platform.files, garage.data_files)
            trial.arm(garage.data_files.read("site.json"), 1)
            trial.confirm()
            garage.order(7, server.url)
            await garage.reaches(7, "InstallScheduled")
            await garage.passes(100)
            assert garage.statuses[-1] == (7, "InstallScheduled") and "a person has set" in garage.show()["csms"]["why"], garage.show()


async def test_an_order_with_a_signature_erases_nothing_that_a_person_keeps_ready():
    with Root() as root:
        other = Held.configuration(120, 3)
        for data in (other, release(2)):
            async with FileServer(whole, data) as server:
                garage = Held(root).garage
                await garage.passes(3)
                garage.say("update hold on")
                assert "configuration 2.0 is ready" in garage.push(Held.configuration(100, 2))
                assert garage.order_signed(7, server.url, b"another file") in ("Accepted", "AcceptedCanceled")
                await garage.passes(120)
                assert garage.show()["configuration"]["slots"]["a"] == "ready 2.0", garage.show()
                assert garage.statuses[-1] == (7, "DownloadScheduled") and not server.asked
                assert "another bundle is ready" in garage.show()["csms"]["why"]


async def test_a_configuration_is_not_ready_before_the_signature_of_the_order_is_judged():
    data = Held.configuration(100, 2)
    for right, status in ((False, "InvalidSignature"), (True, "InstallScheduled")):
        with Root() as root:
            async with FileServer(whole, data) as server:
                garage = Held(root).garage
                await garage.passes(3)
                garage.say("update hold on")
                garage.push(data)
                slots = garage.updater.configuration.slots
                slots.state.slots[0].state = 1  # a power cut came before it was judged: all of it is there, and not ready
                slots.save()
                garage.updater.delivery.source = ""
                assert garage.order_signed(7, server.url, data if right else b"another file") == "Accepted"
                await garage.reaches(7, status)
                assert garage.show()["configuration"]["slots"]["a"] == ("ready 2.0" if right else "receiving 2.0"), garage.show()


async def waiting(root):
    """A garage in whose folder a configuration waits for a person: a person has set the one in force."""
    garage = Held(root).garage
    garage.platform.files.remove(BY_BUNDLE)
    put(root.path + "/inbox/site.bundle", Held.configuration(100, 2))
    await garage.passes(20)
    assert garage.show()["configuration"]["slots"]["a"] == "ready 2.0" and "a person has set" in garage.show()["waits"], garage.show()
    return garage


async def test_an_application_that_the_CSMS_orders_is_installed_while_a_configuration_waits_for_a_person():
    for is_signed in (False, True):
        with Root() as root:
            data = release(2)
            async with FileServer(whole, data) as server:
                garage = await waiting(root)
                assert (garage.order_signed(7, server.url, data) if is_signed else garage.order(7, server.url)) == "Accepted"
                statuses = await garage.reaches(7, "Installed", 1300)
                assert statuses[:3] == LOADED and garage.runs == "2.0", statuses
                assert garage.show()["configuration"]["slots"]["a"] == "ready 2.0" and "a person has set" in garage.show()["waits"], garage.show()
                assert "configuration 2.0 is on trial" in garage.say("update activate --yes")


async def test_a_key_list_that_the_CSMS_orders_is_in_force_at_once_while_a_configuration_waits_for_a_person():
    with Root() as root:
        async with FileServer(whole, key_list(2)) as server:
            garage = await waiting(root)
            garage.order(7, server.url)
            await garage.reaches(7, "Installed", 30)
            assert garage.show()["keys"] == 2 and garage.show()["configuration"]["slots"]["a"] == "ready 2.0", garage.show()


async def test_an_order_takes_the_place_of_no_configuration_that_waits_for_a_person():
    data = Held.configuration(120, 3)
    for is_signed in (False, True):
        with Root() as root:
            async with FileServer(whole, data) as server:
                garage = await waiting(root)
                garage.order_signed(7, server.url, data) if is_signed else garage.order(7, server.url)
                await garage.reaches(7, "InstallVerificationFailed")
                assert "2.0 is ready" in garage.show()["csms"]["why"], garage.show()
                assert garage.show()["configuration"]["slots"] == {"a": "ready 2.0", "b": "empty"}, garage.show()


async def test_an_order_that_another_one_replaces_takes_no_configuration_along_that_waits_for_a_person():
    with Root() as root:
        async with FileServer(nothing("404 Not Found"), release(2)) as server:
            garage = await waiting(root)
            garage.order(7, server.url, retries=5, retryInterval=30)
            await garage.passes(5)
            assert garage.show()["csms"]["status"] == "Downloading" and server.asked, garage.show()
            garage.updater.delivery.source = ""  # as after a restart
            server.script = whole
            assert garage.order(8, server.url) == "AcceptedCanceled"
            await garage.reaches(8, "Installed", 1300)
            assert garage.runs == "2.0" and garage.show()["configuration"]["slots"]["a"] == "ready 2.0", garage.show()
