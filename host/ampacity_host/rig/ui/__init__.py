"""The live view of a rig: the control channel's `state`, `worst` and `csms_log`, drawn on a terminal.

`ViewModel` stores the answers and detects changes; `screen` draws a ViewModel for any terminal, `status_line` gives the same
in one line without a terminal. `show` is `ampacity rig --ui`.
"""

from ampacity_host.rig.ui.live import show

__all__ = ["show"]
