import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
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
