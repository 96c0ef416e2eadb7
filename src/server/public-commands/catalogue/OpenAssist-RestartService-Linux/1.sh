#!/bin/sh
# Restarts a service by the manager that the host has, and looks whether it runs afterwards.
service='{{service}}'

if command -v systemctl >/dev/null 2>&1; then
  systemctl restart "$service" || exit 1
  # It may come up and fall over at once.
  for second in 1 2 3; do
    sleep 1
    state=$(systemctl is-active "$service")
    [ "$state" = active ] || break
  done
  echo "$service is $state"
  if [ "$state" != active ]; then
    systemctl status --no-pager --lines 20 "$service" >&2
    exit 1
  fi
elif command -v rc-service >/dev/null 2>&1; then
  rc-service "$service" restart && rc-service "$service" status
elif command -v service >/dev/null 2>&1; then
  service "$service" restart && service "$service" status
else
  echo 'this host has no manager of services that is known: systemctl, rc-service or service' >&2
  exit 1
fi
