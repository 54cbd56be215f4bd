"""What `help COMMAND` says of a primary's commands, and what dangerous ones ask before they act. Loaded when it is needed."""

ABOUT = {
    "accept": "The device that answers at this EVSE's address now is the right one, though it is another than before.",
    "clear": "Faults that are no longer there.",
    "commission": "The guided test of wiring, meters, currents and fail-safe. `start` with names: these EVSEs only.",
    "confirm": "The `assumed_other_a` of a circuit is right as it stands in the site file, though the meter has shown more.",
    "default": "An OCPP variable as it was before anybody set it.",
    "gaps": "Which evidence is missing, EVSE by EVSE: what costs current until it is declared or tested.",
    "gone": "What left the site file and still counts; with a NAME: somebody looked, and it hangs on the site no more.",
    "isolate": "on: the feeder of this EVSE is open and locked, so that it counts nothing until it answers. off: no longer.",
    "needs": "What the car still needs, in kWh, and in how many hours it leaves. Example: needs bay-1 20 4.5",
    "relearn": "Only while the evidence is damaged: begins anew. Who was locked out or distrusted is forgotten.",
    "replace": "A new unit at an old place: shows old and new; with serial=NUMBER the new one is accepted and proven.",
    "restart": "The controller starts anew. EVSEs fall back to what they do without it, then charging goes on.",
    "scan": "What is on a bus. BUS is the name in the site file, in quotes if it has blanks. `scan status` shows what was found.",
    "solar": "on: this EVSE charges by surplus only. off: by all there is.",
    "start": "Passes over the random wait of this EVSE after a power failure (`start_delay_s`).",
    "time": "The time of day, who told it, and what the site's zone makes of it.",
    "token": "What the controller knows of an identifier while the CSMS cannot be asked.",
    "trust": "The meter of this circuit and its CTs were looked at: it is believed again.",
    "unlock": "Ends the lock-out of an EVSE that disobeyed or was faulted, after somebody has looked at it.",
    "variable": "An OCPP variable, shown or set as the CSMS would. Example: variable SampledDataCtrlr.TxUpdatedInterval 60",
}

ASKS = {
    "accept": "the device that answers there now will be trusted with current. Is it the right one, on the right feeder?",
    "commission start": "the test lets cars charge, stops them, and lets EVSEs run into their fail-safe. Does nobody mind?",
    "confirm": "the `assumed_other_a` of the site file will count again. Did somebody check that it never draws more?",
    "gone": "it will count no more. Did somebody look, and does it hang on the site no more?",
    "isolate": "it will count as drawing nothing. Is its feeder open and locked?",
    "relearn": "who was locked out or distrusted is forgotten. Did somebody look at every EVSE?",
    "restart": "charging pauses on every EVSE that needs the controller.",
    "trust": "the sums will follow this meter again. Did somebody look at it and its CTs?",
    "unlock": "it may charge again. Did somebody look why it was locked?",
}
