// Errors of the contract. Whatever else is thrown would end the call as a trap, with nothing for the operator to read.

const CASES = new Set(['not-found', 'unavailable', 'misconfigured', 'internal']);

/** An error of the contract: `throw problem('not-found', 'why, for the log')`. */
export function problem(tag, val) {
  return { tag, val };
}

/** Makes an export whose every exception is an error of the contract. */
export function typed(call) {
  return (...given) => {
    try {
      return call(...given);
    } catch (error) {
      if (CASES.has(error?.tag)) throw error;
      // Not its message, which may quote data of the holder: its kind and place.
      const place = String(error?.stack ?? '').split('\n', 3).join(' < ');
      throw problem('internal', `${error?.name ?? typeof error} at ${place}`);
    }
  };
}
