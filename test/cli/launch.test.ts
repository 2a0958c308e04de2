import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
import { launch, launchForCode } from '../../src/cli/launch.js';

const PROGRAM = `
const path = require('node:path');
function add(a, b) { return a + b; }
module.exports = { name: path.basename(__filename), sum: add(2, 3) };`;

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'raftctl-launch-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function programIn(place: string, source = PROGRAM): string {
  const file = join(place, 'program-1A2B.cjs');
  writeFileSync(file, source);
  return file;
}

const codeIn = (place: string) => readdirSync(place).filter((name) => !name.endsWith('.cjs'));
const RESULT = { name: 'program-1A2B.cjs', sum: 5 };

test('a program runs without any code, and knows where it is', () => {
  expect(launch(programIn(directory()))).toEqual(RESULT);
});

test('the code is kept beside the program, under the name of this Node, and V8 accepts it', () => {
  const place = directory();
  const file = programIn(place);
  launchForCode(file)();
  expect(codeIn(place)).toEqual([`program-1A2B-${process.version}-${process.platform}-${process.arch}.code`]);
  const scripts = vi.spyOn(Script.prototype, 'runInThisContext');
  onTestFinished(() => scripts.mockRestore());
  expect(launch(file)).toEqual(RESULT);
  expect(scripts.mock.contexts[0]).toMatchObject({ cachedDataRejected: false });
});

test('code that is cut short, empty or of another program is refused, and the program runs all the same', () => {
  const place = directory();
  const file = programIn(place);
  launchForCode(file)();
  const code = join(place, codeIn(place)[0]!);
  const longer = programIn(place, `${PROGRAM}\nmodule.exports.sum++;`);
  expect(launch(longer)).toEqual({ ...RESULT, sum: 6 });
  truncateSync(code, 200);
  expect(launch(longer)).toEqual({ ...RESULT, sum: 6 });
  truncateSync(code, 0);
  expect(launch(longer)).toEqual({ ...RESULT, sum: 6 });
});

test('code for another Node is not looked at', () => {
  const place = directory();
  const file = programIn(place);
  writeFileSync(join(place, `program-1A2B-v99.0.0-${process.platform}-${process.arch}.code`), 'not code');
  expect(launch(file)).toEqual(RESULT);
});
