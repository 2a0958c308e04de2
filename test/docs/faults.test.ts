import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '../..', file), 'utf8');

const withoutComments = (script: string): readonly string[] =>
  script.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

it('docs/faults.md is the story of examples/faults.raft, which the tests of the examples run', () => {
  const blocks = [...read('docs/faults.md').matchAll(/```raft\n(.*?)```/gs)].map(([, block]) => block!);
  expect(withoutComments(blocks.join(''))).toEqual(withoutComments(read('examples/faults.raft')));
});
