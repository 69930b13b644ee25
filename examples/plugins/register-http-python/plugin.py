"""Claims of the holder from a REST API.

The same claim source as plugins/register-http, which is written in Rust: it reads the same config table and passes the same cases.
Imports run once, when the component is built; the config table is therefore read inside each call.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.claims import ClaimContext, ClaimSet, Outcome, Outcome_Ready
from wit_world.exports.lifecycle import Need, PluginInfo
from wit_world.imports import cache, config, http, log
from wit_world.imports.types import PluginError_Internal, PluginError_Misconfigured, PluginError_NotFound

import mapping
from errors import transport, typed, unavailable


class Lifecycle(exports.Lifecycle):
    def describe(self) -> PluginInfo:
        return PluginInfo(
            name="register-http-python",
            version="1.0.0",
            description="Claims of the holder from a REST API",
            config_schema=json.dumps(mapping.SCHEMA),
            needs=[
                Need("origin", "config:url", "the register is asked there", True),
                Need("cache", "answers", "keeps records for cache_seconds", False),
            ],
        )

    def check(self) -> None:
        _, problems = mapping.settings(config.all())
        if problems:
            raise Err(problems)


class Claims(exports.Claims):
    @typed
    def fetch(self, ctx: ClaimContext) -> Outcome:
        settings, problems = mapping.settings(config.all())
        if problems:
            raise Err(PluginError_Misconfigured("; ".join(problems)))
        url = mapping.address(settings["url"], ctx)
        if url is None:
            raise Err(PluginError_NotFound("the holder has no value for a place in the url"))
        record = cached(settings, url)
        if record is None:
            record = asked(settings, url)
        claims, record_ref, missing = mapping.mapped(settings, record)
        if missing is not None:
            raise Err(PluginError_NotFound(f"the record has no `{missing}`"))
        return Outcome_Ready(ClaimSet(json.dumps(claims), None, None, record_ref, None))

    @typed
    def resume(self, ctx: ClaimContext, state: str) -> Outcome:
        raise Err(PluginError_Internal("this claim source never answers later"))


def cached(settings: dict, url: str):
    if settings["cache_seconds"] <= 0:
        return None
    kept = cache.get(url)
    return None if kept is None else json.loads(kept)


def asked(settings: dict, url: str):
    answer = send(settings, url)
    if answer.status in (404, 410):
        raise Err(PluginError_NotFound("the register has no such record"))
    if answer.status in (408, 429) or answer.status >= 500:
        raise unavailable(f"the register answered {answer.status}", answer.headers)
    if not 200 <= answer.status <= 299:
        raise Err(PluginError_Misconfigured(f"the register answered {answer.status}"))
    try:
        record = mapping.at(json.loads(answer.body), settings["record"])
    except ValueError:
        # The parser's own message would quote the record.
        raise unavailable("the register answered no JSON", []) from None
    if record is None:
        raise Err(PluginError_NotFound("the answer has no record"))
    keep(settings, url, json.dumps(record).encode())
    return record


def send(settings: dict, url: str) -> http.Response:
    headers = [("accept", http.HeaderValue_Text("application/json"))]
    headers += [(name, http.HeaderValue_Text(value)) for name, value in settings["headers"].items()]
    if "secret" in settings:
        secret = http.SecretHeader(settings["secret"], settings["secret_prefix"])
        headers.append((settings["secret_header"], http.HeaderValue_Secret(secret)))
    try:
        return http.send(http.Request("GET", url, headers, None, settings.get("timeout_ms")))
    except Err as error:
        raise transport(error.value) from None


def keep(settings: dict, url: str, body: bytes) -> None:
    if settings["cache_seconds"] <= 0:
        return
    try:
        cache.set(url, body, settings["cache_seconds"])
    except Err as error:
        log.write(log.Level.WARN, "the record was not kept", [("reason", str(error.value))])
