"""Steps of our own EVSEs, and whether a meter followed them (safety.md 3.2).

A step is certain from two frames: the reference, and one in which our EVSEs draw by at least STEP_DA more or less for
certain. The reference is the newest frame with the same EVSE currents as the one before: a step of other load
that makes us lower comes before ours and must not hide it. One that comes after ours must not either: any frame since
the reference may have shown the step. And where the meter itself gave the reason to lower since the reference, by a step up or a current
above the rating, what it did not show of that lower was other load that came: it did not miss it.

4 A: less than the 6 A with which every EVSE begins and ends, and more than most of what other load switches within the
few seconds of a step. Of a step that was missed less than a quarter was shown, of one that was followed three quarters;
what lies between tells nothing.
"""

STEP_DA = 40
STILL_DA = 10
REFERENCE_MS = 10000
CALM_MS = 60000  # jumps of other load fade by a 64th in this time: to half in 45 minutes
CALM_PART = 64


class StepCheck:
    """One meter's frames against what the EVSEs below it draw. inputs: the supply phases that it measures.

    After a look that found a step, masks of phases: `missed` it, `followed` it, `jumpy` where jumps of other load explain
    what was missed. `spared[p]`: the phases on which ours did at most half of the step of phase p.
    """

    def __init__(self, phases: int, inputs: "list[int]") -> None:
        self.inputs = inputs
        self.ref_ms = self.ref_frame_ms = -1  # when it was judged, and when its frame came
        self.ref_da = [0] * phases
        self.ref_lo = [0] * phases
        self.ref_hi = [0] * phases
        self.peak_da = [0] * phases  # the most and the least that it showed since the reference
        self.dip_da = [0] * phases
        self.rested = self.from_rest = False  # our currents were constant in the reference; and in that of the last look
        self.unsure_ms = [-1] * phases  # other load stepped up on this phase
        self.caused_ms = [-1] * phases  # the last frame that gave reason to lower ours
        self.step_ms = -1  # their last step
        self.jump_x16 = [0] * phases  # recent jumps of other load while our currents are constant, in 16ths of a da
        self.calm_ms = -1
        self.missed = self.followed = self.jumpy = 0
        self.spared = [0] * phases

    def forget(self) -> None:
        """Drops the reference: no step is seen between the frames before and those after; the next look takes a new reference."""
        self.ref_ms = -1

    def unsure(self, p: int, now_ms: int) -> None:
        """Other load stepped up just now: the shed that follows must not pass for a step that the meter misses."""
        if self.ref_ms >= 0:
            self.unsure_ms[p] = now_ms

    def shown(self, p: int, da: int, caused: bool, frame_ms: int) -> None:
        """Each frame, also one that is not judged. caused: it shows a step up, or more than the rating."""
        if caused or self.ref_ms >= 0 and da - self.ref_da[p] >= STEP_DA:
            self.caused_ms[p] = frame_ms

    def look(self, frame_da: "list[int]", least: "list[int]", most: "list[int]", frame_ms: int, now_ms: int) -> bool:
        """A frame, and what ours drew at it. True: a step of ours was in it, see the masks."""
        self.missed = self.followed = self.jumpy = 0
        self.from_rest = self.rested
        old = self.ref_ms < 0 or now_ms - self.ref_ms > REFERENCE_MS
        still, stepped = True, False
        for p in self.inputs:
            self.peak_da[p] = max(self.peak_da[p], frame_da[p])
            self.dip_da[p] = min(self.dip_da[p], frame_da[p])
            still = still and most[p] - self.ref_lo[p] < STILL_DA and self.ref_hi[p] - least[p] < STILL_DA
        if not old:
            for p in self.inputs:
                if self.unsure_ms[p] < 0 or now_ms - self.unsure_ms[p] >= REFERENCE_MS:
                    stepped = self._step(p, least, most) or stepped
        if stepped:
            self.step_ms = now_ms
        if still and not old:
            self._jumps(frame_da, now_ms)
        if stepped or still or old:
            self.rested = still and not old
            self.ref_ms, self.ref_frame_ms = now_ms, frame_ms
            for p in range(len(self.ref_da)):
                self.ref_da[p], self.ref_lo[p], self.ref_hi[p] = frame_da[p], least[p], most[p]
                self.peak_da[p] = self.dip_da[p] = frame_da[p]
        return stepped

    def _step(self, p: int, least: "list[int]", most: "list[int]") -> bool:
        """Did ours step on this phase for certain, and the meter with them?"""
        up = least[p] - self.ref_hi[p] >= STEP_DA
        step_da = least[p] - self.ref_hi[p] if up else self.ref_lo[p] - most[p]
        if step_da < STEP_DA:
            return False
        moved_da = self._moved(p, up)
        self.spared[p] = 0
        clear = True
        for q in range(len(self.spared)):
            ours_da = most[q] - self.ref_lo[q] if up else self.ref_hi[q] - least[q]
            if q != p and ours_da * 2 <= step_da:
                self.spared[p] |= 1 << q
                clear = clear and (self._moved(q, up) - max(0, ours_da)) * 4 < step_da * 3
        if moved_da * 4 >= step_da:
            if moved_da * 4 >= step_da * 3 and clear:
                self.followed |= 1 << p
        elif up or self.caused_ms[p] <= self.ref_frame_ms:
            self.missed |= 1 << p
            if self.jump_x16[p] * 4 >= (step_da - moved_da) * 48:
                self.jumpy |= 1 << p
        return True

    def _moved(self, p: int, up: bool) -> int:
        return self.peak_da[p] - self.ref_da[p] if up else self.ref_da[p] - self.dip_da[p]

    def _jumps(self, frame_da: "list[int]", now_ms: int) -> None:
        """Our currents are constant: a change is other load. Half of a jump counts at once, so that one alone explains nothing."""
        fades = self.calm_ms < 0 or now_ms - self.calm_ms >= CALM_MS
        if fades:
            self.calm_ms = now_ms
        for p in self.inputs:
            if fades:
                self.jump_x16[p] -= (self.jump_x16[p] + CALM_PART - 1) // CALM_PART
            jump_x16 = 16 * abs(frame_da[p] - self.ref_da[p])
            if jump_x16 > self.jump_x16[p]:
                self.jump_x16[p] += (jump_x16 - self.jump_x16[p]) // 2
