import { readFileSync } from 'node:fs';

/**
 * A process, told apart from every other that has had or will have its pid: pids are reused, but not by a process that
 * started in the same clock tick of the same boot.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks since boot. macOS: the start time as `ps` prints it. Only ever compared for equality. */
  readonly startTime: string;
  readonly bootId: string;
}

/** The identity of the process that has this pid now; undefined when there is none, or only its zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= identityOf(process.pid);
  if (own === undefined) throw new Error(`cannot read the start time of this process (pid ${process.pid})`);
  return own;
}

/** Is this very process still running? A stranger that got the same pid later is not it. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identityOf(identity.pid);
  return now !== undefined && sameProcess(now, identity);
}

const sameProcess = (a: ProcessIdentity, b: ProcessIdentity): boolean =>
  a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;

export function isProcessIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTime, bootId } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  return (
    Number.isSafeInteger(pid) && (pid as number) > 0 && typeof startTime === 'string' && typeof bootId === 'string'
  );
}

/** `/proc/PID/stat` is `pid (name) state ppid …`; the name may hold spaces and brackets, so count from the last `)`. */
function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  // Field 22 of proc(5); `fields` begins with field 3.
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

/** What `ps` says, in the C locale so that two processes read the same words. */
export function startTimeFromPs(pid: number): string | undefined {
  let line: string;
  try {
    line = childProcess()
      .execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
        encoding: 'latin1',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      })
      .trim();
  } catch {
    return undefined;
  }
  const [state, ...start] = line.split(/\s+/);
  return state === undefined || state.startsWith('Z') || start.length === 0 ? undefined : start.join(' ');
}

let boot: string | undefined;

function bootId(): string {
  boot ??=
    process.platform === 'linux'
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
      : childProcess().execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'latin1' }).trim();
  return boot;
}

/** Needed where there is no /proc; a node starts without it. */
const childProcess = () => process.getBuiltinModule('node:child_process');
