"""Claims of the holder from a register: asks `<register>/<user id>` and gives what it finds.

Imports run once, when the component is built; the config table is therefore read inside each call.
"""

import json
from urllib.parse import quote

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.claims import ClaimContext, ClaimSet, Outcome, Outcome_Ready
from wit_world.exports.lifecycle import Need, PluginInfo
from wit_world.imports import config, http
from wit_world.imports.types import (
    PluginError_Internal,
    PluginError_Misconfigured,
    PluginError_NotFound,
    PluginError_Unavailable,
    RetryHint,
)

from errors import typed

SCHEMA = {
    "type": "object",
    "required": ["register"],
    "additionalProperties": False,
    "properties": {"register": {"type": "string", "pattern": "^https?://"}},
}


class Lifecycle(exports.Lifecycle):
    def describe(self) -> PluginInfo:
        needs = [Need("origin", "config:register", "the register is asked there", True)]
        return PluginInfo("{{name}}", "0.1.0", "Claims of the holder from a register", json.dumps(SCHEMA), needs)

    def check(self) -> None:
        if not config.get("register"):
            raise Err(["register is missing"])


class Claims(exports.Claims):
    @typed
    def fetch(self, ctx: ClaimContext) -> Outcome:
        if ctx.offer is None:
            raise Err(PluginError_NotFound("the flow began without an offer"))
        person = ask(f"{config.get('register')}/{quote(ctx.offer.user_id, safe='')}")
        found = {"family_name": person["last"], "given_name": person["first"]}
        return Outcome_Ready(ClaimSet(json.dumps(found), None, None, str(person["id"]), None))

    @typed
    def resume(self, ctx: ClaimContext, state: str) -> Outcome:
        raise Err(PluginError_Internal("this claim source never answers later"))


def ask(url: str) -> dict:
    try:
        answer = http.send(http.Request("GET", url, [], None, None))
    except Err as error:
        if isinstance(error.value, http.HttpError_Denied):
            raise Err(PluginError_Misconfigured(error.value.value)) from None
        raise down("the request failed") from None
    if answer.status == 404:
        raise Err(PluginError_NotFound("the register has no such person"))
    if answer.status != 200:
        raise down(f"the register answered {answer.status}")
    return json.loads(answer.body)


def down(message: str) -> Err:
    return Err(PluginError_Unavailable(RetryHint(message, None)))
