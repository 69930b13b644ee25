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
        "claims": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
        "cache_seconds": {"type": "integer", "minimum": 0, "maximum": 86400},
        "secret": {"type": "string"},
        "secret_header": {"type": "string"},
        "secret_prefix": {"type": "string"},
        "record_ref": {"type": "string"},
    },
}

DEFAULTS = {"cache_seconds": 0, "secret_header": "authorization", "secret_prefix": "Bearer "}


def settings(text: str) -> tuple[dict, list[str]]:
    """The config table, with what the schema cannot say checked."""
    value = DEFAULTS | json.loads(text)
    problems = []
    if not isinstance(value.get("url"), str):
        problems.append("url is missing")
    elif re.match(r"https?://[^/]*\{", value["url"]):
        problems.append("url: the host must be fixed, a place like {name} belongs into the path")
    if not isinstance(value.get("claims"), dict):
        problems.append("claims is missing")
    return value, problems


def address(template: str, context) -> str | None:
    """The address of the record; nothing when the holder has no value for one of its places."""
    known = json.loads(context.claims)
    values = {}
    for name in re.findall(r"\{([^{}]+)\}", template):
        value = at(known, name)
        value = named(name, context) if value is None else value
        if isinstance(value, bool):
            value = "true" if value else "false"
        if not isinstance(value, (str, int, float)) or value in ("", ".", ".."):
            return None
        values[name] = quote(str(value), safe="!'()*")
    return re.sub(r"\{([^{}]+)\}", lambda place: values[place[1]], template)


def named(name: str, context) -> str | None:
    if name == "user_id" and context.offer:
        return context.offer.user_id
    if name == "subject" and context.identity:
        return context.identity.subject
    return None


def mapped(settings: dict, record) -> tuple[dict, str | None]:
    """Claims and the register's own key, as the config table maps them."""
    found = {claim: at(record, path) for claim, path in settings["claims"].items()}
    claims = {claim: value for claim, value in found.items() if value is not None}
    key = at(record, settings["record_ref"]) if "record_ref" in settings else None
    return claims, None if key is None else str(key)


def at(value, path: str):
    """The value at a path of names and indexes with dots: `address.lines.0`."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
