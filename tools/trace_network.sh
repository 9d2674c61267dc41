#!/usr/bin/env bash
# Promise 4: demo, audit and report open no socket beyond local ones. Fails if the trace shows one, or traces nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin/flagstate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FLAGSTATE_KEYS=$work/keys

traced() { # label, command...
  local label=$1; shift
  strace -f -qq -e trace=network -e signal=none -o "$work/$label.trace" "$@" >"$work/$label.out" 2>&1 || true
  # The tracer must see something: a run that left no report proves nothing.
  if grep -vE 'AF_UNIX|AF_LOCAL|socketpair\(AF_UNIX|exited with|killed by|resumed|ENOSYS' "$work/$label.trace" |
     grep -E 'socket\(|connect\(|bind\(|sendto\(|sendmsg\('; then
    echo "network: '$label' opened a socket (above)"; exit 1
  fi
}
traced demo "$bin" demo --keep "$work/demo"
[ -s "$work/demo/case/report.html" ] || { cat "$work/demo.out"; echo "network: demo left no report"; exit 1; }
traced audit "$bin" audit tests/data --case "$work/case"
[ -s "$work/case/report.html" ] || { cat "$work/audit.out"; echo "network: audit left no report"; exit 1; }
# Captures and logs of traffic were among the evidence: what they name was not looked up, and nobody was called.
"$PWD/.venv/bin/python" - "$work/case/tables/evidence.parquet" <<'PY'
import sys

import pyarrow.parquet as pq

rows = pq.read_table(sys.argv[1]).to_pylist()
read = {str(row["kind"]).split()[0] for row in rows if row["state"] in ("read", "partly_read")}
missed = {"pcap", "pcapng", "eve", "vpc_flow", "cloudtrail", "nfdump"} - read
sys.exit(f"network: the trace is not one of reading {', '.join(sorted(missed))}" if missed else 0)
PY
traced report "$bin" report --case "$work/case"
# And the tracer works: a probe that opens one must be caught.
strace -f -qq -e trace=network -o "$work/probe.trace" python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)'
grep -q 'AF_INET' "$work/probe.trace" || { echo "network: the tracer sees nothing on this machine"; exit 1; }
echo "network: demo, audit and report opened no socket beyond local ones"
