import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import type { Invocation } from './invocation.js';
import type { CommandSpec } from './spec.js';
import type { CommandTable } from './table.js';

/** Commands of these groups name nodes, and nothing that is in the store. */
const NAME_NO_KEYS: ReadonlySet<string> = new Set(['nodes', 'members', 'faults']);

/** What is written of an archive that nobody wants any more is removed. A disk may be slow. */
const TIDIES_UP_MS = 5_000;

export const bundleCommand = (table: () => CommandTable): CommandSpec => ({
  name: 'bundle',
  group: 'watching',
  about: 'Packs what a bug report needs into one archive: configuration, versions, status, events, logs, history',
  arguments: [{ name: 'FILE', kind: { type: 'file' }, optional: true }],
  options: [{ name: 'data', about: 'with keys and values: commands, messages and the history as they are' }],
  examples: [
    { line: 'bundle', about: 'raftctl-NAME-TIME.tar.gz, here' },
    { line: 'bundle report.tar.gz --data', about: 'for somebody who may see what is stored' },
  ],
  details:
    'Keys and values are left out unless --data says so: of commands on data only the name is kept, of messages nothing ' +
    'that stands in quotes, and in the history names stand for keys and values, so that it can be checked all the same. ' +
    'The secret of the cluster, the environment and the data directories are never in it. Nodes may be dead or paused; a ' +
    'cluster that does not run is packed from its directory (raftctl bundle, beside its cluster.yaml, or -C DIRECTORY).',
  alsoStopped: true,
  unbounded: () => true,
  interruptMs: TIDIES_UP_MS,
  run: (context, call) => pack(context, call, table()),
});

async function pack(context: Context, call: Invocation, table: CommandTable): Promise<Outcome> {
  const { cluster, scope, surface, signal, output } = context;
  const { stopped } = surface;
  const control = stopped === undefined ? cluster.control() : null;
  const directory = stopped?.directory ?? control!.directory;
  const wall = surface.clock.wall();
  const root = `raftctl-${control?.config.name ?? directory.split('/').at(-1)}-${timeOf(wall)}`;
  const file = call.find('FILE') ?? `${root}.tar.gz`;
  const data = call.has('data');
  const { BundleContents } = await import('../bundle/index.js');
  const { writeArchive } = await import('../files/archive.js');
  const contents = new BundleContents({
    control,
    whyNot: stopped?.why ?? null,
    directory,
    history: scope.recorded.lines(),
    data,
    withoutKeys: (line) => withoutKeys(line, table),
    wall,
    signal,
  });
  context.waiting('the nodes to say how they are');
  const unique = `${wall}-${surface.random.next().toString(36).slice(2, 8)}`;
  const files = await writeArchive(contents.files(), { file, root, wall, unique });
  const { shortfalls } = contents;
  for (const { what, why } of shortfalls) output.say(`not in it: ${what} (${why})`);
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  const keys = data ? 'with keys and values: look at who gets it' : 'without keys and values (--data takes them in)';
  return {
    document: {
      file,
      hasData: data,
      isRunning: control !== null,
      files,
      missing: shortfalls.map((one) => ({ ...one })),
    },
    principal: file,
    text: () => `wrote ${file}: ${files.length} files, ${sizeOf(bytes)}, ${keys}`,
  };
}

/** `put …`; what names nodes alone stays. A command that nobody knows any more says nothing. */
function withoutKeys(line: string, table: CommandTable): string {
  const found = table.match(line.split(' '))?.spec;
  if (found === undefined) return '…';
  return NAME_NO_KEYS.has(found.group) ? line : `${found.name} …`;
}

const sizeOf = (bytes: number): string =>
  bytes < 1 << 20 ? `${Math.ceil(bytes / 1_024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;

/** In UTC: 20261128T173005Z. */
const timeOf = (wall: number): string => new Date(wall).toISOString().replace(/[-:]|\.\d+/g, '');
