#!/bin/sh
# How full the disks are. Reads only. Ends with 2 where the file system of the folder is as full as was said.
path='{{path}}'
limit='{{failAbove}}'

if [ ! -d "$path" ]; then
  echo "there is no folder $path" >&2
  exit 1
fi

echo 'File systems:'
df -P -h 2>/dev/null | awk 'NR == 1 || ($1 !~ /^(tmpfs|devtmpfs|overlay|shm|udev|none)$/)'
echo
echo 'Inodes:'
df -P -i "$path" 2>/dev/null
echo
echo "Largest below $path, in KiB:"
# One file system alone: others are shown above, and may be as slow as a network.
du -x -k "$path"/* 2>/dev/null | sort -rn | head -n 20

used=$(df -P "$path" | awk 'NR == 2 { sub("%", "", $5); print $5 }')
echo
echo "$path is on a file system that is $used % full."
if [ -n "$limit" ] && [ "$used" -ge "$limit" ]; then
  echo "That is $limit % or more." >&2
  exit 2
fi
exit 0
