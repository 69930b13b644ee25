#!/usr/bin/env bash
# Prometheus scrapes an issuer; its query API answers with an event that just happened.
set -euo pipefail
source "$(dirname "$0")/../dev.sh"
command -v prometheus >/dev/null || { echo "prometheus is missing; on Debian: apt-get install prometheus" >&2; exit 1; }

echo "an offer is made, so that there is something to see"
curl --silent --show-error --fail-with-body -o /dev/null "$management/v1/openid/offers/pre-authorized" \
  -H "Authorization: Bearer $access_token" -H 'Content-Type: application/json' -d "{\"credentials\":[\"$mdl\"]}"

sed "s/127\.0\.0\.1:8081/${management#http://}/; s/: 15s/: 1s/" "$(dirname "$0")/prometheus.yml" > "$work/prometheus.yml"
cp "$(dirname "$0")/alerts.yml" "$work"
promtool check config "$work/prometheus.yml"

# A free port: the one that the kernel gives to a listener that is closed again.
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --log.level=error \
  --web.listen-address="127.0.0.1:$port" &
servers+=($!)

query='issuerd_analytics_events_total{event="OPENID_PRE_AUTHORIZED_OFFER_CREATE_SUCCESS"}'
echo "asking Prometheus for $query"
for _ in $(seq 60); do
  answer=$(curl --silent --get "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$query" || true)
  if [[ $answer == *'"value":'* ]]; then
    echo "$answer"
    grep -q '"1"\]' <<< "$answer"
    exit
  fi
  sleep 0.5
done
echo "Prometheus had no answer in 30 s; the last one was: $answer" >&2
exit 1
