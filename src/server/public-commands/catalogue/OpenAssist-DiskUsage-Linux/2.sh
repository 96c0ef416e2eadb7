#!/bin/sh
# How full the disks are, in bytes and in inodes. Reads only. Ends with 2 where the file system of the folder is as full as was said in
# either: without inodes no file can be made, however many bytes are free.
path='{{path}}'
limit='{{failAbove}}'

if [ ! -d "$path" ]; then
  echo "there is no folder $path" >&2
  exit 1
fi

on_disks='NR == 1 || ($1 !~ /^(tmpfs|devtmpfs|overlay|shm|udev|none)$/)'
echo 'File systems:'
df -P -h 2>/dev/null | awk "$on_disks"
echo
echo 'Inodes:'
df -P -i 2>/dev/null | awk "$on_disks"
echo
echo "Largest below $path, in KiB:"
# Hidden ones too, and the files that lie in it itself. One file system alone: others are shown above, and may be as slow as a network.
{
  du -x -k "$path"
  find "${path%/}/." ! -name . -prune -type f -exec du -k {} + | sed 's|/\./|/|'
} 2>/dev/null | sort -rn | head -n 20

# Nothing for a file system that has no fixed number of inodes.
percent() { awk 'NR == 2 && $5 ~ /^[0-9]+%$/ { sub("%", "", $5); print $5 }'; }
bytes=$(df -P "$path" 2>/dev/null | percent)
inodes=$(df -P -i "$path" 2>/dev/null | percent)
echo
echo "$path is on a file system that is ${bytes:-?} % full, and has used ${inodes:-?} % of its inodes."
if [ -n "$limit" ] && { [ "${bytes:-0}" -ge "$limit" ] || [ "${inodes:-0}" -ge "$limit" ]; }; then
  echo "That is $limit % or more." >&2
  exit 2
fi
exit 0
