"""Sites drawn at random, played on the rig with trouble after trouble."""
