"""Other load: the load at the meters that is not our EVSEs, validity of each meter, and the value that counts without one (section 3)."""
