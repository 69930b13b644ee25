"""Refuses users that the operator lists, and has nothing to say of anybody else.

Imports run once, when the component is built; the config table is therefore read inside each call.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.auth import AuthContext, Gate, Gate_Abstain, Gate_Deny, Step, Verdict, Verdict_Abstain
from wit_world.exports.lifecycle import PluginInfo
from wit_world.imports import config
from wit_world.imports.types import Denial

from errors import typed

SCHEMA = {
    "type": "object",
    "required": ["denied_users"],
    "additionalProperties": False,
    "properties": {"denied_users": {"type": "array", "items": {"type": "string"}}},
}


class Lifecycle(exports.Lifecycle):
    def describe(self) -> PluginInfo:
        return PluginInfo("{{name}}", "0.1.0", "Refuses listed users", json.dumps(SCHEMA), [])

    def check(self) -> None:
        if not config.get("denied_users"):
            raise Err(["denied_users is missing"])


class Auth(exports.Auth):
    @typed
    def admit(self, ctx: AuthContext, phase: str) -> Gate:
        denied = json.loads(config.all())["denied_users"]
        if phase != "token-request" or ctx.offer is None or ctx.offer.user_id not in denied:
            return Gate_Abstain()
        return Gate_Deny(Denial("the user is on the list", "Please contact the office."))

    @typed
    def authorize(self, ctx: AuthContext, step: Step) -> Verdict:
        return Verdict_Abstain()
