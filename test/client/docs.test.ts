import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERRORS, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { CALL_CODES } from '../../src/client/codes.js';
import { connect } from '../../src/client/index.js';
import { createTcpTransport } from '../../src/transport/index.js';
import { FakeNode } from '../helpers/fake-node.js';

it('the example of docs/client.md runs as it stands and prints what it says', async () => {
  const text = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(text)![1]!.replace(/^import .*$/m, '');
  const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
  const node = await FakeNode.start({
    transport: createTcpTransport({ ...time, emit: silent }),
    name: 'node-01',
    leader: 'node-01',
  });
  node.serve();
  const printed: string[] = [];
  const console = { log: (...parts: unknown[]) => printed.push(parts.join(' ')) };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const run = new AsyncFunction('connect', 'console', example);
  await run(() => connect(node.endpoint), console);
  expect(printed).toEqual(['content 01 1', 'key-01 = content 01']);
  await node.stop();
});

it('docs/client.md lists every code that a call may reject with, and says of each what the code says', () => {
  const text = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
  const table = /\| code \| definite \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(text)![1]!;
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));
  const documented = rows.flatMap(([, codes, definite]) =>
    [...codes!.matchAll(/`([a-z-]+)`/g)].map(([, code]) => ({ code: code!, definite: definite! })),
  );
  expect(documented.map(({ code }) => code).sort()).toEqual([...CALL_CODES].sort());
  const plain = documented.filter(({ definite }) => definite === 'yes' || definite === 'no');
  expect(plain.map(({ code }) => code)).toEqual(expect.arrayContaining(['key-empty', 'unreachable', 'quorum-lost']));
  for (const { code, definite } of plain)
    expect(`${code} ${ERRORS[code as keyof typeof ERRORS].definite}`).toBe(`${code} ${definite === 'yes'}`);
});
