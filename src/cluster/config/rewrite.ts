import { readFileSync, realpathSync } from 'node:fs';
import { isMap, isSeq, parseDocument, YAMLSeq } from 'yaml';
import type { Member } from '../../base/index.js';
import { writeFileAtomically } from '../../os/index.js';
import { parseConfig } from './config.js';

type Address = Pick<Member, 'id' | 'host' | 'port'>;

/**
 * Has cluster.yaml list `after` where it listed `before`, with all its comments and settings as they are. Answers the
 * digest of what it says then. Undefined: it did not list `before`, since the cluster was started with other nodes than
 * its (`--nodes`, `--port-offset`), and is left alone.
 */
export async function rewriteNodes(
  file: string,
  before: readonly Address[],
  after: readonly Address[],
): Promise<string | undefined> {
  const text = readFileSync(file, 'utf8');
  if (!isSame(parseConfig(text, file).nodes, before)) return undefined;
  const document = parseDocument(text);
  const host = String(document.get('host') ?? '127.0.0.1');
  const item = ({ id, host: own, port }: Address) => {
    const node = document.createNode(own === host ? { id, port } : { id, host: own, port });
    node.flow = true;
    return node;
  };
  const nodes = document.get('nodes');
  if (isSeq(nodes)) {
    nodes.items = nodes.items.filter((known) => isMap(known) && after.some(({ id }) => id === known.get('id')));
    const listed = new Set(nodes.items.map((known) => isMap(known) && known.get('id')));
    nodes.items.push(...after.filter(({ id }) => !listed.has(id)).map(item));
  } else {
    const list = new YAMLSeq();
    list.items = after.map(item);
    document.set('nodes', list);
    document.delete('basePort');
  }
  const content = document.toString({ lineWidth: 0 });
  const { digest } = parseConfig(content, file);
  await writeFileAtomically(realpathSync(file), content, 0o644);
  return digest;
}

const isSame = (one: readonly Address[], other: readonly Address[]): boolean =>
  one.length === other.length &&
  one.every((node) => other.some(({ id, host, port }) => id === node.id && host === node.host && port === node.port));
