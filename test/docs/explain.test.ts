import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { asNodeId, votersOnly } from '../../src/base/index.js';
import { drawn } from '../../src/console/commands/explain-text.js';
import { viewOf } from '../../src/console/output/index.js';
import { explain } from '../../src/diagnostics/index.js';
import { recorded, recordings, textFile } from '../diagnostics/explanation/recorded.js';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/explain.md'), 'utf8');

it('docs/explain.md shows what explain tells of a recorded cluster, to the letter', () => {
  const configuration = votersOnly(['node-01', 'node-02', 'node-03'].map(asNodeId));
  const explanation = explain({ events: recorded('leader-killed'), lost: 0, configuration });
  const shown = drawn(explanation, viewOf({ columns: 80 }, {}), explanation.episodes[0]!.wall + 12_000);
  expect(/```console\n(.*?)\n```/s.exec(page)?.[1]?.replace(/^demo .*> explain\n/, '')).toBe(shown);
});

it('docs/explain.md speaks of no line that explain does not write', () => {
  const told = recordings()
    .map((name) => readFileSync(textFile(name), 'utf8'))
    .join('\n');
  const phrases = [...page.matchAll(/^\| \*(.+?)\* \|/gm)].map(([, phrase]) => phrase!.split(' … '));
  expect(phrases.length).toBeGreaterThan(10);
  expect(
    phrases.filter((parts) => !told.split('\n').some((line) => parts.every((part) => line.includes(part)))),
  ).toEqual([]);
});
