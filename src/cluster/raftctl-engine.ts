import { join } from 'node:path';
import type { Clock, Scheduler } from '../base/index.js';
import type { Transport } from '../transport/index.js';
import { NODE_EXIT, NODE_SPEC_VARIABLE, serializeNodeSpec } from '../wire/index.js';
import { AdminLink } from './admin-link.js';
import type { EndedProcess, Engine, ExitMeaning } from './engine.js';
import { describeExit, type ProcessExit } from './process-exit.js';

export interface RaftctlEngineOptions {
  /** Program and arguments of a node process. */
  readonly command: readonly string[];
  /** Of the cluster: nodes and supervisor prove it to each other. */
  readonly secret: Uint8Array;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** Our own nodes. */
export function raftctlEngine({ command, ...world }: RaftctlEngineOptions): Engine {
  return {
    name: 'raftctl',
    secret: world.secret,
    command: () => command,
    environment: ({ host: _host, port: _port, ...spec }) => ({
      [NODE_SPEC_VARIABLE]: serializeNodeSpec(spec),
      ...WITHOUT_CERTIFICATES,
      ...ONE_ARENA,
    }),
    ports: ({ host, port }) => [{ host, port }],
    probe: (member, listener) => new AdminLink({ member, clusterId: member.clusterId, ...world, ...listener }),
    meaningOf,
  };
}

/** Node reads and parses every certificate of this file when it starts, 0.1 s of a core; a node speaks no TLS. */
const WITHOUT_CERTIFICATES = { NODE_EXTRA_CA_CERTS: undefined };

/**
 * glibc gives each thread an arena, which keeps what was freed in it. Buffers are made by one thread and freed by
 * others here: with eight arenas a node under load kept 100 MiB that nobody used. Other allocators do not look at it.
 */
const ONE_ARENA = { MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'] ?? '1' };

const MEANINGS: Readonly<Record<number, ExitMeaning>> = {
  [NODE_EXIT.ok]: { type: 'left' },
  // Data that was refused once will be refused again.
  [NODE_EXIT.dataRefused]: { type: 'refused' },
  [NODE_EXIT.dataForgotten]: { type: 'refused', code: 'data-forgotten' },
  [NODE_EXIT.removed]: { type: 'refused', code: 'member-removed' },
  [NODE_EXIT.diskFailed]: { type: 'crashed', code: 'disk-failed' },
  [NODE_EXIT.portTaken]: { type: 'crashed', code: 'port-taken' },
};

/** What the kernel sends who touches a page that is not there, as LMDB does when it follows damaged ones. */
const FAULTS: readonly (NodeJS.Signals | null)[] = ['SIGSEGV', 'SIGBUS'];
/** The C library ends a process whose heap was written over, Node one that has no memory left: not while it starts. */
const FAULTS_AT_START: typeof FAULTS = [...FAULTS, 'SIGABRT'];

export function meaningOf(exit: ProcessExit, { directory, answered }: EndedProcess): ExitMeaning {
  const wasKilled = (answered ? FAULTS : FAULTS_AT_START).includes(exit.signal);
  if (!wasKilled && exit.code !== NODE_EXIT.stateDamaged) return MEANINGS[exit.code ?? -1] ?? { type: 'crashed' };
  const state = join(directory, 'kv');
  const file = join(state, '*', 'data.mdb');
  const damage = {
    wasKilled,
    reason: wasKilled ? `${describeExit(exit)}, as who reads damaged pages: ${file}` : `${file} is damaged`,
    remedy: `remove ${state} and start the node: it makes its state from its log, or says why it cannot`,
  };
  return { type: 'crashed', code: 'state-damaged', damage };
}
