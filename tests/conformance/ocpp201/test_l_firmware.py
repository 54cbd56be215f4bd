"""Part 6, L: firmware that the CSMS orders, with certificate and signature of a manufacturer made by `cryptography`, over an independent server."""

from firmware_updates import DONE, GOOD, LOADED, WRONG, Manufacturer, updates
import pytest


async def is_installed(talk, number, before=()):
    """The order is installed, reported by the new firmware, and every connector is available again."""
    assert await talk.reaches(number, "Installed") == [*before, *LOADED, *DONE]
    assert talk.boots() == ["FirmwareUpdate"] and talk.station.runs() == "2.0"
    await talk.until(lambda: "FirmwareUpdated" in talk.events(), 60)
    assert set(talk.connectors().values()) == {"Available"}


@pytest.mark.parametrize("kind", ["ec", "rsa"])
async def test_TC_L_01_CS_a_signed_update_is_installed(kind):
    maker = Manufacturer(kind)
    async with updates(maker) as talk:
        assert await talk.order(7, maker) == "Accepted"
        await is_installed(talk, 7)
