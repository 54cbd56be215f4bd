"""Steps of our own EVSEs, and whether a meter followed them (safety.md 3.2).

A step is certain from two frames: the reference, and one in which our EVSEs draw by at least STEP_DA more or less for
certain. The reference is the newest frame with the EVSE currents of the one before, or of the last seconds, and never one while they
change: a step of other load that makes us lower comes before ours and must not hide it. One that comes after ours must not either: any frame since
the reference may have shown the step.

Where an order answers other load, a correct meter shows neither: the sum stays what it was. So a step that was not shown is missed only where
other load was calm before it and the meter shows no change, or this step in the other direction; and a lower only where no order caused it,
or a test step of the policy did. Otherwise it is unclear, unless the meter showed other load come and ours make room for it, a rise and
then a fall, or go and ours follow. While the meter shows more than the rating lower orders are due, and no step tells anything.

4 A: less than the 6 A with which every EVSE begins and ends, and more than most of what other load switches within the
few seconds of a step. Of a step that was missed less than a quarter was shown, of one that was followed three quarters, and
not three quarters more than it was at most. What lies between one and three quarters is unclear where other load was calm, or in a test
step; anything else tells nothing.
"""

STEP_DA = 40
STILL_DA, STILL_MS = 10, 3000
REFERENCE_MS = 10000
CALM_MS = 60000  # jumps of other load fade by a 64th in this time: to half in 45 minutes
CALM_PART = 64
QUICK_MS = 6000  # a rise that takes longer, and more than two looks, may follow other load that falls
ROW = 3  # jumps of other load explain no third step that is missed in a row
FIRST, MOST, LEAST, FALL, RISE = range(5)  # what a meter showed on one phase since a frame, in da; FALL, RISE: the most from a crest, a trough
UNKNOWN_DA = 1 << 12  # how far other load moves, before it was seen
LOWER_MS, RETURN_MS = 12000, 120000  # until then the EVSEs that are lowered for a test have followed; and have returned, also from a pause


class StepCheck:
    """One meter's frames against what the EVSEs below it draw. inputs: the supply phases that it measures.

    After a look that found a step, masks of phases: `missed` it, `unclear` whether it missed it, `followed` it, `tested` where it was one
    of a test, `jumpy` where jumps of other load explain what was missed. `spared[p]`: the phases on which ours
    did at most half of the step of phase p.
    """

    def __init__(self, phases: int, inputs: "list[int]") -> None:
        self.inputs = inputs
        self.ref_ms = self.ref_frame_ms = -1  # when it was judged, and when its frame came
        self.ref = [[0] * 5 for _ in range(phases)]  # since the reference
        self.newest = [[0] * 5 for _ in range(phases)]  # since the frame that is to be judged next
        self.ref_lo = [0] * phases
        self.ref_hi = [0] * phases
        self.ref_wobble_da = [UNKNOWN_DA] * phases
        self.ref_looks = 0  # since the reference
        self.last_lo, self.last_hi = [0] * phases, [0] * phases  # in the last look
        self.same_ms = -1  # our currents are constant since
        self.ref_wide = False  # ours changed in it: the next frame in which they do not is a better one
        self.other_da = [0] * phases  # in the last look in which it was certain
        self.wobble_da = [UNKNOWN_DA] * phases  # by how much it differs of late from one look to the next; 1 is rounding
        self.rested = self.from_rest = False  # our currents were constant in the reference; and in that of the last look
        self.above_ms = [-1] * phases  # the last frame above the rating
        self.step_ms = [-1] * phases  # their last step that it missed or followed
        self.test_ms = -1  # the policy began a test step
        self.test_steps = [0] * phases  # of it that are to come: 2 down and up, 1 up
        self.row = [0] * phases  # missed so many in a row
        self.jump_x16 = [0] * phases  # recent jumps of other load while our currents are constant, in 16ths of a da
        self.calm_ms = -1
        self.missed = self.unclear = self.followed = self.tested = self.jumpy = 0
        self.spared = [0] * phases

    def is_still(self, now_ms: int) -> bool:
        """Are our currents constant at present?"""
        return self.rested and not self.ref_looks and now_ms - self.ref_ms <= STILL_MS

    def begin_test(self, now_ms: int, steps: int) -> None:
        """The policy lowers EVSEs for a moment: 2: their next step down and the next one up answer no other load; 1: only the one up."""
        self.test_ms = now_ms
        for p in self.inputs:
            self.test_steps[p] = steps

    def forget(self) -> None:
        """Drops the reference: no step is seen between the frames before and those after; the next look takes a new reference."""
        self.ref_ms = -1

    def shown(self, p: int, da: int, above: bool, frame_ms: int) -> None:
        """Each frame, also one that is not judged. above: it shows more than the rating."""
        if above:
            self.above_ms[p] = frame_ms
        for seen in (self.ref[p], self.newest[p]):
            seen[MOST] = max(seen[MOST], da)
            seen[LEAST] = min(seen[LEAST], da)
            seen[FALL] = max(seen[FALL], seen[MOST] - da)
            seen[RISE] = max(seen[RISE], da - seen[LEAST])

    def taken(self, frame_da: "list[int]") -> None:
        """The frame that was shown last is to be judged."""
        self.newest = [[da, da, da, 0, 0] for da in frame_da]

    def look(self, frame_da: "list[int]", least: "list[int]", most: "list[int]", ordered: bool, frame_ms: int, now_ms: int) -> bool:
        """The frame that was taken, and what ours drew at it. ordered: an order may have lowered them since the reference. True: a step
        of ours was in it, see the masks."""
        self.missed = self.unclear = self.followed = self.tested = self.jumpy = 0
        self.from_rest = self.rested
        self.ref_looks += 1
        old = self.ref_ms < 0 or now_ms - self.ref_ms > REFERENCE_MS
        still, narrow, same, stepped = True, True, True, False
        for p in self.inputs:
            narrow = narrow and most[p] - least[p] < STILL_DA
            same = same and most[p] - self.last_lo[p] < STILL_DA and self.last_hi[p] - least[p] < STILL_DA
            still = still and most[p] - self.ref_lo[p] < STILL_DA and self.ref_hi[p] - least[p] < STILL_DA
        self.last_lo, self.last_hi = list(least), list(most)
        self.same_ms = now_ms if not same or self.same_ms < 0 else self.same_ms
        rest = same and now_ms - self.same_ms >= STILL_MS
        for p in self.inputs:
            if not old:
                stepped = self._step(p, least, most, ordered, now_ms) or stepped
            if most[p] - least[p] < STILL_DA:
                moved_da = abs(frame_da[p] - least[p] - self.other_da[p])
                self.other_da[p] = frame_da[p] - least[p]
                self.wobble_da[p] = max(1, moved_da, self.wobble_da[p] // (4 if same else 1))  # while ours move it may be hidden
        if still and not old:
            self._jumps(frame_da, now_ms)
        if stepped or still or rest or narrow and (old or self.ref_wide):
            self.rested, self.ref_wide = rest or still and not old, not narrow
            self.ref_ms, self.ref_frame_ms, self.ref_looks = now_ms, frame_ms, 0
            for p in range(len(self.ref)):
                self.ref[p], self.ref_lo[p], self.ref_hi[p] = list(self.newest[p]), least[p], most[p]
                self.ref_wobble_da[p] = self.wobble_da[p]
        return stepped

    def _step(self, p: int, least: "list[int]", most: "list[int]", ordered: bool, now_ms: int) -> bool:
        """Did ours step on this phase for certain, and the meter with them?"""
        up = least[p] - self.ref_hi[p] >= STEP_DA
        step_da = least[p] - self.ref_hi[p] if up else self.ref_lo[p] - most[p]
        if step_da < STEP_DA:
            return False
        moved_da, most_da = self._moved(p, up), most[p] - self.ref_lo[p] if up else self.ref_hi[p] - least[p]
        self.spared[p] = 0
        clear = (moved_da - most_da) * 4 < step_da * 3
        for q in range(len(self.spared)):
            ours_da = most[q] - self.ref_lo[q] if up else self.ref_hi[q] - least[q]
            if q != p and ours_da * 2 <= step_da:
                self.spared[p] |= 1 << q
                clear = clear and (self._moved(q, up) - max(0, ours_da)) * 4 < step_da * 3
        tested = self._of_test(p, up, now_ms)
        self.tested |= tested << p
        if moved_da * 4 >= step_da * 3 and clear:
            self.followed |= 1 << p
            self.step_ms[p] = now_ms
            self.row[p] = 0
        elif self.above_ms[p] > self.ref_frame_ms:
            pass  # lower orders are due while it shows more than the rating
        elif moved_da * 4 >= step_da:
            if tested or moved_da * 4 < step_da * 3 and self._hidden_da(p) * 4 < step_da:
                self.unclear |= 1 << p
        elif (tested or (self._is_quick(now_ms) if up else not ordered)) and self._missed(p, up, step_da, most_da):
            self.missed |= 1 << p
            self.step_ms[p] = now_ms
            self.row[p] += 1
            if self.row[p] < ROW and self.jump_x16[p] * 4 >= (step_da - moved_da) * 48:
                self.jumpy |= 1 << p
        elif tested or self.ref[p][RISE if up else FALL] * 4 < step_da:
            self.unclear |= 1 << p
        return True

    def _is_quick(self, now_ms: int) -> bool:
        return now_ms - self.ref_ms <= QUICK_MS or self.ref_looks <= 2

    def _of_test(self, p: int, up: bool, now_ms: int) -> bool:
        """Is it the next step of a test? Then it is one less."""
        left = self.test_steps[p]
        if not left or up != (left == 1) or now_ms - self.test_ms > (RETURN_MS if up else LOWER_MS):
            return False
        self.test_steps[p] = left - 1
        return True

    def _moved(self, p: int, up: bool) -> int:
        seen = self.ref[p]
        return seen[MOST] - seen[FIRST] if up else seen[FIRST] - seen[LEAST]

    def _missed(self, p: int, up: bool, step_da: int, most_da: int) -> bool:
        """Other load was calm before the step, and the meter shows none, or one of the same size in the other direction."""
        turned_da = self._moved(p, not up)
        turned = turned_da * 4 >= step_da * 3 and (turned_da - most_da) * 4 < step_da * 3
        return (self.ref[p][RISE if up else FALL] + self._hidden_da(p)) * 4 < step_da and (turned or turned_da * 4 < step_da)

    def _hidden_da(self, p: int) -> int:
        """By how much other load may have moved since the reference, as it did before."""
        return (self.ref_wobble_da[p] - 1) * self.ref_looks

    def _jumps(self, frame_da: "list[int]", now_ms: int) -> None:
        """Our currents are constant: a change is other load. Half of a jump counts at once, so that one alone explains nothing."""
        fades = self.calm_ms < 0 or now_ms - self.calm_ms >= CALM_MS
        if fades:
            self.calm_ms = now_ms
        for p in self.inputs:
            if fades:
                self.jump_x16[p] -= (self.jump_x16[p] + CALM_PART - 1) // CALM_PART
            jump_x16 = 16 * abs(frame_da[p] - self.ref[p][FIRST])
            if jump_x16 > self.jump_x16[p]:
                self.jump_x16[p] += (jump_x16 - self.jump_x16[p]) // 2
