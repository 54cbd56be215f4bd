"""`python tests/circuit/measure_lying_meters.py`: how late a meter that lies is found while all EVSEs change together.

Three EVSEs below a circuit of 40 A with 20 A of other load. One line for each scene: when the meter was found, how long
more than 40 A flowed until then, and by how much at most. docs/safety-case.md gives these figures.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "firmware")]

from helper_meter import Yard  # noqa: E402 - the folders above come first
from test_meter_trust import limited, saturated  # noqa: E402 - likewise

LONGEST_S = 1200


def half(yard: Yard, amps: "list[int]") -> "list[int]":
    """A transformer with twice the declared ratio."""
    return [da // 2 for da in amps]


def yard_of(first_da: int = 320, other_da: int = 200) -> Yard:
    """Three cars that charge below this limit for a minute."""
    yard = Yard(count=3).start()
    yard.other = [other_da] * 3
    for e in range(3):
        yard.plug(e)
    limited(yard, first_da)
    return yard.run(60)


def played(name: str, yard: Yard, lie, each) -> str:
    """One scene from the first false reading until the meter is found, or for LONGEST_S."""
    yard.lie, yard.other, yard.over_ms, yard.worst_da = lie, [200] * 3, 0, 0
    for second in range(LONGEST_S):
        each(yard, second)
        yard.run(1)
        if yard.state == "lost":
            found = f"found after {second + 1} s"
            break
    else:
        found = f"not found in {LONGEST_S} s"
    rating_da = yard.facts["circuits"][0]["rating_da"][0]
    return f"{name:45} {found:22} {yard.over_ms / 1000:6.1f} s above, by at most {max(0, yard.worst_da - rating_da) / 10:.1f} A"


def rise(yard: Yard, second: int) -> None:
    """0.3 A more each 11 s."""
    limited(yard, 66 + 3 * (second // 11))


def turns(turn_s: int, low_s: int, low_da: int, high_da: int):
    """The lower limit for low_s of each turn."""
    return lambda yard, second: limited(yard, low_da if second % turn_s < low_s else high_da)


def main() -> None:
    # what saturates from the start is found in the minute before: the other load rises when the lie begins
    yard = yard_of(66, 150)
    print(played("saturates at 25 A, limits rise", yard, saturated, rise))
    print(played("saturates at 25 A, 8 and 16 A, 4 s", yard_of(), saturated, turns(4, 1, 80, 160)))
    for name, lie in (("saturates at 25 A", saturated), ("shows half", half)):
        for turn_s in (4, 8, 12, 20, 30, 60):
            print(played(f"{name}, 6 and 32 A, {turn_s} s", yard_of(), lie, turns(turn_s, turn_s // 2, 60, 320)))


if __name__ == "__main__":
    main()
