"""What `help COMMAND` says of the console's own commands. Loaded when somebody asks."""

ABOUT = {
    "help": "Lists the commands, or explains one: `help limit`.",
    "show": "What the controller sees now. Amperes have one number for each supply phase. --json: the same for programs.",
    "why": "Which limit, circuit or reason decides what this EVSE may offer now.",
    "log": "The newest lines of the log, the last one newest: number, seconds since start, level, text.",
    "login": "Makes this conversation the installer's, with the password; needed once a password is set.",
    "logout": "Ends the installer's rights of this conversation; what was staged is forgotten.",
    "limit": "A limit by hand. TARGET: an EVSE, a circuit (all that flows there) or `site` (all EVSEs together).\n"
    "AMPS for each phase, as 16 or 16.5; watts in total, as 11000W; `off` withdraws it. SECONDS: how long it holds.\n"
    "Example: limit row-a 20 3600",
    "set": "Stages a setting; `show settings` lists keys and ranges, named as in the site file. It takes effect at `commit`, or at once\n"
    "with `commit` behind it. Examples: set idle_s 120 commit, set bay-1.limit_a 10",
    "commit": "Puts everything that was staged with `set` into force, and keeps it through restarts; all of it or nothing.",
    "rollback": "Forgets what was staged with `set`.",
    "password": "Sets the installer's password, 12 to 64 characters. From then on changes need `login`, and other doors may open.",
}
