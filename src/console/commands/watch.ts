import { RaftctlError } from '../../base/index.js';
import type { KeyEvent, Watch } from '../../client/index.js';
import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import { type Data, sanitizeLine, type View } from '../output/index.js';
import type { Invocation } from './invocation.js';
import type { CommandSpec } from './spec.js';
import { viaOption } from './via.js';

const watch: CommandSpec = {
  name: 'watch',
  group: 'data',
  about: 'Shows what happens to a key, or to all keys of a prefix',
  arguments: [{ name: 'KEY', kind: { type: 'key' } }],
  options: [
    {
      name: 'from',
      value: { label: 'REV', kind: { type: 'count' } },
      about: 'begin with this past revision (only what comes, unless told otherwise)',
    },
    { name: 'count', value: { label: 'N', kind: { type: 'count' } }, about: 'end after so many events' },
    {
      name: 'via',
      value: { label: 'NODE', kind: { type: 'via' } },
      about: 'watch at this node: a name, leader, follower or any (the default follows the leader)',
    },
  ],
  examples: [
    { line: 'watch key-01', about: 'every put and delete of one key, until Ctrl-C' },
    { line: "watch 'user/*' --from 1", about: 'all keys that begin with user/, from the beginning' },
    { line: 'watch key-01 --count 1 => 1', about: 'in a script: waits until it is written' },
  ],
  details:
    'Events come in order, each once, also when the node that is watched dies. A KEY that ends with * is a prefix; * ' +
    'alone is every key. The nodes keep the past in memory, within a bound: an older revision is an error that names ' +
    'the oldest there is. Off a terminal a line is REVISION, put or delete, KEY and VALUE, divided by tabs.',
  unbounded: (_call, origin) => origin !== 'script',
  async run(context, call) {
    const from = positive(call, 'from');
    const count = positive(call, 'count') ?? Number.POSITIVE_INFINITY;
    const client = await context.cluster.client(context.timeoutMs);
    const watching = client.watch(targetOf(call), {
      timeoutMs: context.scope.timeoutMs,
      signal: context.signal,
      ...(from === undefined ? {} : { from }),
      ...viaOption(context, call),
    });
    return show(context, call, watching, count);
  },
};

export const WATCH_COMMANDS: readonly CommandSpec[] = [watch];

const STAR = '*'.charCodeAt(0);

function targetOf(call: Invocation): Buffer | { readonly prefix: Buffer } {
  const key = call.bytes('KEY');
  return key.at(-1) === STAR ? { prefix: key.subarray(0, -1) } : key;
}

function positive(call: Invocation, name: string): number | undefined {
  const value = call.count(name);
  if (value === undefined || value >= 1) return value;
  throw new RaftctlError('usage', `--${name}: expected at least 1, got ${value}`);
}

/** Says where it begins, shows each event, and ends after `count` of them, or when it is interrupted. */
async function show(context: Context, call: Invocation, watching: Watch, count: number): Promise<Outcome> {
  const { output, signal } = context;
  let seen = 0;
  try {
    const { revision, node } = await watching.started;
    output.say(`watching ${sanitizeLine(call.text('KEY'))} from revision ${revision} on, at ${node}`);
    for await (const event of watching) {
      output.item(documentOf(event), textOf(event, output.view), event.type);
      seen += 1;
      if (seen >= count) break;
    }
  } catch (thrown) {
    // Ctrl-C is how it ends without a count, and no failure. One that had to see more has failed.
    if (!signal.aborted || count !== Number.POSITIVE_INFINITY) throw thrown;
  }
  return { document: null, principal: seen, text: () => '' };
}

const documentOf = ({ type, key, value, createRevision, modRevision, version }: KeyEvent): Data => ({
  type,
  key,
  value: type === 'put' ? value : null,
  createRevision,
  modRevision,
  version,
});

function textOf({ type, key, value, modRevision }: KeyEvent, { terminal, paint }: View): string {
  if (!terminal) {
    const words = [String(modRevision), type, key.toString(), ...(type === 'put' ? [value.toString()] : [])];
    return words.join('\t');
  }
  const what = `${paint.dim(String(modRevision))} ${type === 'put' ? 'put' : paint.red('delete')} ${sanitizeLine(key.toString())}`;
  return type === 'put' ? `${what} ${sanitizeLine(value.toString())}` : what;
}
