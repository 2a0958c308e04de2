import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDocument } from '../../src/wire/document.js';
import { decodeNodeFaults, encodeNodeFaults, NO_FAULTS } from '../../src/wire/node-faults.js';
import { nodeFaults } from './arbitraries.js';
import { damaged, refusalOf, survives } from './hostile.js';

const link = { peer: 'node-b', direction: 'in' };
const linked = (fault: object) => ({ links: [{ ...link, ...fault }], disk: null });
const refused = (document: unknown) => refusalOf(() => decodeNodeFaults(encodeDocument(document))).message;

describe('what a node is to suffer', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(nodeFaults, (faults) => {
        expect(decodeNodeFaults(encodeNodeFaults(faults))).toEqual(faults);
      }),
    );
    expect(decodeNodeFaults(encodeNodeFaults(NO_FAULTS))).toEqual(NO_FAULTS);
  });

  it('may go to its bounds', () => {
    for (const fault of [
      { type: 'slow', delayMs: 0, jitterMs: 60_000 },
      { type: 'slow', delayMs: 60_000, jitterMs: 0 },
      { type: 'flaky', lossRate: 0 },
      { type: 'flaky', lossRate: 1 },
    ]) {
      expect(decodeNodeFaults(encodeDocument(linked(fault)))).toEqual(linked(fault));
    }
  });

  it.each([
    ['nothing', undefined, 'malformed faults: expected an object, got null'],
    ['no links', { disk: null }, 'malformed faults.links: expected a list, got undefined'],
    ['no word on the disk', { links: [] }, 'malformed faults.disk: expected an object, got undefined'],
    ['a fault that there is not', linked({ type: 'loud' }), 'faults.links[0].type: expected cut or slow or flaky'],
    [
      'a direction that there is not',
      linked({ type: 'cut', direction: 'up' }),
      'links[0].direction: expected in or out',
    ],
    ['a peer in numbers', linked({ type: 'cut', peer: 7 }), 'faults.links[0].peer: expected text, got 7'],
    [
      'time that runs back',
      linked({ type: 'slow', delayMs: -1, jitterMs: 0 }),
      'malformed faults.links[0].delayMs: expected a number from 0 to 60000, got -1',
    ],
    ['no end', linked({ type: 'slow', delayMs: 1, jitterMs: Number.POSITIVE_INFINITY }), 'jitterMs: expected a number'],
    ['more than a minute', linked({ type: 'slow', delayMs: 60_001, jitterMs: 0 }), 'from 0 to 60000, got 60001'],
    ['no jitter', linked({ type: 'slow', delayMs: 1 }), 'jitterMs: expected a number from 0 to 60000, got undefined'],
    ['more than all lost', linked({ type: 'flaky', lossRate: 1.01 }), 'lossRate: expected a number from 0 to 1'],
    ['less than none lost', linked({ type: 'flaky', lossRate: -0.1 }), 'lossRate: expected a number from 0 to 1'],
    ['a disk that is wet', { links: [], disk: { type: 'wet' } }, 'faults.disk.type: expected slow or full or failing'],
    ['a disk without a delay', { links: [], disk: { type: 'slow' } }, 'faults.disk.delayMs: expected a number from 0'],
    [
      'links beyond number',
      { links: Array.from({ length: 1_025 }, () => ({ ...link, type: 'cut' })), disk: null },
      'malformed faults.links: expected a list of 1024 at most, got a list of 1025',
    ],
  ])('is refused with %s', (_, document, message) => {
    expect(refused(document)).toContain(message);
  });

  it('damaged on its way, is understood or refused', () => {
    fc.assert(
      fc.property(nodeFaults.map(encodeNodeFaults).chain(damaged), (payload) => survives(decodeNodeFaults, payload)),
    );
  });
});
