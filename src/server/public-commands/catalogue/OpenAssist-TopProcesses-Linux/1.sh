#!/bin/sh
# The busiest and the largest processes. Reads only.
count='{{count}}'

if ! ps -eo pid,user,pcpu,pmem,rss,args >/dev/null 2>&1; then
  echo 'the ps of this host cannot list all processes with what they use' >&2
  exit 1
fi
show() {
  ps -eo pid,user,pcpu,pmem,rss,args | awk 'NR == 1'
  ps -eo pid,user,pcpu,pmem,rss,args | awk 'NR > 1' | sort -rn -k "$1,$1" | head -n "$count" | cut -c 1-160
}
echo 'By processor time:'
show 3
echo
echo 'By memory, in KiB:'
show 5
exit 0
