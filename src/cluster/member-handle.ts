import type { Clock, Emit, Member, Random, Scheduler } from '../base/index.js';
import type { ClusterConfig } from './config/config.js';
import type { ClusterDirectory } from './directory.js';
import type { Engine } from './engine.js';
import type { KnownMembers } from './known-members.js';
import { NodeHandle, type NodeHandleOptions } from './node-handle.js';
import type { RestartOptions } from './process-machine.js';

/** What a supervisor knows of all its members. */
export interface MemberHandleOptions extends Pick<NodeHandleOptions, 'led' | 'changed' | 'events' | 'heard'> {
  readonly config: ClusterConfig;
  readonly clusterId: string;
  readonly directory: ClusterDirectory;
  readonly members: KnownMembers;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly restarts?: RestartOptions | undefined;
  readonly emit: Emit;
}

/** The handle of one member: its processes are told what cluster.yaml says, and who the members are. */
export function memberHandle(
  { id, incarnation, host, port, joins }: Member & { readonly joins?: boolean | undefined },
  options: MemberHandleOptions,
): NodeHandle {
  const { config, clusterId, directory, members } = options;
  const { raft, storage, logs, supervisor } = config;
  return new NodeHandle({
    ...options,
    plan: {
      id,
      incarnation,
      host,
      port,
      joins,
      cluster: config.name,
      clusterId,
      members: members.own.map(({ joined, joins: _, ...member }) => member),
      directory: directory.nodeDirectory(id),
      heartbeatMs: raft.heartbeatMs,
      electionTimeoutMs: raft.electionTimeoutMs,
      maxValueBytes: storage.maxValueBytes,
      keepLogBytes: storage.keepLogBytes,
      logLevel: logs.level,
    },
    mayCreate: () => !members.hasJoined(id),
    log: { file: directory.logFile(id), maxFileBytes: logs.maxFileBytes, files: logs.files },
    restart: supervisor.restart,
  });
}
