import { asNodeId, LEVELS, type Level, type NodeId, RaftctlError } from '../base/index.js';

/** What a node must know to run; the supervisor hands it over as one JSON document. */
export interface NodeSpec {
  readonly cluster: string;
  /** 32 hex digits, drawn by the first `up`. */
  readonly clusterId: string;
  readonly id: NodeId;
  /** Rises when a member is replaced under the same name. */
  readonly incarnation: number;
  readonly members: readonly Member[];
  readonly directory: string;
  /** false: it has run before, so an empty directory means lost votes, and it must refuse to start (Diss. §3.8). */
  readonly mayCreate: boolean;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
  readonly maxValueBytes: number;
  readonly logLevel: Level;
}

export interface Member {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

/** Parses the document, naming what is wrong with it. */
export function parseNodeSpec(text: string): NodeSpec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new RaftctlError('usage', 'the node specification is not JSON', { cause });
  }
  const spec = objectAt(parsed, 'specification');
  const [electionMin, electionMax] = arrayAt(spec['electionTimeoutMs'], 'electionTimeoutMs');
  const logLevel = LEVELS.find((level) => level === spec['logLevel']);
  if (logLevel === undefined) throw wrong('logLevel', LEVELS.join(', '), spec['logLevel']);
  const members = arrayAt(spec['members'], 'members').map((member, i) => memberAt(member, `members[${i}]`));
  const id = asNodeId(textAt(spec['id'], 'id'));
  if (!members.some((member) => member.id === id))
    throw wrong('members', `one called ${id}`, members.map((m) => m.id).join());
  return {
    cluster: textAt(spec['cluster'], 'cluster'),
    clusterId: textAt(spec['clusterId'], 'clusterId'),
    id,
    incarnation: wholeAt(spec['incarnation'], 'incarnation'),
    members,
    directory: textAt(spec['directory'], 'directory'),
    mayCreate: spec['mayCreate'] === true,
    heartbeatMs: wholeAt(spec['heartbeatMs'], 'heartbeatMs'),
    electionTimeoutMs: [wholeAt(electionMin, 'electionTimeoutMs[0]'), wholeAt(electionMax, 'electionTimeoutMs[1]')],
    maxValueBytes: wholeAt(spec['maxValueBytes'], 'maxValueBytes'),
    logLevel,
  };
}

function memberAt(value: unknown, path: string): Member {
  const member = objectAt(value, path);
  return {
    id: asNodeId(textAt(member['id'], `${path}.id`)),
    host: textAt(member['host'], `${path}.host`),
    port: wholeAt(member['port'], `${path}.port`),
  };
}

const wrong = (path: string, expected: string, received: unknown): RaftctlError =>
  new RaftctlError('usage', `node specification ${path}: expected ${expected}, got ${JSON.stringify(received)}`);

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw wrong(path, 'an object', value);
  return value as Readonly<Record<string, unknown>>;
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'a list', value);
  return value;
}

function textAt(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw wrong(path, 'a text', value);
  return value;
}

function wholeAt(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw wrong(path, 'a whole number', value);
  return value;
}
