import { expect, it } from 'vitest';
import { type Emit, LimitedWarnings } from '../../src/base/index.js';
import { ManualTime } from '../helpers/manual-time.js';

it('says a burst of warnings, counts what is beyond it, and begins anew with the next window', () => {
  const time = new ManualTime(0);
  const said: string[] = [];
  const emit: Emit = {
    enabled: () => true,
    emit: (level, event, fields) => void said.push(`${level} ${event} ${fields?.['count'] ?? ''}`.trim()),
  };
  const warnings = new LimitedWarnings(emit, time);
  for (let nth = 0; nth < 25; nth += 1) warnings.warn('refused', {});
  expect(said.filter((line) => line === 'warn refused')).toHaveLength(10);
  expect(said.filter((line) => line === 'debug refused')).toHaveLength(15);
  time.advance(10_000);
  expect(said.at(-1)).toBe('warn warnings-left-out 15');
  expect(time.pending).toEqual([]);
  warnings.warn('refused', {});
  expect(said.at(-1)).toBe('warn refused');
  time.advance(10_000);
  expect(said.at(-1)).toBe('warn refused');
});
