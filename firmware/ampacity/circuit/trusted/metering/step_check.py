"""Steps of our own EVSEs, and whether a meter followed them (safety.md 3.2).

A step is certain from two frames: the reference, and one in which our EVSEs draw by at least STEP_DA more or less for
certain. The reference is the newest frame with the same EVSE currents as the one before: a step of other load
that makes us lower comes before ours and must not hide it. One that comes after ours must not either: any frame since
the reference may have shown the step. Where other load came first and ours made room for it, the meter showed the rise and then the fall: a
fall from any crest since the reference is enough that a lower was not missed. So is a current above the rating, which a slow rise of
other load keeps there while ours follow it down; while it is shown, lower orders are due anyway.

4 A: less than the 6 A with which every EVSE begins and ends, and more than most of what other load switches within the
few seconds of a step. Of a step that was missed less than a quarter was shown, of one that was followed three quarters;
what lies between tells nothing.
"""

STEP_DA = 40
STILL_DA = 10
REFERENCE_MS = 10000
CALM_MS = 60000  # jumps of other load fade by a 64th in this time: to half in 45 minutes
CALM_PART = 64
FIRST, MOST, LEAST, FALL = range(4)  # what a meter showed on one phase since a frame, in da; FALL: its deepest fall from a crest


class StepCheck:
    """One meter's frames against what the EVSEs below it draw. inputs: the supply phases that it measures.

    After a look that found a step, masks of phases: `missed` it, `followed` it, `jumpy` where jumps of other load explain
    what was missed. `spared[p]`: the phases on which ours did at most half of the step of phase p.
    """

    def __init__(self, phases: int, inputs: "list[int]") -> None:
        self.inputs = inputs
        self.ref_ms = self.ref_frame_ms = -1  # when it was judged, and when its frame came
        self.ref = [[0] * 4 for _ in range(phases)]  # since the reference
        self.newest = [[0] * 4 for _ in range(phases)]  # since the frame that is to be judged next
        self.ref_lo = [0] * phases
        self.ref_hi = [0] * phases
        self.rested = self.from_rest = False  # our currents were constant in the reference; and in that of the last look
        self.above_ms = [-1] * phases  # the last frame above the rating
        self.step_ms = -1  # their last step that it missed or followed
        self.jump_x16 = [0] * phases  # recent jumps of other load while our currents are constant, in 16ths of a da
        self.calm_ms = -1
        self.missed = self.followed = self.jumpy = 0
        self.spared = [0] * phases

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

    def taken(self, frame_da: "list[int]") -> None:
        """The frame that was shown last is to be judged."""
        self.newest = [[da, da, da, 0] for da in frame_da]

    def look(self, frame_da: "list[int]", least: "list[int]", most: "list[int]", frame_ms: int, now_ms: int) -> bool:
        """The frame that was taken, and what ours drew at it. True: a step of ours was in it, see the masks."""
        self.missed = self.followed = self.jumpy = 0
        self.from_rest = self.rested
        old = self.ref_ms < 0 or now_ms - self.ref_ms > REFERENCE_MS
        still, stepped = True, False
        for p in self.inputs:
            still = still and most[p] - self.ref_lo[p] < STILL_DA and self.ref_hi[p] - least[p] < STILL_DA
        if not old:
            for p in self.inputs:
                stepped = self._step(p, least, most) or stepped
        if self.missed or self.followed:
            self.step_ms = now_ms
        if still and not old:
            self._jumps(frame_da, now_ms)
        if stepped or still or old:
            self.rested = still and not old
            self.ref_ms, self.ref_frame_ms = now_ms, frame_ms
            for p in range(len(self.ref)):
                self.ref[p], self.ref_lo[p], self.ref_hi[p] = list(self.newest[p]), least[p], most[p]
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
        elif up or self.above_ms[p] <= self.ref_frame_ms and self.ref[p][FALL] * 4 < step_da:
            self.missed |= 1 << p
            if self.jump_x16[p] * 4 >= (step_da - moved_da) * 48:
                self.jumpy |= 1 << p
        return True

    def _moved(self, p: int, up: bool) -> int:
        seen = self.ref[p]
        return seen[MOST] - seen[FIRST] if up else seen[FIRST] - seen[LEAST]

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
