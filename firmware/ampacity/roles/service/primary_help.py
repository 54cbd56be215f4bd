"""What `help COMMAND` says of a primary's commands. Loaded on demand."""

ABOUT = {
    "accept": "Accepts the device that now answers at the address of this EVSE, although it differs from the previous one.",
    "commission": "Controls the guided test of wiring, meters, currents and fail-safe. `start` with names: only these EVSEs.",
    "config": "For programs: reads the configuration without its secrets, such as for `ampacity configure pull`.",
    "confirm": "Confirms `assumed_other_a` of a circuit as in the site file, although the meter has shown more.",
    "default": "Resets an OCPP variable to its default.",
    "gaps": "Lists missing evidence per EVSE: it reserves current until it is declared or tested.",
    "gone": "Lists EVSEs that left the site file but still count. With NAME: confirms that it is disconnected from the site.",
    "isolate": "on: the feeder of this EVSE is open and locked, so it counts as 0 A until it answers. off: revoked.",
    "needs": "Sets the energy that the car needs, in kWh, and the time until departure, in hours. Example: needs bay-1 20 4.5",
    "relearn": "Only while the saved evidence is damaged: starts with none. Lock-outs and distrust are forgotten.",
    "replace": "Replaces the device of an EVSE: shows old and new; with serial=NUMBER the new one is accepted and proven.",
    "restart": "Restarts the controller. EVSEs go to their fallback, then charging continues. Lock-outs stay.",
    "scan": "Finds the devices on a bus. BUS: its name in the site file, in quotes if it has spaces. `scan status` shows the result.",
    "solar": "on: this EVSE charges only from solar surplus. off: from all available current.",
    "start": "Skips the random start delay of this EVSE (`start_delay_s`); retries a paused idle car in its next slot.",
    "test": "Tests all EVSEs, or these, with power: the same as `commission start`; `commission status` shows the progress.\n"
    "`gaps` lists what is still to be tested; `scan BUS` finds devices and starts no car.",
    "time": "Shows the time of day, its source, and the local time of the site.",
    "token": "Manages the identifiers that are valid while the CSMS is offline.",
    "transfer": "For programs: takes a file in pieces, such as a configuration of `ampacity configure push`, or a bundle.",
    "trust": "Trusts the meter of this circuit again, after an inspection of the meter and its CTs.",
    "unlock": "Ends the lock-out of an EVSE that disobeyed or was faulted, after an inspection.",
    "variable": "Shows or sets an OCPP variable, as the CSMS would. Example: variable SampledDataCtrlr.TxUpdatedInterval 60",
}
