#!/usr/bin/env bash
# Claims an mDL with curl and openssl alone, one request at a time.
set -euo pipefail
source "$(dirname "$0")/../dev.sh"

step() { printf '\n== %s\n' "$*"; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
request() { curl --silent --show-error --fail-with-body "$@"; }

step "1. The operator makes an offer"
offer=$(request "$management/v1/openid/offers/pre-authorized" \
  -H "Authorization: Bearer $access_token" -H 'Content-Type: application/json' \
  -d "{\"credentials\":[\"$mdl\"],\"claims\":{\"given_name\":\"Robin\"},\"transactionCodeConfiguration\":{\"inputMode\":\"numeric\"}}")
tx_code=$(member transactionCode <<< "$offer")
echo "link:             $(member credentialOfferUri <<< "$offer")"
echo "transaction code: $tx_code (goes to the person by another way)"

step "2. The wallet loads the offer behind the link"
url=$(member credentialOfferUri <<< "$offer" | sed 's/.*credential_offer_uri=//; s/%3A/:/g; s/%2F/\//g')
offered=$(request "$url")
echo "$offered"
code=$(member pre-authorized_code <<< "$offered")

step "3. It reads the issuer's metadata"
metadata=$(request "$issuer/.well-known/openid-credential-issuer")
server=$(request "$issuer/.well-known/oauth-authorization-server")
for name in credential_endpoint nonce_endpoint; do echo "$name: $(member $name <<< "$metadata")"; done
echo "token_endpoint: $(member token_endpoint <<< "$server")"

step "4. It exchanges code and transaction code for an access token"
grant='grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code'
token=$(request "$(member token_endpoint <<< "$server")" -d "$grant" \
  --data-urlencode "pre-authorized_code=$code" --data-urlencode "tx_code=$tx_code")
echo "a $(member token_type <<< "$token") token"

step "5. It asks for a nonce"
nonce=$(request -X POST "$(member nonce_endpoint <<< "$metadata")" | member c_nonce)
echo "$nonce"

step "6. It makes a key and proves that it holds it"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"
point() { openssl ec -in "$work/key.pem" -pubout -outform DER 2>/dev/null | tail -c 64; }
jwk="{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$(point | head -c 32 | base64url)\",\"y\":\"$(point | tail -c 32 | base64url)\"}"
header=$(printf '{"typ":"openid4vci-proof+jwt","alg":"ES256","jwk":%s}' "$jwk" | base64url)
claims=$(printf '{"aud":"%s","iat":%s,"nonce":"%s"}' "$issuer" "$(date +%s)" "$nonce" | base64url)
# openssl writes a signature as two DER integers; a JWT takes their 32 bytes each.
raw=$(printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign "$work/key.pem" | openssl asn1parse -inform DER |
  sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/\1/p' | while read -r hex; do printf '%64s' "$hex" | tr ' ' 0; done)
signature=$(printf '%b' "$(sed 's/../\\x&/g' <<< "$raw")" | base64url)
proof=$header.$claims.$signature
echo "$proof"

step "7. It claims the credential"
credential=$(request "$(member credential_endpoint <<< "$metadata")" -H "Authorization: Bearer $(member access_token <<< "$token")" \
  -H 'Content-Type: application/json' -d "{\"credential_configuration_id\":\"$mdl\",\"proofs\":{\"jwt\":[\"$proof\"]}}" |
  member credential)
echo "${credential:0:76}… (${#credential} characters of base64url: a CBOR IssuerSigned structure)"
pad=$(printf '%*s' $(((4 - ${#credential} % 4) % 4)) '' | tr ' ' '=')
printf '%s%s' "$credential" "$pad" | tr -- '-_' '+/' | openssl base64 -d -A > "$work/mdl.cbor"
echo "its elements:"
elements=$(LC_ALL=C grep -aoP 'elementIdentifier.\K[a-z0-9_]+?(?=lelementValue|[^a-z0-9_]|$)' "$work/mdl.cbor" | sort)
sed 's/^/  /' <<< "$elements"
grep -qx family_name <<< "$elements"

step "8. A second claim is refused"
curl --silent "$(member token_endpoint <<< "$server")" -d "$grant" \
  --data-urlencode "pre-authorized_code=$code" --data-urlencode "tx_code=$tx_code" | tee "$work/refused"
grep -q '"invalid_grant"' "$work/refused"

step "9. The metrics tell what happened"
request "$management/metrics" | grep -E '^issuerd_analytics_events_total.*"OPENID_(PRE_AUTHORIZED_OFFER_CREATE|TOKEN|NONCE|CREDENTIAL)_' |
  tee "$work/events"
grep -q 'OPENID_CREDENTIAL_SUCCESS"} 1' "$work/events"
