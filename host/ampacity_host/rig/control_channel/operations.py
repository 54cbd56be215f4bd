"""Every operation of the control channel: reads its fields, acts on the rig, returns fields of the answer."""

from ampacity.ports.lock import own_process
from ampacity_host.rig.control_channel.fields import FieldError, Unsupported
from ampacity_host.rig.control_channel.truth import truth
from ampacity_host.rig.fault_injection.injector import ALL_KINDS, NUMBER_OPTIONS
from ampacity_host.rig.plant.car import car_from_fields
from ampacity_host.rig.plant.worst import worst_circuits, worst_evses

ALWAYS = ("hello", "plug", "unplug", "ev", "present_token", "button", "background", "fault", "primary", "provision",
          "factory_reset", "state", "worst", "console", "limit", "stop")
KNOWN = ALWAYS + ("site", "bay", "safety_load", "config_set", "config_delete", "seed", "csms", "csms_log", "advance")
OPTIONS_NOT = ("id", "op", "kind", "target", "on")


class Ops:
    """rig: the bench (real or virtual clock)."""

    def __init__(self, rig):
        self._rig = rig

    def names(self):
        """The operations of this rig."""
        return [name for name in KNOWN if name in ALWAYS or self._rig.can(name)]

    async def run(self, name, fields):
        if name not in KNOWN:
            raise FieldError("op", name, ", ".join(self.names()))
        if name not in self.names():
            raise Unsupported("this rig cannot %s: %s" % (name, self._rig.why_not(name)))
        return await getattr(self, "_" + name)(fields)

    async def _hello(self, fields):
        rig = self._rig
        return {"ocpp": rig.ocpp_versions(), "runtime": rig.runtime, "clock": rig.clock, "ops": self.names(),
                "faults": list(ALL_KINDS), "features": rig.features(), "process": own_process()}

    # ---- cars and people

    def _point(self, fields):
        return fields.one_of("evse", self._rig.plant.point, "an EVSE")

    async def _plug(self, fields):
        point, car = self._point(fields), car_from_fields(fields.mapping("car", {}))
        if point.car is not None:
            raise FieldError("evse", point.name, "an EVSE with nothing plugged in; unplug it first")
        point.plug(car)

    async def _unplug(self, fields):
        point = self._plugged(fields)
        point.unplug()

    def _plugged(self, fields):
        point = self._point(fields)
        if point.car is None:
            raise FieldError("evse", point.name, "an EVSE with a car plugged in")
        return point

    async def _ev(self, fields):
        action = fields.text("action", choices=("charge", "pause", "resume", "stop", "iso15118"))
        point = self._plugged(fields)
        if action == "iso15118":
            return self._rig.present(point.name, ("ev_message", fields.mapping("message", {})))
        return point.want(action in ("charge", "resume"))

    def _optional_evse(self, fields):
        return self._point(fields).name if fields.has("evse") else None

    async def _present_token(self, fields):
        self._rig.present(self._optional_evse(fields), ("token", fields.text("token"), fields.text("type", "ISO14443")))

    async def _button(self, fields):
        name = fields.text("name", choices=("stop", "emergency_stop"))
        self._rig.present(self._optional_evse(fields), ("button", name))

    async def _bay(self, fields):
        self._rig.bay(self._point(fields).name, fields.flag("occupied"), fields.text("token", ""))

    # ---- the site

    async def _safety_load(self, fields):
        name = fields.one_of("name", {load["name"]: load["name"] for load in self._rig.facts["safety_loads"]}, "a safety load")
        self._rig.switch_safety_load(name, fields.flag("on"))

    async def _background(self, fields):
        circuit = fields.one_of("circuit", self._rig.plant.circuit, "a circuit")
        feeds_a = [-da / 10 for da in self._rig.facts["circuits"][circuit.index]["generation_da"]] + [0, 0, 0]
        amps_da = [fields.da(name, 0, feeds_a[phase]) for phase, name in enumerate(("l1", "l2", "l3"))]
        self._rig.plant.set_background(circuit, amps_da[: self._rig.plant.phases])

    async def _fault(self, fields):
        options = {key: value for key, value in fields.request.items() if key not in OPTIONS_NOT}
        for name in NUMBER_OPTIONS:
            if name in options:
                fields.number(name)
        if "s" in options:
            fields.number("s", least=-(10**9))
        if "writes" in options:
            fields.flag("writes")
        fault = fields.text("kind", choices=ALL_KINDS), fields.text("target", "primary"), fields.flag("on", True)
        self._rig.fault_injector.set(*fault, options)
        self._rig.fault_injector.note(*fault)
        self._rig.flush()

    async def _primary(self, fields):
        action = fields.text("action", choices=("kill", "term", "start", "power_cycle", "power_cut_at_write"))
        if action == "power_cut_at_write":
            await self._rig.cut_at_write(fields.integer("n", least=1), **self._of(fields))
        else:
            await self._rig.primary_action(action, **self._of(fields))

    def _of(self, fields):
        """Of which primary below; nothing: of the one at the top."""
        if not fields.has("of"):
            return {}
        if not self._rig.can("of"):
            raise Unsupported("this rig does this for the primary alone; --clock virtual and a site with primaries below have `of`")
        return {"of": fields.text("of")}

    async def _provision(self, fields):
        await self._rig.provision(fields)

    async def _site(self, fields):
        await self._rig.change_site(fields.text("text"), **self._of(fields))

    async def _factory_reset(self, fields):
        await self._rig.factory_reset()

    async def _config_set(self, fields):
        return await self._rig.config_set(fields.text("key"), fields.request.get("value"))

    async def _config_delete(self, fields):
        return await self._rig.config_delete(fields.text("key"))

    async def _seed(self, fields):
        return await self._rig.seed_store(fields)

    async def _limit(self, fields):
        return await self._rig.limit(fields)

    async def _console(self, fields):
        if fields.has("of"):
            return {"text": await self._rig.console_of(fields.text("of"), fields.text("text"))}
        return {"text": await self._rig.console(fields.text("text"))}

    # ---- upstream

    async def _csms(self, fields):
        return await self._rig.csms_call(fields.text("method"), fields.request.get("payload") or {},
                                         fields.integer("timeout_ms", 10_000))

    async def _csms_log(self, fields):
        return {"frames": self._rig.csms_frames(fields.integer("since", 0))}

    # ---- queries

    async def _state(self, fields):
        rig = self._rig
        answer = {"t_ms": rig.t_ms, "truth": truth(rig),
                  "faults": [{"kind": kind, "target": target} for kind, target in rig.fault_injector.on]}
        answer["primary"] = await rig.primary_view()
        return answer

    async def _worst(self, fields):
        rig = self._rig
        since_ms = None if not fields.has("since_ms") else rig.start_ms + fields.integer("since_ms")
        return {"t_ms": rig.t_ms, "circuits": worst_circuits(rig.plant, since_ms), "evses": worst_evses(rig.plant),
                **await rig.worst_of_controllers()}

    async def _advance(self, fields):
        await self._rig.advance(fields.integer("ms"))
        return {"t_ms": self._rig.t_ms}

    async def _stop(self, fields):
        return {"stopping": True}
