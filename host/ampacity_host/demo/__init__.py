"""`make demo`: a rig with a story. A client of the rig's control channel like any other; it has no inside knowledge.

`story` says what happens when, as data; `player` plays it and looks; `verdict` judges; `summary` is what is said at the end.
"""
