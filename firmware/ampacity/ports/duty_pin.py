"""An output with a duty: the pilot, and coils that are held with less than their full voltage."""

if False:  # for the type checker
    from typing import Any

    from ampacity.ports.chips import MachinePins
    from ampacity.ports.interfaces import Facts


class DutyPin:
    """An output with a duty. At 0 and 1000 ‰ the pin is steady with its PWM stopped: a duty of nearly everything is not steady."""

    def __init__(self, pins: "MachinePins", facts: "Facts", frequency_hz: int) -> None:
        self._pins = pins
        self._facts = facts
        self._frequency_hz = frequency_hz
        self._pwm: "Any" = None
        self._permille = 0
        pins.output(facts)

    def set(self, permille: int) -> None:
        """Duty of the state "on", 0 to 1000 ‰, rounded down; the same again changes nothing."""
        if permille == self._permille:
            return
        self._permille = permille
        if 0 < permille < 1000:
            duty = permille * 65535 // 1000
            self._run(duty if self._facts["level"] else 65535 - duty)
            return
        if self._pwm is not None:
            self._pwm.deinit()
            self._pwm = None
        self._pins.output(self._facts, permille == 1000)

    def _run(self, duty_u16: int) -> None:
        if self._pwm is None:
            machine = self._pins.machine
            pin = machine.Pin(self._pins.id_of(self._facts["pin"]))
            self._pwm = machine.PWM(pin, freq=self._frequency_hz, duty_u16=duty_u16)
        else:
            self._pwm.duty_u16(duty_u16)
