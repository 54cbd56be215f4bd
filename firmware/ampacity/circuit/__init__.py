"""The safety core. `trusted/` is what the guarantee rests on, `policy/` shares what that leaves, the guard joins the two."""
