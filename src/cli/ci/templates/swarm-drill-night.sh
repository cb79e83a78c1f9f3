#!/bin/sh
# Runs the drills with one tag, and prints the output only if they did not recover: cron mails what a job prints.
#   $1 tag: smoke, nightly or weekly
set -eu
tag=$1
cd "@ROOT@"
umask 027
PATH=$PATH:/usr/local/bin

state=${SWARM_DRILL_STATE:-/var/lib/swarm-drill}
export SWARM_DRILL_CACHE="${SWARM_DRILL_CACHE:-/var/cache/swarm-drill}"
key=${SWARM_DRILL_KEY:-/etc/swarm-drill/signing-key.pem}
if [ -r "$key" ]; then export SWARM_DRILL_SIGNING_KEY_FILE="$key"; fi
# URLs and tokens that evidence.yml names with url-env and token-env, as NAME=value.
if [ -r /etc/swarm-drill/notify.env ]; then
  set -a
  # shellcheck source=/dev/null
  . /etc/swarm-drill/notify.env
  set +a
fi

# SIGINT lets the run collect logs, clean up and write its report. --wait is the guard against nights that overlap.
mkdir -p "$state/reports"
log=$state/$tag.log
code=0
timeout --signal=INT --kill-after=10m "${SWARM_DRILL_LIMIT:-5h}" \
  @COMMAND@ run --tag "$tag" --reports "$state/reports" --wait 300 >"$log" 2>&1 || code=$?
if [ "$code" -ne 0 ]; then
  echo "swarm-drill ended with exit code $code (1 not recovered, 2 inconclusive, 75 another run is active, 124 stopped after its time limit)"
  cat "$log"
fi
exit "$code"
