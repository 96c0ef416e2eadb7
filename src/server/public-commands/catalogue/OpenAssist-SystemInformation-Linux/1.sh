#!/bin/sh
# What this host is. Reads only; what a small system lacks is left out.

say() { printf '%-12s %s\n' "$1" "$2"; }

name=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null)
say 'host' "$(uname -n)"
say 'system' "${name:-unknown}"
say 'kernel' "$(uname -sr)"
say 'machine' "$(uname -m)"
say 'processors' "$(grep -c '^processor' /proc/cpuinfo 2>/dev/null)"
awk '/^MemTotal/ { total = $2 } /^MemAvailable/ { free = $2 }
  END { printf "%-12s %d MiB, %d MiB available\n", "memory", total / 1024, free / 1024 }' /proc/meminfo
awk '{ printf "%-12s %d days %d hours %d minutes\n", "up", $1 / 86400, $1 % 86400 / 3600, $1 % 3600 / 60 }' /proc/uptime
say 'load' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
say 'time' "$(date '+%Y-%m-%d %H:%M:%S %z')"
if command -v ip >/dev/null 2>&1; then
  ip -o addr show 2>/dev/null | awk '$2 != "lo" { printf "%-12s %s %s\n", "address", $2, $4 }'
fi
exit 0
