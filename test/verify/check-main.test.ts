import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { runCheck } from '../../src/verify/check-main.js';
import { verdictText } from '../../src/verify/checker/index.js';
import { historyLine } from '../../src/verify/history/index.js';
import { generate } from './checker/generate.js';
import { stillClock } from './checker/story.js';

const GUIDE = readFileSync(new URL('../../docs/checker.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(GUIDE)![1]!;

const lines = generate(seededRandom(1), {
  operations: 100,
  keys: 3,
  clients: 3,
  unknown: 0.05,
  uniqueValues: true,
}).map((operation) => historyLine(operation, 5n));

describe('raftctl check', () => {
  it('reads lines as they come and passes a good history with 0', async () => {
    async function* trickle() {
      yield* lines;
    }
    const verdict = await runCheck(trickle(), { clock: stillClock, name: 'h.jsonl' });
    expect(verdict).toMatchObject({ verdict: 'linearizable', history: 'h.jsonl', operations: 100, keys: 3 });
  });

  it('gives a document that is JSON as it is', async () => {
    const verdict = await runCheck(block('jsonl').split('\n'), { clock: stillClock });
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  it('refuses a malformed line with exit code 2', async () => {
    await expect(runCheck([...lines, '{"op":"put"}'], { clock: stillClock, name: 'h.jsonl' })).rejects.toMatchObject({
      code: 'history-invalid',
      exitCode: 2,
      message: expect.stringContaining('h.jsonl:101: call_ns:'),
    });
  });

  it('checks one key alone, and names the keys there are when it has none of that name', async () => {
    const wrong = '{"client":"z","op":"get","key":"bad","call_ns":1,"return_ns":2,"ok":true,"output":"ghost"}';
    const only = (key: string) => runCheck([...lines, wrong], { clock: stillClock, key });
    expect(await only('key-1')).toMatchObject({ verdict: 'linearizable', keys: 1 });
    expect(await only('bad')).toMatchObject({ verdict: 'violation', keys: 1, operations: 1 });
    await expect(only('nokey')).rejects.toMatchObject({
      code: 'usage',
      message: 'history: no operation on the key "nokey"',
      hint: expect.stringContaining('"key-1"'),
    });
  });

  it('prints what docs/checker.md shows', async () => {
    const verdict = await runCheck(block('jsonl').split('\n'), { clock: stillClock, name: 'history.jsonl' });
    expect(`${verdictText(verdict)}\n`).toBe(block('text'));
  });
});
