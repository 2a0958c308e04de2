import { describe, expect, it } from 'vitest';
import { RaftctlError, withinTime } from '../../src/base/index.js';

const late = () => new RaftctlError('usage', 'too slow');

describe('withinTime', () => {
  it('answers what the code answers, also when it is used within itself', () => {
    expect(withinTime(10_000, () => `${withinTime(10_000, () => 'in', late)}side`, late)).toBe('inside');
  });

  it('passes on what the code throws', () => {
    const broken = new Error('of its own');
    const run = () => {
      throw broken;
    };
    expect(() => withinTime(10_000, run, late)).toThrow(broken);
  });

  it('breaks off a regular expression that would take for ever, and works on', () => {
    const run = () => /^(a+)+$/.test(`${'a'.repeat(60)}!`);
    expect(() => withinTime(50, run, late)).toThrow('too slow');
    expect(withinTime(10_000, () => 1, late)).toBe(1);
  });
});
