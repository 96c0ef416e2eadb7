#!/bin/sh
# Whether this host reaches a port of another one.
host='{{host}}'
port='{{port}}'

if command -v getent >/dev/null 2>&1; then
  found=$(getent ahosts "$host") || {
    echo "$host has no address here" >&2
    exit 1
  }
  echo "$found" | awk '{ print $1 }' | sort -u
fi
if command -v nc >/dev/null 2>&1; then
  nc -z -w 5 "$host" "$port"
elif command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null
else
  echo 'this host has neither nc nor bash with timeout to connect with' >&2
  exit 1
fi
if [ "$?" -eq 0 ]; then
  echo "$host port $port takes connections"
else
  echo "$host port $port takes no connection" >&2
  exit 2
fi
