"""Which registers one request fetches: neighbours together, as far as the device's limits allow."""

CODE = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def spans(order: list, registers: dict, names: list, link: dict, width: dict) -> list:
    """[[function code, address, count, [[field index, offset in registers], …]], …] that fetch `names`.

    order: all register names, in the order of their field indexes. A span is never longer than `read_max`, leaps
    over at most `read_span` unused registers, and reads single values only if the device requires it.
    """
    wanted = sorted({(registers[name]["in"], registers[name]["at"], name) for name in names})
    found: list = []
    for space, at, name in wanted:
        count = registers[name].get("count", width[registers[name]["type"]])
        last = found[-1] if found else None
        if last and _fits(last, CODE[space], at, count, link):
            last[2] = max(last[2], at + count - last[1])
            last[3].append([order.index(name), at - last[1]])
        else:
            found.append([CODE[space], at, count, [[order.index(name), 0]]])
    for span in found:  # a value can only be scaled when its scale is there
        span[3].sort(key=lambda row: ("scale_from" in registers[order[row[0]]], row[1]))
    return found


def _fits(span: list, code: int, at: int, count: int, link: dict) -> bool:
    if link.get("read_one_value") or span[0] != code:
        return False
    leap = at - (span[1] + span[2])
    return leap <= link.get("read_span", 0) and at + count - span[1] <= link["read_max"]
