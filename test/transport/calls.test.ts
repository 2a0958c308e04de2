import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { ask, type Call, Calls, type Connection, type Frame } from '../../src/transport/index.js';
import { ManualTime } from '../helpers/manual-time.js';

const REQUEST = 100;
const ANSWER = 101;
const PROGRESS = 102;
const CANCEL = 103;

/** Everything that its end and its news told, in order. */
class Noted implements Call {
  callId = 0;
  readonly deadline: number;
  readonly name: number;
  readonly heard: string[] = [];

  constructor(name = 0, deadline = Number.POSITIVE_INFINITY) {
    this.name = name;
    this.deadline = deadline;
  }

  take({ payload }: Frame): void {
    this.heard.push(`answer ${payload}`);
  }

  news({ payload }: Frame): void {
    this.heard.push(`news ${payload}`);
  }

  overdue(): void {
    this.heard.push('overdue');
  }

  lost(error: RaftctlError | undefined): void {
    this.heard.push(`lost: ${error?.message ?? 'in good order'}`);
  }
}

/** A connection that takes what it is told to. */
class StubSender implements Connection {
  readonly id = 1;
  readonly peer = { role: 'peer', clusterId: '', node: '', instance: '', note: new Uint8Array() } as const;
  readonly agreement = { version: 2, features: new Set<string>() };
  readonly remoteAddress = '';
  readonly queuedBytes = 0;
  readonly sent: { kind: number; callId: number; payload: string }[] = [];
  isFull = false;

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    if (this.isFull) return false;
    this.sent.push({ kind, callId, payload: Buffer.concat(parts).toString() });
    return true;
  }

  flush(): void {}
  close(): void {}
}

function setUp(firstId?: number) {
  const time = new ManualTime(0);
  const sender = new StubSender();
  const calls = new Calls<Call>({
    clock: time,
    scheduler: time,
    isNews: ({ kind }) => kind === PROGRESS,
    ...(firstId !== undefined && { firstId }),
  });
  const start = (name = 0, deadline?: number): Noted => {
    const call = new Noted(name, deadline);
    calls.send(sender, REQUEST, call);
    return call;
  };
  const answer = (callId: number, payload = '', kind = ANSWER): boolean =>
    calls.take({ kind, callId, payload: Buffer.from(payload) });
  return { time, sender, calls, start, answer };
}

describe('calls that wait for their answers', () => {
  it('get rising ids, and each its own answer once', () => {
    const { sender, calls, start, answer } = setUp();
    const [a, b] = [start(), start()];
    expect([a.callId, b.callId]).toEqual([1, 2]);
    expect(sender.sent.map(({ callId }) => callId)).toEqual([1, 2]);
    expect(answer(2, 'for b')).toBe(true);
    expect([a.heard, b.heard]).toEqual([[], ['answer for b']]);
    for (const nobodys of [2, 99, 0, 0xffff_ffff]) expect(answer(nobodys)).toBe(false);
    expect(calls.size).toBe(1);
  });

  it('do not wait when they were not sent', () => {
    const { time, sender, calls, answer } = setUp();
    sender.isFull = true;
    const call = new Noted(1, 100);
    expect(calls.send(sender, REQUEST, call)).toBe(false);
    expect([calls.size, call.callId, time.pending]).toEqual([0, 0, []]);
    expect(answer(1)).toBe(false);
  });

  it('hear news until their answer', () => {
    const { start, answer } = setUp();
    const call = start();
    answer(call.callId, 'half', PROGRESS);
    answer(call.callId, 'more', PROGRESS);
    answer(call.callId, 'whole');
    expect(answer(call.callId, 'late', PROGRESS)).toBe(false);
    expect(call.heard).toEqual(['news half', 'news more', 'answer whole']);
  });

  it('are overdue at their deadlines, by one timer', () => {
    const { time, start, answer } = setUp();
    const calls = [500, 300, 400, 300].map((deadline, name) => start(name, deadline));
    expect(time.pending).toEqual([300]);
    time.advance(300);
    expect(calls.map(({ heard }) => heard)).toEqual([[], ['overdue'], [], ['overdue']]);
    expect(time.pending).toEqual([100]);
    answer(calls[2]!.callId, 'in time');
    time.advance(1_000);
    expect(calls.map(({ heard }) => heard)).toEqual([['overdue'], ['overdue'], ['answer in time'], ['overdue']]);
    expect(answer(calls[0]!.callId)).toBe(false);
  });

  it('whose answer has arrived are not overdue, though the process slept past their deadline', () => {
    const { time, start, answer } = setUp();
    const call = start(0, 100);
    time.jump(60_000);
    answer(call.callId, 'read first');
    time.advance(0);
    expect(call.heard).toEqual(['answer read first']);
  });

  it('end with the connection, in the order they were sent, and others may follow', () => {
    const { time, calls, start, answer } = setUp(0xffff_fff0);
    const order: number[] = [];
    for (let name = 0; name < 40; name += 1) {
      const call = start(name, 1_000);
      call.lost = () => void order.push(name);
    }
    calls.lost(new RaftctlError('closed', 'the connection broke'));
    expect(order).toEqual(Array.from({ length: 40 }, (_, name) => name));
    expect([calls.size, time.pending]).toEqual([0, []]);
    const next = start();
    answer(next.callId, 'again');
    expect(next.heard).toEqual(['answer again']);
  });

  it('may be withdrawn, even by the end of another one', () => {
    const { time, calls, start, answer } = setUp();
    const [first, second] = [start(1, 100), start(2, 100)];
    first.overdue = () => void calls.withdraw(second);
    time.advance(100);
    expect([second.heard, calls.size]).toEqual([[], 0]);
    expect(calls.withdraw(second)).toBe(false);
    expect(answer(second.callId)).toBe(false);
  });

  it('that choke on their answer do not wait any more', () => {
    const { calls, start, answer } = setUp();
    const call = start();
    call.take = () => {
      throw new RaftctlError('bad-request', 'makes no sense');
    };
    expect(() => answer(call.callId)).toThrow('makes no sense');
    expect(calls.size).toBe(0);
  });

  it('that are slow keep their id while thousands of others pass by, and the id 0 is never given', () => {
    const { calls, start, answer } = setUp(0xffff_f000);
    const slow = start();
    for (let nth = 1; nth < 10_000; nth += 1) {
      const quick = start(nth);
      expect(quick.callId).not.toBe(slow.callId);
      expect(quick.callId).not.toBe(0);
      answer(quick.callId, 'quick');
      expect(quick.heard).toEqual(['answer quick']);
    }
    expect(calls.size).toBe(1);
    answer(slow.callId, 'slow');
    expect(slow.heard).toEqual(['answer slow']);
  });

  it('are found as in a map, whatever the order of answers', () => {
    const steps = fc.array(fc.oneof(fc.constant('send' as const), fc.nat({ max: 300 })), { maxLength: 600 });
    fc.assert(
      fc.property(steps, fc.nat({ max: 0xffff_ffff }), (script, firstId) => {
        const { calls, start, answer } = setUp(firstId);
        const model = new Map<number, Noted>();
        const started: Noted[] = [];
        for (const step of script) {
          if (step === 'send') {
            const call = start(started.length);
            expect(model.has(call.callId)).toBe(false);
            model.set(call.callId, call);
            started.push(call);
          } else {
            const callId = started[step]?.callId ?? step;
            expect(answer(callId)).toBe(model.delete(callId));
          }
          expect(calls.size).toBe(model.size);
        }
        expect(new Set(calls)).toEqual(new Set(model.values()));
        expect(calls.drain()).toEqual([...model.values()]);
      }),
    );
  });
});

describe('asking with a promise', () => {
  const asked = (overrides: Partial<Parameters<typeof ask>[0]> = {}) => {
    const stage = setUp();
    const answered = ask({
      calls: stage.calls,
      over: stage.sender,
      clock: stage.time,
      kind: REQUEST,
      payload: Buffer.from('question'),
      timeoutMs: 100,
      late: () => new RaftctlError('timeout', 'too late'),
      lost: (cause) => new RaftctlError('unreachable', `gone: ${cause?.message ?? 'never sent'}`),
      ...overrides,
    });
    return { ...stage, answered };
  };

  it('resolves with the answer, after the news', async () => {
    const news: string[] = [];
    const { answered, answer, sender } = asked({ onNews: ({ payload }) => news.push(payload.toString()) });
    expect(sender.sent).toEqual([{ kind: REQUEST, callId: 1, payload: 'question' }]);
    answer(1, 'half', PROGRESS);
    answer(1, 'whole');
    await expect(answered).resolves.toMatchObject({ kind: ANSWER, payload: Buffer.from('whole') });
    expect(news).toEqual(['half']);
  });

  it('rejects at its deadline, with the connection, and when it cannot be sent', async () => {
    const late = asked();
    late.time.advance(100);
    await expect(late.answered).rejects.toThrow('too late');
    const lost = asked();
    lost.calls.lost(new RaftctlError('closed', 'it broke'));
    await expect(lost.answered).rejects.toThrow('gone: it broke');
    const full = new StubSender();
    full.isFull = true;
    await expect(asked({ over: full }).answered).rejects.toThrow('gone: never sent');
  });

  it('tells the other side of an abort, once, and still takes its answer', async () => {
    const stop = new AbortController();
    const { answered, answer, sender } = asked({ cancel: { signal: stop.signal, kind: CANCEL } });
    stop.abort();
    expect(sender.sent.slice(1)).toEqual([{ kind: CANCEL, callId: 1, payload: '' }]);
    answer(1, 'partly');
    await expect(answered).resolves.toMatchObject({ payload: Buffer.from('partly') });
    const before = asked({ cancel: { signal: stop.signal, kind: CANCEL } });
    expect(before.sender.sent.map(({ kind }) => kind)).toEqual([REQUEST, CANCEL]);
  });

  it('says nothing of an abort after the end', async () => {
    const stop = new AbortController();
    const { answered, answer, sender } = asked({ cancel: { signal: stop.signal, kind: CANCEL } });
    answer(1);
    await answered;
    stop.abort();
    expect(sender.sent).toHaveLength(1);
  });
});
