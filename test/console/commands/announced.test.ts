import { describe, expect, it } from 'vitest';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';

const told = (...words: readonly string[]): string => TABLE.bind(words.map(literalArg), 'one-shot').lineWithoutValues;

describe('what others at the cluster are told of a command', () => {
  it.each([
    [['put', 'key-01', 'a secret'], 'put key-01 …'],
    [['put', 'a key', 's', '--via', 'node-02', '--timeout', '2s'], 'put "a key" … --via node-02'],
    [['cas', 'key-01', 'old', 'new'], 'cas key-01 … …'],
    [['kill', 'leader', 'node-02', '--yes'], 'kill leader node-02 --yes'],
    [['add', 'node-05', '--learner'], 'add node-05 --learner'],
  ])('%j: %s', (words, line) => {
    expect(told(...words)).toBe(line);
  });
});
