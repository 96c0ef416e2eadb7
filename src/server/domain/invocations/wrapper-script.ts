// What the vendor's agent cannot do, done by a script around the script (api.md §5.5). Pure.
//
// The agent runs `sh -c <path>` as the leader of a process group of its own; on a stop and on a timeout it sends SIGKILL
// to that one process, and nothing else (agent-protocol.md §6.3). Some shells become the script then; others wait for it
// (dash of Debian 12), and the script itself goes on. So the wrapper writes the script to a private folder beside its own
// file and leaves a watcher in the group, away from the script's output:
//
//   wrapper ─┬─ Process:     becomes the script or its launcher (exec)
//            ├─ ProcessTree: waits for the script; takes the folder away when it has ended by itself
//            └─ watcher: looks once a second whether the leader lives. When it is gone,
//                 Process:     what the wrapper became is killed, if it lives: its shell was killed, not it
//                 ProcessTree: a folder that is still there means that the leader was killed: then everything that is in
//                              the group, or came from it, is killed
//
// The exit code is the script's own; with ProcessTree a script that a signal ended is told as a shell tells it, as 128
// and its number. When the wrapper cannot do its part it says so and exits with 125, without running the script.
import { type Launch, SCRIPT_FILE } from '../commands/launcher.js'

const NUL = 0x00
const QUOTE = 0x27
const BACKSLASH = 0x5c

/** Bytes within single quotes for `printf '%b'`. Line ends stay as they are: the agent may change them (§6.3). */
const quoteBytes = (content: Uint8Array): string => {
  let text = ''
  for (const byte of content) {
    if (byte === NUL || byte === QUOTE || byte >= 0x80) text += `\\0${byte.toString(8).padStart(3, '0')}`
    else text += byte === BACKSLASH ? '\\\\' : String.fromCharCode(byte)
  }
  return `'${text}'`
}

const quoteWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A word of the launcher, with the path of the script where it is named. */
const shellWord = (word: string): string => word.split(SCRIPT_FILE).map(quoteWord).join('"$openassist_file"')

const HEAD = `#!/bin/sh
# Made by the server around the command's own script: by itself this agent does not end it at a stop or a timeout.
openassist_cannot() { openassist_fail "$1"; }
openassist_fail() { echo "openassist: $1; the script was not run" >&2; exit 125; }
`

const PREPARE = `case $0 in
  */*) openassist_dir=$0 ;;
  *) openassist_dir=\${TMPDIR:-/tmp}/openassist-task ;;
esac
openassist_mask=$(umask)
umask 077
openassist_private() { mktemp -d "$1.XXXXXXXXXX" 2>/dev/null || { mkdir "$1.$$" 2>/dev/null && echo "$1.$$"; }; }
openassist_dir=$(openassist_private "$openassist_dir") ||
  openassist_dir=$(openassist_private "\${TMPDIR:-/tmp}/openassist-task") ||
  openassist_cannot "no private folder for the script"
umask "$openassist_mask"
`

/** What is done where the process that the agent kills cannot be told. */
const NO_GROUP = {
  strict: `rm -rf "$openassist_dir"
    openassist_fail "the agent gives it no process group"`,
  // As it would have run without all this.
  lenient: 'openassist_group=$$',
}

const leader = (group: string): string => `openassist_group=
if [ -r /proc/$$/stat ]; then
  read -r openassist_line </proc/$$/stat
  set -- \${openassist_line##*) }
  openassist_group=$3
  set --
else
  openassist_group=$(ps -o pgid= -p $$ | tr -d ' ')
fi
case $openassist_group in
  $$ | $PPID) ;;
  *)
    ${group}
    ;;
esac
openassist_lives() {
  kill -0 "$openassist_group" || [ -d "/proc/$openassist_group" ] || ps -p "$openassist_group"
}
`

// Frozen first, so that nobody forks while the others are found; what forked before is found by the next look.
const KILL_TREE = `openassist_look() {
  if [ -r /proc/self/stat ]; then
    for openassist_entry in /proc/[0-9]*; do
      read -r openassist_line <"$openassist_entry/stat" || continue
      case $openassist_line in *') '*) ;; *) continue ;; esac
      set -- \${openassist_line##*) }
      [ "$1" = Z ] || echo "\${openassist_entry#/proc/} $2 $3"
    done
  else
    ps -A -o pid= -o ppid= -o pgid=
  fi
}
openassist_tree() {
  openassist_all=$(openassist_look)
  openassist_found=' '
  openassist_more=yes
  while [ -n "$openassist_more" ]; do
    openassist_more=
    set -- $openassist_all
    while [ $# -ge 3 ]; do
      case $openassist_found in
        *" $1 "*) ;;
        *)
          if [ "$1" != "$openassist_self" ] && [ "$2" != "$openassist_self" ]; then
            case "$3 $openassist_found" in
              "$openassist_group "* | *" $2 "*)
                openassist_found="$openassist_found$1 "
                openassist_more=yes
                ;;
            esac
          fi
          ;;
      esac
      shift 3
    done
  done
}
openassist_kill() {
  openassist_self=$(exec sh -c 'echo $PPID')
  openassist_round=0
  while [ $openassist_round -lt 20 ]; do
    openassist_round=$((openassist_round + 1))
    openassist_tree
    [ "$openassist_found" = ' ' ] && break
    kill -STOP $openassist_found
    openassist_tree
    kill -KILL $openassist_found
    [ $openassist_round -gt 2 ] && sleep 1
  done
}
`

const KILL_PROCESS = `openassist_kill() {
  [ "$openassist_group" = $$ ] && return
  if [ -r /proc/self/stat ]; then
    read -r openassist_line </proc/$$/stat || return
    set -- \${openassist_line##*) }
    [ "$3" = "$openassist_group" ] && kill -KILL $$
  else
    [ "$(ps -o pgid= -p $$ | tr -d ' ')" = "$openassist_group" ] && kill -KILL $$
  fi
}
`

const WATCHER = `(
  (
    trap '' HUP INT QUIT TERM
    exec </dev/null >/dev/null 2>&1
    cd /
    while openassist_lives; do sleep 1; done
    [ -d "$openassist_dir" ] && openassist_kill
    rm -rf "$openassist_dir"
  ) &
)
`

/**
 * A script that runs `content` as a shell script or by its launcher, and that ends when the agent kills it: its process,
 * or all that came from it. Any shell of POSIX reads it; it needs /proc or ps.
 * @param group `lenient`: the script runs also where the agent's process group is not what it is known to be
 */
export const wrapperScript = (
  content: Uint8Array,
  launch: Launch | undefined,
  terminationMode: 'Process' | 'ProcessTree',
  group: 'strict' | 'lenient' = 'strict',
): Uint8Array => {
  const tree = terminationMode === 'ProcessTree'
  const file = `openassist_file=$openassist_dir/script${launch?.extension || '.sh'}
{ openassist_content >"$openassist_file" && chmod 700 "$openassist_file"; } || {
  rm -rf "$openassist_dir"
  openassist_cannot "the script cannot be written"
}
`
  const exec = launch === undefined ? 'exec "$openassist_file"' : `exec ${launch.words.map(shellWord).join(' ')}`
  // In a shell of its own, so that a launcher is always a program, and never something that this shell has built in.
  const run = tree ? `(${exec})\nopenassist_code=$?\nrm -rf "$openassist_dir"\nexit $openassist_code\n` : `${exec}\n`
  const whole = `openassist_content() { printf '%b' ${quoteBytes(content)}; }
`
  // As the agent runs a script by itself for which it finds no place: one that makes room on a full disk, say.
  const cannot =
    group === 'lenient' ? 'openassist_cannot() { umask "$openassist_mask"; exec sh -c "$(openassist_content)"; }\n' : ''
  const parts = [
    HEAD,
    whole,
    cannot,
    PREPARE,
    leader(NO_GROUP[group]),
    file,
    tree ? KILL_TREE : KILL_PROCESS,
    WATCHER,
    run,
  ]
  return Buffer.from(parts.join(''))
}
