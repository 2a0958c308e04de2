import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { PlainPrompt } from '../../../src/console/prompt/index.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';

/** A prompt whose keyboard and screen are streams. `isTerminal`: the keyboard can be read on behind its end. */
function open({ isTerminal = false } = {}) {
  const world = fakeWorld();
  const printer = capturedPrinter();
  let input = new PassThrough();
  const output = new PassThrough();
  const ending = new AbortController();
  let written = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  const prompt = new PlainPrompt({
    workspace: world.workspace,
    table: TABLE,
    printer,
    input,
    inputAgain: () => {
      if (!isTerminal) return null;
      input = new PassThrough();
      return input;
    },
    output,
    howToLeave: 'exit leaves',
    signal: ending.signal,
  });
  const left = prompt.run();
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise(setImmediate);
  };
  return {
    prompt,
    printer,
    ending,
    left,
    world,
    type: (text: string) => input.write(text),
    close: () => input.end(),
    shows: (text: string) => until(() => written.endsWith(text)),
    prints: (text: string) => until(() => printer.stdout().includes(text)),
    written: () => written,
  };
}

const PROMPT = 'demo node-01* t1 4/4> ';

describe('the plain prompt', () => {
  it('runs line after line, goes on after a failure, and ends with the input', async () => {
    const { type, close, shows, printer, left } = open();
    await shows(PROMPT);
    type('put a 1\nnonsense\nget a\n');
    await shows(PROMPT + PROMPT);
    expect(printer.stdout()).toBe('OK\n1\n');
    expect(printer.stderr()).toContain('unknown command');
    close();
    await left;
  });

  it('ends although Ctrl-C stops what runs while the input is over already', async () => {
    const { type, close, shows, prompt, left } = open();
    await shows(PROMPT);
    type('sleep 1h\n');
    await new Promise(setImmediate);
    close();
    await new Promise(setImmediate);
    prompt.interrupt();
    await left;
  });

  it('runs nothing that was typed ahead once it is told to end', async () => {
    const { type, shows, ending, left, world } = open();
    await shows(PROMPT);
    type('sleep 1h\nput a 1\nkill 1\n');
    await new Promise(setImmediate);
    ending.abort();
    await left;
    expect(world.control.done).toEqual([]);
  });

  it('takes the end of the input for a no', async () => {
    const { type, close, shows, left, world, written } = open();
    await shows(PROMPT);
    type('kill 1 2 3\n');
    await shows('[y/N] ');
    close();
    await left;
    expect(world.control.done).toEqual([]);
    expect(written()).toContain('all the same? [y/N] ');
  });

  it('ends at the end of the input where it stands, and nowhere else, on a terminal that goes on', async () => {
    const { type, close, shows, prompt, left, world } = open({ isTerminal: true });
    await shows(PROMPT);
    type('sleep 1h\n');
    await new Promise(setImmediate);
    close();
    await shows('a command is running: Ctrl-C stops it, Ctrl-D leaves once it is over\n');
    prompt.interrupt();
    await shows(PROMPT);
    type('kill 1 2 3\n');
    await shows('[y/N] ');
    close();
    await shows(PROMPT);
    expect(world.control.done).toEqual([]);
    type('repeat 2 do\n');
    await shows('... ');
    close();
    await shows(`... \n${PROMPT}`);
    type('kill 4\n');
    await shows('demo node-01* t1 3/4> ');
    close();
    await left;
  });

  it('forgets an open block at Ctrl-C, and says how to leave when there is none', async () => {
    const { type, shows, prompt, close, left } = open();
    await shows(PROMPT);
    type('repeat 3 do\n');
    await shows('... ');
    prompt.interrupt();
    await shows(`... \n${PROMPT}`);
    prompt.interrupt();
    await shows(`\nexit leaves\n${PROMPT}`);
    close();
    await left;
  });
});
