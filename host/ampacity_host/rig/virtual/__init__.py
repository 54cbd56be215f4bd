"""The site in one process on a virtual clock: loop, streams, doors, controllers."""
