#!/bin/sh
# Removes logs that were rotated away and are old. What is written to still is left alone.
path='{{path}}'
days='{{days}}'
apply='{{apply}}'

if [ ! -d "$path" ]; then
  echo "there is no folder $path" >&2
  exit 1
fi

# On the file system of the folder alone, and no links.
old() {
  find "$path" -xdev -type f -mtime "+$days" \
    \( -name '*.gz' -o -name '*.xz' -o -name '*.bz2' -o -name '*.zst' -o -name '*.old' -o -name '*.[0-9]' -o -name '*.[0-9][0-9]' \
    -o -name '*-[12][0-9][0-9][0-9][01][0-9][0-3][0-9]' \) "$@"
}

old -exec ls -ld {} +
kib=$(old -exec du -k {} + | awk '{ sum += $1 } END { print sum + 0 }')
amount=$(old -exec sh -c 'echo $#' sh {} + | awk '{ sum += $1 } END { print sum + 0 }')
if [ "$apply" = yes ]; then
  old -exec rm -f {} + || exit 1
  echo "$amount files removed, $kib KiB"
  if [ "$path" = /var/log ] && command -v journalctl >/dev/null 2>&1; then
    journalctl --vacuum-time="${days}d" 2>&1 | tail -n 1
  fi
else
  echo "$amount files would be removed, $kib KiB; with apply=yes they are"
fi
exit 0
