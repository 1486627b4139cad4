// Ends a process and removes a folder when the process that started them dies, however it dies: a
// shell waits for the end of a pipe that only we hold open. Not on Windows, which has no sh.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

// $1 signal, $2 folder. Reads the pid to end, or nothing for none, or `done`. Looks 100 times: an
// orphan may stay a zombie for ever where the container's first process does not reap. CONT wakes one
// that is paused.
const SCRIPT = `
trap '' INT TERM HUP
pid=
while read -r line; do
  [ "$line" = done ] && exit
  pid=$line
done
if [ -n "$pid" ]; then
  kill "-$1" "$pid"
  kill -CONT "$pid"
  i=0
  while [ $i -lt 100 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; i=$((i + 1)); done
  kill -KILL "$pid" 2>/dev/null
fi
[ -n "$2" ] && rm -rf "$2"
exit 0
`

export class Guard {
  readonly #shell: ChildProcess | undefined

  /** `signal` is what ends the process, without "SIG"; `folder` is removed after it. */
  constructor(signal: string, folder = '') {
    if (process.platform === 'win32') return
    this.#shell = spawn('sh', ['-c', SCRIPT, 'guard', signal, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    })
    this.#shell.on('error', () => {})
    this.#shell.stdin?.on('error', () => {})
    // The guard waits for us, not we for the guard.
    this.#shell.unref()
    ;(this.#shell.stdin as Socket | null)?.unref()
  }

  /** Guards this process from now on, or none. */
  watch(pid: number | undefined): void {
    this.#shell?.stdin?.write(`${pid ?? ''}\n`)
  }

  /** Everything is tidied up: the guard goes without doing anything. */
  release(): void {
    this.#shell?.stdin?.end('done\n')
  }
}
