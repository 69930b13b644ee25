"""Errors of the contract. Any other exception would end the call as a trap, with nothing for the operator to read."""

import functools
import traceback

from componentize_py_types import Err
from wit_world.imports import http
from wit_world.imports.types import PluginError_Internal, PluginError_Misconfigured, PluginError_Unavailable, RetryHint


def typed(call):
    """Makes an export whose every exception is an error of the contract."""

    @functools.wraps(call)
    def wrapped(*given):
        try:
            return call(*given)
        except Err:
            raise
        except Exception as error:
            # Not its message, which may quote data of the holder: its kind and place.
            places = traceback.extract_tb(error.__traceback__)[-3:]
            where = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places))
            raise Err(PluginError_Internal(f"{type(error).__name__} at {where}")) from None

    return wrapped


def unavailable(message: str, headers: list) -> Err:
    """Something upstream is down; when it says for how long, that is passed on."""
    after = next((value for name, value in headers if name.lower() == "retry-after"), "")
    seconds = int(after) if after.isascii() and after.isdigit() and len(after) <= 6 else None
    return Err(PluginError_Unavailable(RetryHint(message, seconds)))


def transport(error) -> Err:
    """A request without an answer."""
    match error:
        case http.HttpError_Denied(why):
            return Err(PluginError_Misconfigured(f"denied: {why}"))
        case http.HttpError_InvalidRequest(why):
            return Err(PluginError_Misconfigured(f"invalid-request: {why}"))
        case http.HttpError_TooLarge():
            return Err(PluginError_Misconfigured("the answer of the register is larger than granted"))
        case http.HttpError_Quota():
            return Err(PluginError_Misconfigured("the call made more requests than it may"))
    return unavailable(f"the request failed: {type(error).__name__}", [])
