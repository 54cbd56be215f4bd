"""A simulated package `gpiod` of libgpiod 2: chips with named lines, requests with settings."""

from types import SimpleNamespace


class Enumeration(SimpleNamespace):
    """Members by name, each its own name."""


def members(*names):
    return Enumeration(**{name: name for name in names})


class FakeGpiod:
    """chips: path → names of its lines. `levels`: (path, offset) → electrical level; `settings`: of each requested line;
    `broken`: path → the OSError of its opening."""

    def __init__(self, chips):
        self.chips = chips
        self.levels, self.settings, self.broken = {}, {}, {}
        self.line = SimpleNamespace(
            Value=members("ACTIVE", "INACTIVE"), Direction=members("INPUT", "OUTPUT"), Bias=members("AS_IS", "PULL_UP", "PULL_DOWN")
        )
        fake = self

        class Chip:
            def __init__(self, path):
                if path in fake.broken:
                    raise fake.broken[path]
                self.path = path

            def __enter__(self):
                return self

            def __exit__(self, *_error):
                self.path = None

            def line_offset_from_id(self, name):
                if name not in fake.chips[self.path]:
                    raise OSError(2, "no such line")
                return fake.chips[self.path].index(name)

        self.Chip = Chip

    def LineSettings(self, **settings):  # noqa: N802  # a class of the package
        return settings

    def request_lines(self, path, consumer, config):
        assert consumer == "ampacity"
        fake = self

        class Request:
            def __init__(self):
                for offset, settings in config.items():
                    if (path, offset) in fake.settings:
                        raise OSError(16, "in use")
                    fake.settings[path, offset] = settings
                    if settings["direction"] == "OUTPUT":
                        self.set_value(offset, settings["output_value"])

            def set_value(self, offset, value):
                assert fake.settings[path, offset]["direction"] == "OUTPUT"
                fake.levels[path, offset] = (value == "ACTIVE") != fake.settings[path, offset]["active_low"]

            def get_value(self, offset):
                high = fake.levels.get((path, offset), False)
                return "ACTIVE" if high != fake.settings[path, offset]["active_low"] else "INACTIVE"

        return Request()
