"""`ampacity new`: answers, from options or from a person, become a commented site file that the check accepts."""
