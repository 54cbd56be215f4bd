"""The transcript in the documents is that of a run, on each runtime: security profile 3 with a renewal of the certificate."""

import pytest
from transcript import PAGE, page, run

EVENT = "SecurityEventNotification"


def parts(text):
    """(lines in their order, the security events: one may leave before or after the station connects again, or twice)."""
    lines = text.splitlines()
    return [line for line in lines if EVENT not in line], {line for line in lines if EVENT in line}


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_A02_FR_08_the_transcript_in_the_documents_is_that_of_a_run(runtime, tmp_path):
    assert parts(page(await run(runtime, tmp_path))) == parts(PAGE.read_text())
