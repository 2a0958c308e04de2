import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LEVELS } from '../../src/base/index.js';
import { EVENTS, isEventName } from '../../src/diagnostics/index.js';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && (!name.startsWith('diagnostics') || name.endsWith('merged-stream.ts')))
  .map((name) => readFileSync(join('src', name), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, ''));

/** What the stream itself notes for a reader, and `emit('info', 'name', …)`, `event(level, 'name', …)`, `tell(context, node, 'name', …)`, `warnings.warn('name', …)`. */
const EMITTED =
  /\b(?:(?:emit|event|tell)\(\s*(?:[^();,]*'(?:error|warn|info|debug|trace)',|context, node,|level,)|warnings\.warn\(|note\(\{ event:)\s*'([a-z-]+)'/g;

describe('the table of events', () => {
  it('has every event that anything emits, and no other', () => {
    const emitted = sources.flatMap((source) => [...source.matchAll(EMITTED)].map((match) => match[1]!));
    expect(emitted.length).toBeGreaterThan(0);
    expect(emitted.filter((name) => !isEventName(name))).toEqual([]);
    expect(Object.keys(EVENTS).filter((name) => !emitted.includes(name))).toEqual([]);
  });

  it('says what each of them is, in a sentence', () => {
    for (const [name, { about, level, component, fields }] of Object.entries(EVENTS)) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(about).toMatch(/^[A-Z].*\.$/);
      expect(LEVELS).toContain(level);
      expect(component).toMatch(/^[a-z]+$/);
      expect(Object.values(fields).every((meaning) => meaning.length > 0)).toBe(true);
    }
    expect([isEventName('role-changed'), isEventName('toString')]).toEqual([true, false]);
  });
});
