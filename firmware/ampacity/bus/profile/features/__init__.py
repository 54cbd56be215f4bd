"""What only some devices have, each imported where a profile asks for it."""
