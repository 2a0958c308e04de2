import type { Emit, Scheduler } from '../base/index.js';
import { spawnShell } from './child-process.js';

/**
 * What is left when a supervisor is gone, or a console that ran programs, the guard ends. It is a shell in a session of its own that reads `+pid` and
 * `-pid` from a pipe. The pipe ends with whoever spawned it, however that died. Then the guard waits for the nodes to leave
 * by themselves (their channel has closed too), for a moment, and sends SIGKILL to those that cannot: stopped ones,
 * spinning ones, and whatever shares their process group.
 *
 * A pid alone would not do: by then it may be a stranger's. So the guard notes when each process started, and only
 * touches the one that did.
 */
const GUARD_SCRIPT = `
set -f
trap '' HUP INT QUIT TERM
started=
look_up() {
  if [ -r /proc/self/stat ]; then
    IFS= read -r stat </proc/"$1"/stat || return 1
    set -- \${stat##*) }
    started=\${20}
    case $1 in Z | X) return 1 ;; esac
  else
    started=$(LC_ALL=C ps -o lstart= -p "$1" | tr ' ' _)
  fi
  [ -n "$started" ]
}
keep_living() {
  kept=
  for one in $nodes; do
    if look_up "\${one%%:*}" && [ "$started" = "\${one#*:}" ]; then kept="$kept $one"; fi
  done
  nodes=$kept
  [ -n "$nodes" ]
}
nodes=
while IFS= read -r line; do
  pid=\${line#?}
  case $line in
    +*) if look_up "$pid"; then nodes="$nodes $pid:$started"; fi ;;
    -*)
      kept=
      for one in $nodes; do
        if [ "\${one%%:*}" != "$pid" ]; then kept="$kept $one"; fi
      done
      nodes=$kept
      ;;
  esac
done
looks=$1
while keep_living && [ "$looks" -gt 0 ]; do
  sleep 0.05 || sleep 1
  looks=$((looks - 1))
done
for one in $nodes; do
  pid=\${one%%:*}
  kill -s KILL -- "-$pid" || kill -s KILL "$pid"
done
`;

/** Looks, 50 ms apart, before the guard kills. A node that is killed while it leaves loses nothing that counts. */
const LOOKS = 20;
/** A guard that was killed is replaced; one that cannot live is given up. */
const REPLACEMENTS_MAX = 5;
const REPLACE_AFTER_MS = 100;

export interface GuardOptions {
  readonly emit: Emit;
  readonly scheduler: Scheduler;
  /** Looks, 50 ms apart, before it kills: the time to leave for those that do so by themselves. */
  readonly looks?: number;
}

export class Guard {
  readonly #options: GuardOptions;
  readonly #pids = new Set<number>();
  #shell: ReturnType<typeof spawnShell>;
  #replacements = 0;
  #closed = false;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#shell = this.#spawn();
  }

  get pid(): number | undefined {
    return this.#shell.pid;
  }

  add(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`+${pid}`);
  }

  remove(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`-${pid}`);
  }

  /** Nothing is left to guard. */
  close(): void {
    this.#closed = true;
    this.#shell.input.end();
  }

  #tell(line: string): void {
    if (!this.#closed) this.#shell.input.write(`${line}\n`);
  }

  #spawn(): ReturnType<typeof spawnShell> {
    const shell = spawnShell(GUARD_SCRIPT, 'raftctl-guard', String(this.#options.looks ?? LOOKS));
    void shell.exited.then(() => this.#exited(shell.pid));
    return shell;
  }

  #exited(pid: number | undefined): void {
    if (this.#closed || this.#replacements >= REPLACEMENTS_MAX) return;
    this.#replacements += 1;
    this.#options.emit.emit('warn', 'guard-exited', { pid });
    this.#options.scheduler.after(REPLACE_AFTER_MS, () => {
      if (this.#closed) return;
      this.#shell = this.#spawn();
      for (const left of this.#pids) this.#tell(`+${left}`);
    });
  }
}
