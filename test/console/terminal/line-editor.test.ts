import { createInterface } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Terminal } from '../../../src/console/terminal/index.js';

const KEYS = ['a', 'b', ' ', 'é', '\x1b[D', '\x1b[C', '\x1b[H', '\x1b[F', '\x7f', '\x01', '\x05', '\x0b', '\x1b[3~'];

/** The line that comes of what was written, in these pieces. */
async function lineOf(pieces: readonly (string | Buffer)[]): Promise<string> {
  const input = new PassThrough();
  const reader = new Terminal(input).open();
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const readline = createInterface({ input: reader, output, terminal: true });
  const line = new Promise<string>((resolve) => readline.once('line', resolve));
  for (const piece of pieces) input.write(piece);
  const typed = await line;
  readline.close();
  reader.close();
  return typed;
}

describe('what is shown is what is run', () => {
  it('a letter in front of others, and Enter, all in one write', async () => {
    expect(await lineOf(['put z abc\x1b[D\x1b[D\x1b[DX\r'])).toBe('put z Xabc');
  });

  it('however keys are cut into reads, the line is the same', async () => {
    const keys = fc.array(fc.constantFrom(...KEYS), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(keys, fc.array(fc.nat(60), { maxLength: 4 }), async (typed, cuts) => {
        const bytes = Buffer.from(`${typed.join('')}\r`);
        const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((one, other) => one - other), bytes.length];
        const pieces = edges.slice(1).map((end, index) => bytes.subarray(edges[index]!, end));
        expect(await lineOf(pieces.filter((piece) => piece.length > 0))).toBe(await lineOf([...typed, '\r']));
      }),
      { numRuns: 200 },
    );
  });
});
