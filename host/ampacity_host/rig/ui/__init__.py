"""The live view of a rig: what the control channel's `state`, `worst` and `csms_log` say, drawn on a terminal.

`ViewModel` keeps what was heard and notices what changed; `screen` draws a ViewModel for any terminal, `status_line` says the
same in one line for where there is none. `show` is `ampacity rig --ui`.
"""

from ampacity_host.rig.ui.live import show

__all__ = ["show"]
