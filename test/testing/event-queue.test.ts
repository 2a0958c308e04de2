import { describe, expect, it } from 'vitest';
import type { RemoteControl } from '../../src/cluster/index.js';
import type { MergedEvent } from '../../src/diagnostics/index.js';
import type { Access } from '../../src/testing/access.js';
import { EventQueue } from '../../src/testing/event-queue.js';

const eventAt = (position: number): MergedEvent => ({
  position,
  node: 'supervisor',
  instance: 'one',
  sequence: position,
  component: 'supervisor',
  level: 'info',
  event: 'process-exited',
  fields: {},
  wall: 0,
  time: position,
});

/** A supervisor that tells what the test has it tell. */
function told() {
  const asked: string[] = [];
  let tell: (events: readonly MergedEvent[]) => void = () => {};
  let close = () => {};
  const control = {
    events: {
      last: async () => {
        asked.push('last');
        return 7;
      },
      subscribe: (after: number, _: unknown, onBatch: typeof tell) => {
        asked.push(`after ${after}`);
        tell = onBatch;
        return () => void asked.push('stopped');
      },
    },
    onClosed: (listener: () => void) => {
      close = listener;
      return () => {};
    },
  };
  const access = { ask: async (work: (of: RemoteControl) => unknown) => work(control as never) } as unknown as Access;
  return { access, asked, tell: (events: readonly MergedEvent[]) => tell(events), close: () => close() };
}

const opened = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('events for one reader', () => {
  it('begin when they are asked for, not when they are first read', async () => {
    const { access, asked, tell } = told();
    const events = new EventQueue(access, {}, undefined);
    await opened();
    expect(asked).toEqual(['last', 'after 7']);
    tell([eventAt(8), eventAt(9)]);
    expect(await events.next()).toEqual({ done: false, value: eventAt(8) });
    const [first, second] = [events.next(), events.next()];
    tell([eventAt(10)]);
    expect((await first).value?.position).toBe(9);
    expect((await second).value?.position).toBe(10);
  });

  it('end where the reader leaves, or the cluster does', async () => {
    const { access, asked, tell, close } = told();
    const left = new EventQueue(access, {}, 3);
    await opened();
    tell([eventAt(4)]);
    for await (const { position } of left) {
      expect(position).toBe(4);
      break;
    }
    expect(asked).toEqual(['after 3', 'stopped']);
    const ended = new EventQueue(access, {}, 3);
    await opened();
    const next = ended.next();
    close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('are bounded: a reader that is far behind is told how many it missed', async () => {
    const { access, tell } = told();
    const events = new EventQueue(access, {}, 0);
    await opened();
    tell(Array.from({ length: 100_005 }, (_, nth) => eventAt(nth + 1)));
    for (let position = 1; position <= 10; position++) expect((await events.next()).value?.position).toBe(position);
    tell([eventAt(100_006)]);
    let event: MergedEvent | undefined;
    for (let read = 10; read < 100_001; read++) event = (await events.next()).value;
    expect(event).toMatchObject({ event: 'events-lost', level: 'warn', fields: { lost: 5 } });
    expect((await events.next()).value?.position).toBe(100_006);
  });

  it('are let go of once they were read, also where the reader is always one behind', async () => {
    const { access, tell } = told();
    const events = new EventQueue(access, {}, 0);
    await opened();
    tell([eventAt(1)]);
    for (let position = 1; position <= 5_000; position++) {
      tell([eventAt(position + 1)]);
      expect((await events.next()).value?.position).toBe(position);
      expect(events.kept).toBeLessThanOrEqual(1_001);
    }
  });

  it('end with how many were missed, where those were the last', async () => {
    const { access, tell, close } = told();
    const events = new EventQueue(access, {}, 0);
    await opened();
    tell(Array.from({ length: 100_003 }, (_, nth) => eventAt(nth + 1)));
    close();
    for (let position = 1; position <= 100_000; position++) await events.next();
    expect((await events.next()).value).toMatchObject({ event: 'events-lost', position: 100_003, fields: { lost: 3 } });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});
