#!/bin/sh
# Makes register-http-python.wasm. Python 3.10 or later must be there; componentize-py is installed beside this file.
set -eu
cd "$(dirname "$0")"
wit="${ISSUER_PLUGIN_WIT:-../../../sdk/wit/issuer-plugin-1.0.0}"
if [ ! -x .venv/bin/componentize-py ]; then
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
fi
.venv/bin/componentize-py --quiet --wit-path "$wit" --world claim-source componentize plugin --output register-http-python.wasm
ls -l register-http-python.wasm | awk '{ printf "register-http-python.wasm: %.1f MB\n", $5 / 1e6 }'
