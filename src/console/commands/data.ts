import { RaftctlError } from '../../base/index.js';
import type { KeyValue, ReadOptions } from '../../client/index.js';
import { faultText } from '../../cluster/control.js';
import type { Context } from '../context.js';
import { columns, sanitize, sanitizeLine, type View } from '../output/index.js';
import type { Invocation } from './invocation.js';
import { votersLeft } from './quorum.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';
import { viaOption } from './via.js';

const VIA: OptionSpec = {
  name: 'via',
  value: { label: 'NODE', kind: { type: 'via' } },
  about: 'ask this node: a name, leader, follower or any (the default asks the leader when it is known)',
};
const READ: OptionSpec = {
  name: 'read',
  value: { label: 'MODE', kind: { type: 'choice', choices: ['linearizable', 'stale'] } },
  about: 'stale answers at once from what the node has, and may be old',
};
const HEX: OptionSpec = { name: 'hex', excludes: 'base64', about: 'values are bytes written in hex' };
const BASE64: OptionSpec = { name: 'base64', excludes: 'hex', about: 'values are bytes written in base64' };
const ENCODINGS = [HEX, BASE64];

const KEY = { name: 'KEY', kind: { type: 'key' } } as const;

const put: CommandSpec = {
  name: 'put',
  group: 'data',
  acts: true,
  about: 'Writes a value under a key',
  arguments: [KEY, { name: 'VALUE', kind: { type: 'value' } }],
  options: [VIA, ...ENCODINGS],
  examples: [
    { line: 'put key-01 "content 01"', about: 'answers OK once a majority has it on disk' },
    { line: 'put key-01 hello --via node-03', about: 'sent to node-03, which forwards it to the leader' },
    { line: 'put photo -', about: 'the value is what comes from standard input' },
    { line: 'put delta -- -5', about: 'a value that begins with -' },
  ],
  details:
    'A node answers OK when the write is committed: on the disks of a majority. A timeout says whether the outcome is known.',
  async run(context, call) {
    const value = await inputValue(context, call, 'VALUE');
    const client = await context.cluster.client(context.timeoutMs);
    const { revision, node } = await client.put(call.bytes('KEY'), value, callOptions(context, call));
    return { document: { key: call.bytes('KEY'), revision, node }, principal: 'OK', text: () => 'OK' };
  },
};

const get: CommandSpec = {
  name: 'get',
  group: 'data',
  about: 'Reads the value of a key',
  arguments: [KEY],
  options: [VIA, READ, { name: 'exists', about: 'exit code 1 when there is no such key' }, ...ENCODINGS],
  examples: [
    { line: 'get key-01', about: 'the latest value, whichever node is asked (linearizable)' },
    { line: 'get key-01 --via node-03 --read stale', about: 'what node-03 has by itself' },
    { line: 'get key-01 => "content 01"', about: 'in a script: it must be this' },
  ],
  details:
    'A missing key prints (nil) on a terminal and nothing elsewhere; that is no error, unless --exists is given. An ' +
    'empty value prints nothing anywhere. What tells the two apart: --exists (exit code 0 for the empty value), found in ' +
    '-o json, and in a script => nil for the missing key, => "" for the empty value.',
  async run(context, call) {
    const key = call.bytes('KEY');
    const client = await context.cluster.client(context.timeoutMs);
    const { entry: found, revision, node } = await client.read(key, callOptions(context, call));
    const missing = found === null && call.has('exists') ? { unmet: `there is no key ${quoted(key)}` } : {};
    return {
      document: { ...(found ? entryOf(found, call) : { key, value: null }), found: found !== null, revision, node },
      principal: found ? shown(found.value, call) : null,
      text: (view) =>
        found ? valueText(shown(found.value, call), view) : view.terminal ? view.paint.dim('(nil)') : '',
      ...missing,
    };
  },
};

const del: CommandSpec = {
  name: 'del',
  group: 'data',
  acts: true,
  about: 'Deletes a key',
  arguments: [KEY],
  options: [VIA],
  examples: [{ line: 'del key-01', about: 'answers OK, or (nil) when there was no such key' }],
  async run(context, call) {
    const key = call.bytes('KEY');
    const client = await context.cluster.client(context.timeoutMs);
    const { deleted, revision, node } = await client.delete(key, callOptions(context, call));
    return {
      document: { key, deleted, revision, node },
      principal: deleted,
      text: (view) => (deleted ? 'OK' : view.terminal ? view.paint.dim('(nil)') : ''),
    };
  },
};

const cas: CommandSpec = {
  name: 'cas',
  group: 'data',
  acts: true,
  about: 'Compares and sets: writes NEW if the key holds OLD',
  arguments: [
    KEY,
    { name: 'OLD', kind: { type: 'value' }, instead: { option: 'absent', name: 'NEW' } },
    { name: 'NEW', kind: { type: 'value' }, optional: true },
  ],
  options: [{ name: 'absent', about: 'write only if there is no such key: cas KEY NEW --absent' }, VIA, ...ENCODINGS],
  examples: [
    { line: 'cas counter 1 2', about: 'writes 2 if the value is 1' },
    { line: 'cas lock me --absent', about: 'writes only if nobody has' },
    { line: 'cas counter 1 3 => false', about: 'in a script: it must find another value' },
  ],
  details: 'Prints true or false; false is exit code 1.',
  async run(context, call) {
    const key = call.bytes('KEY');
    const absent = call.has('absent');
    if (absent === call.has('NEW')) {
      const problem = absent ? 'cas KEY NEW --absent takes one value' : 'cas needs NEW, or --absent';
      throw new RaftctlError('usage', problem, { hint: 'usage: cas KEY OLD NEW, or cas KEY NEW --absent' });
    }
    const first = await inputValue(context, call, 'OLD');
    const value = absent ? first : await inputValue(context, call, 'NEW');
    const client = await context.cluster.client(context.timeoutMs);
    const options = callOptions(context, call);
    const { succeeded, revision, node } = await client.compareAndSet(key, absent ? null : first, value, options);
    const unmet = succeeded
      ? {}
      : { unmet: absent ? `${quoted(key)} exists` : `${quoted(key)} does not hold the expected value` };
    return {
      document: { key, succeeded, revision, node },
      principal: succeeded,
      text: () => String(succeeded),
      ...unmet,
    };
  },
};

const scan: CommandSpec = {
  name: 'scan',
  group: 'data',
  about: 'Lists keys and values in the order of their bytes',
  arguments: [{ name: 'PREFIX', kind: { type: 'key' }, optional: true }],
  options: [
    {
      name: 'limit',
      value: { label: 'N', kind: { type: 'count' } },
      about: 'at most this many (1,000 unless told otherwise)',
    },
    VIA,
    READ,
    ...ENCODINGS,
  ],
  examples: [
    { line: 'scan', about: 'everything' },
    { line: 'scan user/ --limit 10', about: 'the first ten keys that begin with user/' },
    { line: 'scan user/ => 3', about: 'in a script: there are three' },
  ],
  details:
    'A long answer comes in pages. They are read anew when the store changes meanwhile; when it never holds still, the answer says so, and the document has consistent: false.',
  async run(context, call) {
    const client = await context.cluster.client(context.timeoutMs);
    const range = call.has('PREFIX') ? { prefix: call.bytes('PREFIX') } : {};
    const limit = call.count('limit') ?? 1_000;
    const found = await client.scanAll({ ...range, limit }, callOptions(context, call));
    const { entries, more, revision, node, consistent } = found;
    if (!consistent)
      context.output.say(`the keys changed while they were read: not all are as of revision ${revision}`);
    if (more) context.output.say(`there is more after ${quoted(entries.at(-1)?.key ?? Buffer.alloc(0))}: see --limit`);
    return {
      document: { entries: entries.map((entry) => entryOf(entry, call)), more, revision, node, consistent },
      principal: entries.length,
      text: (view) => entriesText(entries, call, view),
    };
  },
};

export const DATA_COMMANDS: readonly CommandSpec[] = [put, get, del, scan, cas].map((spec) => ({
  ...spec,
  run: (context, call) =>
    spec.run(context, call).catch((thrown: unknown) => Promise.reject(withQuorum(context, thrown))),
}));

const QUORUM_SYMPTOMS: ReadonlySet<string> = new Set(['timeout', 'outcome-unknown', 'unreachable', 'no-leader']);

/** What a client sees as a timeout has a reason that the supervisor knows: too few nodes are up, or faults are in force. */
function withQuorum(context: Context, thrown: unknown): unknown {
  if (!(thrown instanceof RaftctlError) || !QUORUM_SYMPTOMS.has(thrown.code)) return thrown;
  const control = context.cluster.control();
  const { faults, up, total } = control.live();
  const { sets, holds } = votersLeft(control);
  const { definite } = thrown;
  if (holds) {
    if (faults.length === 0) return thrown;
    const hint = `in force: ${faults.map(({ fault }) => faultText(fault)).join('; ')}: heal`;
    return new RaftctlError(thrown.code, thrown.message, { definite, hint, cause: thrown });
  }
  const there = faults.length === 0 ? 'up' : 'together';
  const counts = sets
    .map(({ counted, voters, needed }) => `${counted} of ${voters} ${there}, ${needed} needed`)
    .join(' and ');
  return new RaftctlError('quorum-lost', `${thrown.message}; the quorum is lost: ${counts}`, {
    definite,
    hint: [...(faults.length > 0 ? ['heal'] : []), ...(up < total || faults.length === 0 ? ['start down'] : [])].join(
      '; ',
    ),
    cause: thrown,
  });
}

function callOptions(context: Context, call: Invocation): ReadOptions {
  return {
    timeoutMs: context.timeoutMs,
    signal: context.signal,
    ...viaOption(context, call),
    ...(call.find('read') === 'stale' ? { read: 'stale' as const } : {}),
  };
}

async function inputValue(context: Context, call: Invocation, name: string): Promise<Buffer> {
  const bytes = call.isDash(name) ? await readInput(context) : call.bytes(name);
  if (call.has('hex')) return decoded(bytes.toString('utf8'), 'hex', /^(?:[0-9a-fA-F]{2})*$/);
  if (call.has('base64')) return decoded(bytes.toString('utf8'), 'base64', /^[A-Za-z0-9+/_-]*={0,2}$/);
  return bytes;
}

function readInput(context: Context): Promise<Buffer> {
  const { readInput: read } = context.surface;
  if (read) return read();
  throw new RaftctlError('usage', 'a value - reads standard input, which the prompt itself reads', {
    hint: 'write -- before it to mean a dash; use raftctl put KEY - from a shell',
  });
}

function decoded(text: string, encoding: 'hex' | 'base64', form: RegExp): Buffer {
  const trimmed = text.trim();
  if (!form.test(trimmed))
    throw new RaftctlError('usage', `'${sanitizeLine(trimmed.slice(0, 40))}' is not ${encoding}`);
  return Buffer.from(trimmed, encoding);
}

/** A value as it is printed: itself, or written in the encoding that was asked for. */
function shown(value: Buffer, call: Invocation): Buffer | string {
  if (call.has('hex')) return value.toString('hex');
  return call.has('base64') ? value.toString('base64') : value;
}

const entryOf = (entry: KeyValue, call: Invocation) => ({
  key: entry.key,
  value: shown(entry.value, call),
  createRevision: entry.createRevision,
  modRevision: entry.modRevision,
  version: entry.version,
});

const valueText = (value: Buffer | string, view: View): string | Buffer =>
  view.terminal ? sanitize(value.toString()) : value;

/** On a terminal harmless and aligned; elsewhere `key TAB value`, bytes as they are. */
function entriesText(entries: readonly KeyValue[], call: Invocation, view: View): string | Buffer {
  if (view.terminal) {
    return columns(
      entries.map((entry) => [sanitizeLine(entry.key.toString()), sanitizeLine(shown(entry.value, call).toString())]),
    );
  }
  const lines = entries.flatMap((entry) => [
    entry.key,
    Buffer.from('\t'),
    Buffer.from(shown(entry.value, call)),
    Buffer.from('\n'),
  ]);
  return Buffer.concat(lines).subarray(0, -1);
}

const quoted = (key: Buffer): string => `'${sanitizeLine(key.toString())}'`;
