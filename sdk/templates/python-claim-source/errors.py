"""Errors of the contract. Any other exception would end the call as a trap, with nothing for the operator to read."""

import functools
import traceback

from componentize_py_types import Err
from wit_world.imports.types import PluginError_Internal


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
