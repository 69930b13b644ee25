# Sourced by the examples: starts `issuerd dev` on free ports with data of its own, and ends it when the example ends.
# Sets $issuer, $management, $access_token and $mdl (the id of the mDL configuration).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)

if [ -z "${ISSUERD_BIN:-}" ]; then
  (cd "$root" && cargo build --release --quiet -p issuerd)
  ISSUERD_BIN=$root/target/release/issuerd
fi

# member NAME: the text member of that name in the JSON object on standard input.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

finish() {
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
  rm -rf "$work"
}
servers=()
trap finish EXIT

mkfifo "$work/ready"
ISSUERD_LOG_LEVEL=warn "$ISSUERD_BIN" dev --json --data-dir "$work/data" \
  --listen 127.0.0.1:0 --management-listen 127.0.0.1:0 > "$work/ready" &
servers+=($!)
read -r ready < "$work/ready" || { echo "issuerd did not start" >&2; exit 1; }

issuer=$(member issuer <<< "$ready")
management=$(member management <<< "$ready")
access_token=$(member access_token <<< "$ready")
mdl=$(member org.iso.18013.5.1.mDL <<< "$ready")
