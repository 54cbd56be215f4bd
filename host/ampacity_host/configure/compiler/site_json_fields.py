"""What each field of the compiled site means: the words of docs/interfaces/site-json.md, and what tests hold the compiler to.

A row is `name | kind | unit | range | meaning`. A name with "?" may be left out. kind: as roles/configuration/field_types.py has it, written
here only for what that does not list. range: "@table.key" is that of the site file's field, in this row's unit.
"""

SITE = """
format | | | 1 | version of this layout; any other is refused
name | | | @site.name | the site
voltage_v | | V | @site.voltage | nominal voltage between a line and neutral; without a neutral that between two lines divided by √3
system | | | @site.system | star with neutral, split phase, or lines without neutral
phases | | | 1 to 3 | lines of the supply; every list "per line" has this length
require_tested | | | | true: an EVSE charges, and its declared values count, once it has passed `ampacity commission`
alarm_output? | | | @site.alarm_output | output that is on while an EVSE disobeys or is locked out, or the controller is in its safe state
circuits | | | 1 or more | the tree: exactly one has `parent` -1
buses | | | 0 or more | lines and networks with Modbus devices
meters | | | 0 or more | meters of circuits, and others
evses | | | 0 or more | charging points, and primaries below
profiles | | | | name of a profile → its tables, for every `profile` that a meter or an EVSE names
ocpp | | | | the upstream; null: none
time | | | | zone and time server
settings | | | | defaults of what the console's `set` changes
safety_loads? | o | | 0 or more | loads at whose start EVSEs pause
solar? | d | | | charging from surplus
parent? | | | | this site's place below another primary
"""

CIRCUIT = """
name | | | @circuit.name | one of its own among the circuits
parent | | | -1, or an index of `circuits` | the circuit that feeds it; -1: the root
rating_da | | da | 0 or more, per line | the most that may flow for long: rated current times the site file's `continuous`
breaker | | | @circuit.breaker | curve and rated current; the safety case takes its tripping time from it
assumed_other_da | | da | 0 or more, per line | worst case of everything that is no EVSE, counted where no meter shows it
generation_da | | da | 0 or more, per line | the most that generation or storage on this circuit itself feeds in
meter | | | -1, or an index of `meters` | the meter of all that flows in; -1: none
max_unbalance_da? | | da | @circuit.max_unbalance_a | how far the fullest line may be above the emptiest
max_neutral_da? | | da | @circuit.max_neutral_a | the most in the neutral; kept as a limit on the same difference
contract_w? | | W | @circuit.contract_kw | contracted power, as the mean of a quarter of an hour
frees_phases? | | | true | a line that a car does not use counts no more (safety.md rule 14)
continuous_da? | | | per line | accepted in older files; not used
"""

BUS = """
name | | | @bus.name | unique among the buses
kind | | | `rtu`, `tcp` | a serial line (Modbus RTU, or ASCII where `framing` says so), or Modbus TCP
transit_ms | | ms | 0 or more | longest delay of a request
gateway | | | | something answers there for devices on a line behind it
private | | | | only this primary can send frames there
port? | | | @bus.port | of `rtu`: the serial device; `virtual`: the bench names one
baud? | | Bd | @bus.baud | of `rtu`
parity? | | | @bus.parity | of `rtu`
stop? | | bit | @bus.stop | of `rtu`
framing? | s | | `ascii` | of `rtu`: Modbus ASCII instead of RTU
over_tcp? | b | | true | of `rtu`: the line is at the other end of a TCP connection
host? | | | @bus.host | of `tcp`: address or name; null: each device has its own
tcp_port? | | | @bus.tcp_port | of `tcp`
tls? | | | | of `tcp` with Modbus/TCP Security: certificates and key, below
roles? | d? | | | of `tcp` with TLS: name of a role → list of `read`, `order`, `settings`; null: the roles of modbus.md
"""

METER = """
name | | | @meter.name | one of its own among the meters
profile | | | a key of `profiles` | the device
bus | | | an index of `buses` | where it is
unit | | | @meter.unit | its Modbus address
phases | | | lines from 0, each once | which line each of its inputs measures; empty: it measures no circuit
host | | | @meter.host | of its own on a bus of kind `tcp`; null: the bus's
tcp_port | | | @meter.tcp_port | likewise
inputs | | | 0 to 3 | currents that it measures
coarse | | | | its values move in large steps: that they stand still proves nothing
max_da | | da | 0 or more | the largest current that it can show
sample_ms | | ms | 0 or more | how old what it shows may be when its answer comes
timeout_ms | | ms | @meter.meter_timeout_s | without an answer for so long it counts as lost
frozen_ms | | ms | @meter.meter_frozen_s | with the same values for so long it counts as lost
"""

EVSE = """
name | | | @evse.name | one of its own among the EVSEs
kind | | | `local`, `ampacity`, `profile` | the primary's own hardware, a secondary of ours, a device with a profile
profile | | | a key of `profiles` | of kind `profile`, else null
bus | | | -1, or an index of `buses` | where it is; -1: kind `local`
unit | | | @evse.unit | its Modbus address; 0: kind `local`
host | | | @evse.host | of its own on a bus of kind `tcp`; null: the bus's
tcp_port | | | @evse.tcp_port | likewise
circuit | | | an index of `circuits` | the circuit that feeds it
terminals | | | 1 to 3 lists of 1 or 2 lines from 0 | for each terminal the line that it loads, or the two lines between which it is
limit_da | | da | @evse.limit_a | the highest order it is given; at most `max_da`
feeder_da | | da | 0 or more | what its own line carries; at least `max_da`
priority | | | @evse.priority | a larger one is served first
weight | | | @evse.weight | its share among those of one priority
transit_ms | | ms | 0 or more | as at its bus; 0: kind `local`
connector | | | @evse.connector | OCPP's name of its socket (`s…`) or cable (`c…`)
feeder_output? | | | @evse.feeder_output | output of a contactor in its feeder; open, it draws nothing
max_da | | da | 0 to 5000, per terminal | the most that the device can let flow
min_da | | da | 60 to `max_da` | the least that it can offer; less is a pause
step_da | | da | 1 or more | it offers multiples of this
settle_ms | | ms | 5000 or more | how long a car takes to follow a lower order (IEC 61851-1, Annex A)
latency_ms | | ms | 0 or more | how long the device takes to act on an order
boot_ms | | ms | 0 or more | the least time that it needs to restart and answer again
fallback_da | | da | 0 to `max_da` | what it allows once its watchdog has fallen; `max_da` where it has none
watchdog_ms | | ms | 0 or more | silence after which it falls to `fallback_da`; 0: it has no watchdog (class N)
watchdog_tolerance_ms | | ms | 0 or more | how much later it may fall
watchdog_fixed | | | | its watchdog cannot be set, so nothing can set it wrong
fallback_fixed? | b | | | its fallback cannot be set
power_on_da | | da | 0 to `max_da` | what it allows from a restart of its own to the first order
power_on_source | | | `documented`, `settings`, `declared`, `unknown` | on what `power_on_da` rests
survives | | | | settings that are written to it outlive a power cut
holds | | | | its manufacturer states that it keeps its last order without communication (safety.md rule 7)
held? | | | true | something on the way may hold its answers back while it restarts
proof | | | `limit`, `sequence`, `measured`, `none` | what proves an order: the limit read back, a sequence number, a car that follows
poll_feeds | | | | any request feeds its watchdog (safety.md rule 9)
one_client? | | | | it takes one TCP connection at a time
by_power? | | | | it is ordered in watts as if one phase drew them all; only an order of its maximum is one of all phases
fingerprint | s? | | | accepted serial number; null: the first that is seen
blocked? | s? | | null | why its profile may not regulate; a site with one does not compile
phase_switch? | b | | true | it may switch between one phase and three
off_shows? | | | @evse.off_shows | what it was seen to show as its limit while it is paused
primary? | b | | true | it is a primary with EVSEs of its own (safety.md rule 13)
lease_ms? | | ms | @evse.watchdog_s | of a primary: how long a grant lasts
below_transit_ms? | | ms | 0 or more | of a primary: the longest transit below it
below_reading_ms? | | ms | 0 to 4000 | of a primary: how old its measured sums may be
"""

SAFETY_LOAD = """
name | s | | @safety_load.name | one of its own
meter | i | | -1, or an index of `meters` | the meter that shows its current; -1: none
input | s? | | @safety_load.input | the input that shows that it runs; null: none
evses | l | | indexes of `evses` | those that pause
threshold_da | | da | @safety_load.threshold_a | from this current on it runs
hold_ms | | ms | @safety_load.safety_hold_s | how long they stay paused after its end
timeout_ms | | ms | @safety_load.timeout_s | without a reading for so long it counts as running
"""

SOLAR = """
circuit | i | | an index of `circuits` | whose meter shows the surplus
evses | l | | indexes of `evses` | those that charge from surplus only
margin_w | i | W | @solar.margin_w | surplus that is kept as feed-in
run_ms | | ms | @solar.min_run_s | minimum duration of a charge
"""

OCPP = """
version | | | @ocpp.version | of OCPP
identity | | | @ocpp.identity | of the charging station; last segment of the URL, and user of Basic authentication
url | | | @ocpp.url | of the CSMS, without the identity
security_profile | | | @ocpp.security_profile | OCPP's
password | | | @ocpp.password | of Basic authentication; null: none
storage_kib? | | KiB | @ocpp.storage_kib | storage of messages that wait for the CSMS; missing: 128
root_pem? | | | PEM | whom to trust; security profiles 2 and 3
certificate_pem? | | | PEM | who this station is; security profile 3
key_pem? | | | PEM | its private key
additional_root_check? | | | | one root of the CSMS at a time, each signed by the one before (SecurityCtrlr.AdditionalRootCertificateCheck)
tls_min? | | | @ocpp.tls_min | the lowest version of TLS to the CSMS; missing: 1.2
iso15118? | | | | some EVSE has a device that talks ISO 15118 with its car
publish_address? | | | @ocpp.publish_address | HOST:PORT at which firmware is published (PublishFirmware); missing: it is refused
publish_kib? | | KiB | @ocpp.publish_kib | size of a published file at most; missing: 4096
config? | | | | name → value of OCPP variables to set at start; null: none. No site file has it
"""

TIME = """
tz | | | @time.tz | POSIX time zone
ntp | | | @time.ntp | time server; null: none
"""

SETTINGS = """
slot_s | i | s | @settings.slot_s | a turn, where not all have room: what an EVSE takes at its minimum in this time
deadband_da | | da | @settings.deadband_a | a raise by less is not sent
raise_hold_ms | | ms | @settings.raise_hold_s | the least time between two raises of one EVSE
restart_hold_ms | | ms | @settings.restart_hold_s | the least time from a pause to the next start
idle_ms | | ms | @settings.idle_s | an EVSE whose car draws nothing for so long gives its room to others
wake_ms? | | ms | @settings.wake_s | pause until its next retry; twice and four times that after unsuccessful retries
start_delay_s? | i | s | @settings.start_delay_s | the longest random wait after a power failure and at a tariff edge
"""

PARENT = """
name | | | @parent.bus | of the line, for people
serial | | | 1 to 32 characters | what the parent reads as this primary's serial number
unit | | | @parent.unit | its Modbus address there
max_da | | da | @parent.max_a | the most that it asks for
fallback_da | | da | @parent.fallback_a | Σ of the reserves below: what is drawn without a grant
power_on_da | | da | as `fallback_da` | likewise, from its start on
lease_ms | | ms | @parent.lease_s | how long a grant lasts
after_lease_ms | | ms | 0 or more | how long an EVSE below may continue after that
settle_ms | | ms | 0 or more | the longest below
latency_ms | | ms | 0 or more | from a grant to the last order below
transit_ms | | ms | 0 or more | the longest below
reading_ms? | | ms | 0 to 4000 | how old the measured sums may be
port? | | | @parent.port | of a serial line
baud? | | Bd | @parent.baud | of a serial line
parity? | | | @parent.parity | of a serial line
stop? | | bit | @parent.stop | of a serial line
tcp? | | | | where it listens instead, below
"""

TCP = """
host | s | | an IPv4 or IPv6 address | where to listen; `0.0.0.0`: everywhere
tcp_port | i | | @bus.tcp_port | the port; 502, with TLS 802, unless written
roles? | d | | | as at a bus
tls? | d | | | certificates and key, below; without it plain TCP
"""

TLS = """
root_pem | s | | PEM | whose certificates are taken
certificate_pem | s | | PEM | the controller's own
key_pem | s | | PEM | its private key
"""

PROFILE = """
format | i | | 1 | version of the tables
name | s | | @evse.kind | of the profile
kind | s | | `evse`, `meter` | what it is a profile of
gap_ms | | ms | 0 or more | pause before each request to the device
reply_ms | | ms | 1 or more | how long its answer is waited for
latency_ms | | ms | 0 or more | how long it takes to act
fields | list | | | registers that are read: name, function, address, count, type, scale as a fraction, rounding, values that mean nothing, \
shift, width, field of a scale
reads | d | | | group → requests, each a span of registers and the fields in it
live_ms | | ms | 0 or more | time between two readings of the group `live`; 0: as often as the line allows
slow_ms | | ms | 0 or more | likewise `slow`
settings_ms | | ms | 0 or more | likewise `settings`
state? | list | | | EVSE: which field and value mean which state of IEC 61851
faults? | list | | | EVSE: likewise its faults
amps_in? | s | | states | EVSE: states in which its currents count; empty: all
identity? | d | | | EVSE: fields of its fingerprint and of its maximum, what it must show
power_on? | i | | -1, or an index of `fields` | EVSE: the register of its power-on value
watchdog? | d | | | EVSE: fields and writes of its watchdog, who feeds it
proof? | d | | | EVSE: what must be read back for an order, a pause
order? | d? | | | EVSE: range, step, rounding and writes of an order; null: it takes none
settings? | list | | | EVSE: writes of its set-up, in their order
survives? | i | | 0, 1 | EVSE: as at the EVSE
shared? | list | | | EVSE: the frame in which all units of a line take their limits
answers? | list | | | EVSE: replies to its requests
phases? | list | | | EVSE: how it switches between one phase and three
contactor? | list | | | EVSE: how its contactor is opened and released
wake? | list | | | EVSE: the reading that wakes it
sign? | s | | `register`, `power`, … | meter: where the direction of a current is read
require? | list | | | meter: what it must show
chain? | list | | | meter: where its SunSpec models may begin, and which table reads each
"""

SECONDARY = """
format | | | 1 | as above
role | s | | `secondary` | without it the file is a primary's
name | | | @evse.name | of the EVSE
unit | | | 1 to 247 | its Modbus address
max_da | | da | 60 to 800 | the most that its hardware can let flow
fallback_da | | da | 0, 60 to `max_da` | what it allows when the lease has lapsed
power_on_da | | da | 0, 60 to `max_da` | what it allows until the first grant
lease_max_ms | | ms | 1000 to 3600000 | the longest lease it takes
terminals | i | | 1 to 3 | how many it has; the one field whose kind is not that of a primary's
connector | | | @evse.connector | as above
serial | | | at most 32 characters | what its register map shows
bus | s | | | name of its line, for people
port? | | | @bus.port | of a serial line, as at a bus
baud? | | Bd | @bus.baud | of a serial line
parity? | | | @bus.parity | of a serial line
stop? | | bit | @bus.stop | of a serial line
tcp? | | | | where it listens instead, as of `parent`
"""

# heading, place, rows, which rows of field_types.py stand before those of all parts
PARTS = (
    ("The site", "", SITE, ""), ("Circuits", "circuits[]", CIRCUIT, "circuits"), ("Buses", "buses[]", BUS, "buses"),
    ("Meters", "meters[]", METER, "meters"), ("EVSEs", "evses[]", EVSE, "evses"), ("Safety loads", "safety_loads[]", SAFETY_LOAD, ""),
    ("Solar", "solar", SOLAR, ""), ("Upstream", "ocpp", OCPP, "ocpp"), ("Time", "time", TIME, "time"), ("Settings", "settings", SETTINGS, ""),
    ("Parent", "parent", PARENT, "parent"), ("Listening on TCP", "tcp", TCP, ""), ("Certificates", "tls", TLS, ""),
    ("Profiles", "profiles{}", PROFILE, ""), ("A secondary's own file", "secondary", SECONDARY, "secondary"),
)  # fmt: skip


def rows_of(table: str) -> list[tuple[str, bool, str, str, str, str]]:
    """(name, may it be left out, kind, unit, range, meaning) of each row."""
    found = []
    for line in table.strip().split("\n"):
        name, kind, unit, limits, meaning = [part.strip() for part in line.split("|", 4)]
        found.append((name.removesuffix("?"), name.endswith("?"), kind, unit, limits, meaning))
    return found
