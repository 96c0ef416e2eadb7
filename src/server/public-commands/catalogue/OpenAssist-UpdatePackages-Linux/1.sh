#!/bin/sh
# Newer packages, by the manager that the host has.
action='{{action}}'
export DEBIAN_FRONTEND=noninteractive

if command -v apt-get >/dev/null 2>&1; then
  apt-get update -q >/dev/null || exit 1
  if [ "$action" = install ]; then
    apt-get upgrade -q -y -o Dpkg::Options::=--force-confold || exit 1
  else
    apt-get upgrade -q -s | grep '^Inst ' || echo 'there is nothing newer'
  fi
elif command -v dnf >/dev/null 2>&1 || command -v yum >/dev/null 2>&1; then
  manager=$(command -v dnf || command -v yum)
  if [ "$action" = install ]; then
    "$manager" -q -y upgrade || exit 1
  else
    # 100 says that there is something.
    "$manager" -q check-update
    code=$?
    [ "$code" -eq 0 ] && echo 'there is nothing newer'
    [ "$code" -eq 0 ] || [ "$code" -eq 100 ] || exit "$code"
  fi
elif command -v zypper >/dev/null 2>&1; then
  if [ "$action" = install ]; then
    zypper --non-interactive update || exit 1
  else
    zypper --non-interactive list-updates || exit 1
  fi
elif command -v apk >/dev/null 2>&1; then
  apk update -q || exit 1
  if [ "$action" = install ]; then
    apk upgrade || exit 1
  else
    apk version -l '<' || exit 1
  fi
else
  echo 'this host has no package manager that is known: apt-get, dnf, yum, zypper or apk' >&2
  exit 1
fi
if [ -e /var/run/reboot-required ]; then
  echo 'the host is to be started again'
fi
exit 0
