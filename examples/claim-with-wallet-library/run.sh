#!/usr/bin/env bash
# A wallet library that this project did not write claims an mDL; a verifier that it did not write checks it.
set -euo pipefail
source "$(dirname "$0")/../dev.sh"

interop=$root/tests/interop
[ -d "$interop/node_modules" ] || (cd "$interop" && npm ci --no-audit --no-fund)

export MANAGEMENT=$management ACCESS_TOKEN=$access_token CONFIGURATION=$mdl
node "$(dirname "$0")/claim.mjs" "$interop"
