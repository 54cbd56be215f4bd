"""The end that answers: a secondary's engine, its TCP sessions, and the rights of a client's certificate."""
