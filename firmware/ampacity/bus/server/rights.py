"""Who may do what over Modbus/TCP Security: roles as data, and the right that a request needs.

A role is what a client's certificate names; one that is not in the table, or no role at all, has no rights (the
specification's null role). A request without its right is answered with exception 1 and changes nothing.
"""

from ampacity.bus.leases import register_table as table

if False:  # for the type checker
    from collections.abc import Sequence

READ, ORDER, SETTINGS = "read", "order", "settings"
RIGHTS = (READ, ORDER, SETTINGS)
# the least that each needs for its work; a site file may write others
ROLES = (
    ("Primary", (READ, ORDER)),
    ("Installer", (READ, SETTINGS)),
    ("Operator", (READ,)),
)
_READS, _WRITES, _BOTH, _IDENTIFY = (3, 4), (6, 16), 23, 43


def rights_of(role: "str | None", roles: "Sequence[tuple[str, Sequence[str]]]" = ROLES) -> "tuple[str, ...]":
    """The rights of a role by a table of (name, rights); () for one that is not there, and for None."""
    for name, rights in roles:
        if name == role:
            return tuple(rights)
    return ()


def needed(pdu: bytes) -> "tuple[str, ...]":
    """The rights that a request's PDU needs; () for a function that is refused anyway."""
    function = pdu[0]
    if function in _READS or function == _IDENTIFY:
        return (READ,)
    if function in _WRITES and len(pdu) >= 3:
        return (_right_to_write(pdu[1] << 8 | pdu[2]),)
    if function == _BOTH and len(pdu) >= 7:
        return (READ, _right_to_write(pdu[5] << 8 | pdu[6]))
    return ()


def _right_to_write(address: int) -> str:
    """Orders are the grant block and the update window, whose content is signed; all else is for the installer."""
    return ORDER if table.GRANT_AT <= address < table.SETTINGS_AT or address == table.UPDATE_ORDER_AT else SETTINGS
