"""Texts of `help COMMAND` for the built-in commands. Loaded on demand."""

ABOUT = {
    "help": "Lists the commands, or explains one: `help limit`.",
    "show": "Shows the current state. Currents have one value per supply phase. --json: the same as JSON.",
    "why": "Explains which limit, circuit or state determines the present order of this EVSE.",
    "log": "Shows the newest lines of the log, newest last: number, seconds since start, level, text.\n"
    "`log changes`: who changed what and when, kept over restarts.",
    "login": "Gives this session the rights of a role, by default the installer's; needed once a password is set.",
    "logout": "Ends the rights of this session and discards staged settings.",
    "limit": "Sets a manual limit. TARGET: an EVSE, a circuit (its total current) or `site` (all EVSEs together).\n"
    "AMPS per phase, such as 16 or 16.5; total watts, such as 11000W; `off` removes it. SECONDS: its duration.\n"
    "Example: limit row-a 20 3600",
    "set": "Stages a setting; `show settings` lists keys and ranges, named as in the site file. It takes effect at `commit`,\n"
    "or at once with `commit` at the end. Examples: set idle_s 120 commit, set bay-1.limit_a 10",
    "commit": "Applies all staged settings, or none, or the configuration that this session has sent; with SHA256 the one of that digest.\n"
    "They are on trial for MINUTES (default 10):\n"
    "without `commit confirm`, and after a restart in that time, the previous ones return. 0: no trial. `show changes` lists them.",
    "rollback": "Discards what this session has staged or sent. If it has nothing, undoes what is on trial.",
    "password": "Sets the password of a role, by default the installer's, 12 to 64 characters (viewer: 6). Once the installer's is set,\n"
    "everything needs `login`, and remote consoles are possible.",
    "interface": "Shows the greatest role of a login at each interface; the manufacturer changes it: interface network viewer",
}
