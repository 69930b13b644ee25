"""From the config table and a record to claims: plain functions without the host, so that any Python runs them as they are."""

import json
import re
from urllib.parse import quote

SCHEMA = {
    "type": "object",
    "required": ["url", "claims"],
    "additionalProperties": False,
    "properties": {
        "url": {"type": "string", "pattern": "^https?://"},
        "record": {"type": "string"},
        "claims": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
        "required": {"type": "array", "items": {"type": "string"}},
        "record_ref": {"type": "string"},
        "secret": {"type": "string", "minLength": 1},
        "secret_header": {"type": "string", "minLength": 1},
        "secret_prefix": {"type": "string"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 30000},
        "cache_seconds": {"type": "integer", "minimum": 0, "maximum": 86400},
    },
}

DEFAULTS = {
    "record": "",
    "required": [],
    "secret_header": "authorization",
    "secret_prefix": "Bearer ",
    "headers": {},
    "cache_seconds": 0,
}
PLACE = re.compile(r"\{([^{}]*)\}")


def settings(text: str) -> tuple[dict, list[str]]:
    """The config table, with what the schema cannot say checked."""
    value = DEFAULTS | json.loads(text)
    if not isinstance(value.get("url"), str) or not isinstance(value.get("claims"), dict):
        return value, ["`url` and `claims` have to be there"]
    problems = []
    if not re.match(r"https?://[^/{]+(/|$)", value["url"]):
        problems.append("`url` has to start with a fixed origin, such as https://crm.example.org")
    for name in PLACE.findall(value["url"]):
        if not re.fullmatch(r"subject|(offer|claim)\..+", name):
            problems.append(f"{{{name}}} is none of {{offer.NAME}}, {{claim.NAME}} and {{subject}}")
    for pointer in [*value["claims"].values(), value["record"], value.get("record_ref", "")]:
        if pointer and not pointer.startswith("/"):
            problems.append(f"`{pointer}` is no JSON pointer: it starts with /")
    problems += [f"`{name}` is required, but not in `claims`" for name in value["required"] if name not in value["claims"]]
    return value, problems


def address(template: str, context) -> str | None:
    """The address of the record; nothing when the holder has no value for one of its places."""
    values = {}
    for name in PLACE.findall(template):
        value = known(name, context)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value in ("", ".", ".."):
            return None
        values[name] = quote(str(value), safe="")
    return PLACE.sub(lambda place: values[place[1]], template)


def known(name: str, context):
    if name == "subject":
        if context.identity:
            return context.identity.subject
        return context.offer.user_id if context.offer else None
    of, _, claim = name.partition(".")
    if of == "offer":
        return json.loads(context.offer.claims).get(claim) if context.offer else None
    return json.loads(context.claims).get(claim)


def mapped(settings: dict, record) -> tuple[dict, str | None, str | None]:
    """Claims, the register's own key, and a required claim that is not there."""
    found = {claim: at(record, pointer) for claim, pointer in settings["claims"].items()}
    claims = {claim: value for claim, value in found.items() if value is not None}
    missing = next((name for name in settings["required"] if name not in claims), None)
    key = at(record, settings["record_ref"]) if "record_ref" in settings else None
    usable = isinstance(key, (str, int, float)) and not isinstance(key, bool) and len(str(key).encode()) <= 256
    return claims, str(key) if usable else None, missing


def at(value, pointer: str):
    """The value at a JSON pointer (RFC 6901); the empty one is the whole."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
