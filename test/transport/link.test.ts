import { describe, expect, it } from 'vitest';
import { RaftctlError, seededRandom, silent } from '../../src/base/index.js';
import { LinkFaults } from '../../src/transport/faults.js';
import type { Connection, ConnectionHandlers, Hello } from '../../src/transport/index.js';
import { type AttemptOutcome, DialedLink, type DialFailure } from '../../src/transport/link.js';
import { ManualTime } from '../helpers/manual-time.js';
import { dialOptions, Log, peer } from './harness.js';

interface Dialed {
  readonly handlers: ConnectionHandlers;
  readonly outcome: AttemptOutcome;
  cancelled: boolean;
  begunAnew: number;
}

/** A connection that knows only what a link asks of it. */
class StubConnection implements Connection {
  readonly id = 1;
  readonly peer: Hello;
  readonly agreement = { version: 2, features: new Set<string>() };
  readonly remoteAddress: string;
  readonly queuedBytes = 0;
  readonly isFull = false;
  closes = 0;

  constructor(peer: Hello, remoteAddress: string) {
    this.peer = peer;
    this.remoteAddress = remoteAddress;
  }

  send(): boolean {
    return this.closes === 0;
  }

  flush(): void {}

  close(): void {
    this.closes += 1;
  }
}

/** A link whose attempts the test answers. Backoff: 5, 10, 20, 20… ms. */
function setUp() {
  const time = new ManualTime();
  const log = new Log();
  const dialed: Dialed[] = [];
  const faults = new LinkFaults();
  const link = new DialedLink(dialOptions(3331, log, { expected: 'node-01' }), {
    clock: time,
    scheduler: time,
    random: seededRandom(1),
    emit: silent,
    faults,
    attempt(_options, handlers, outcome) {
      const attempt = { handlers, outcome, cancelled: false, begunAnew: 0 };
      dialed.push(attempt);
      return {
        cancel: () => {
          attempt.cancelled = true;
        },
        again: () => {
          attempt.begunAnew += 1;
        },
      };
    },
  });
  const last = (): Dialed => dialed.at(-1)!;
  const greet = (instance = 'first', node = 'node-01', address = '127.0.0.1:3331'): StubConnection => {
    const connection = new StubConnection(peer(node, instance), address);
    last().outcome.greeted(connection);
    return connection;
  };
  const end = (connection: Connection, error?: RaftctlError): void => last().handlers.closed!(connection, error);
  const fail = (failure: Partial<DialFailure> = {}): void =>
    last().outcome.failed({ error: unreachable, cutShort: false, refusedBy: [], ...failure });
  return { time, log, link, faults, dialed, last, greet, end, fail };
}

const unreachable = new RaftctlError('unreachable', 'no answer');
const REFUSED = { refusedBy: ['127.0.0.1:3331'] };

describe('transitions of a link', () => {
  it('begins as Connecting and sends nothing', () => {
    const { link, log } = setUp();
    expect(link.state).toMatchObject({ type: 'connecting', attempt: 1 });
    expect(link.send(16, 1)).toBe(false);
    expect(log.states).toEqual([]);
  });

  it('Connecting -> Connected when the listener welcomes', () => {
    const { link, log, greet } = setUp();
    const connection = greet();
    expect(link.state).toMatchObject({ type: 'connected', connection });
    expect(log.open).toEqual([connection]);
    expect(link.send(16, 1)).toBe(true);
  });

  it('Connecting -> Broken when the attempt fails, and tells when it tries again', () => {
    const { link, time, fail } = setUp();
    fail();
    expect(link.state).toMatchObject({ type: 'broken', error: unreachable, retryAt: time.now() + 5 });
    expect(link.send(16, 1)).toBe(false);
  });

  it('Broken -> Connecting when the backoff is over, each time later', () => {
    const { link, time, dialed, fail } = setUp();
    for (const [i, delay] of [5, 10, 20, 20].entries()) {
      fail();
      time.advance(delay - 1);
      expect(link.state.type).toBe('broken');
      time.advance(1);
      expect(link.state).toMatchObject({ type: 'connecting', attempt: i + 2 });
      expect(dialed).toHaveLength(i + 2);
    }
  });

  it('Broken -> Connecting at once when told to retry, and the backoff begins anew', () => {
    const { link, time, fail } = setUp();
    fail();
    time.advance(5);
    fail();
    link.retryNow();
    expect(link.state.type).toBe('connecting');
    expect(time.pending).toEqual([]);
    link.retryNow();
    fail();
    expect(time.pending).toEqual([5]);
  });

  it('is not hurried while the other side throws out one connection after the other', () => {
    const { link, time, greet, end } = setUp();
    for (let thrownOut = 0; thrownOut < 4; thrownOut += 1) {
      end(greet(), new RaftctlError('closed', 'reset'));
      const hurries = thrownOut < 3;
      link.retryNow();
      expect(link.state.type).toBe(hurries ? 'connecting' : 'broken');
    }
    time.advance(5);
    expect(link.state.type).toBe('connecting');
  });

  it('Connected -> Broken when the connection ends, and re-dials after 2, 4 and 8 ms, then with backoff', () => {
    const { link, time, log, greet, end, fail } = setUp();
    const connection = greet();
    end(connection, new RaftctlError('closed', 'reset'));
    expect(log.ended).toHaveLength(1);
    for (const delay of [2, 4, 8, 5, 10]) {
      expect(link.state.type).toBe('broken');
      expect(time.pending).toEqual([delay]);
      time.advance(delay);
      fail({ cutShort: true });
    }
  });

  it('Connected -> Broken keeps to the backoff when the address does not answer the first re-dial', () => {
    const { time, greet, end, fail } = setUp();
    end(greet());
    time.advance(2);
    fail();
    expect(time.pending).toEqual([5]);
  });

  it('Connected -> Broken backs off when it breaks again and again as soon as it is connected', () => {
    const { time, greet, end } = setUp();
    const delays: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      end(greet());
      delays.push(time.pending[0]!);
      time.advance(time.pending[0]!);
    }
    expect(delays).toEqual([2, 2, 2, 5, 10, 20]);
    const connection = greet();
    time.advance(100);
    end(connection);
    expect(time.pending).toEqual([2]);
  });

  it('Connected -> Broken does not back off from a process that is killed again and again, however young', () => {
    const { time, greet, end } = setUp();
    for (let life = 0; life < 10; life += 1) {
      const connection = greet();
      time.advance(100);
      end(connection);
      expect(time.pending).toEqual([2]);
      time.advance(2);
    }
  });

  it('Connected -> Broken says who ended it when the connection does not', () => {
    const { link, greet, end } = setUp();
    end(greet());
    expect(link.state).toMatchObject({ error: { code: 'closed', message: '127.0.0.1:3331 ended the connection' } });
  });

  it('Connecting -> Closed cancels the attempt', () => {
    const { link, last } = setUp();
    link.close();
    expect(link.state.type).toBe('closed');
    expect(last().cancelled).toBe(true);
  });

  it('Connected -> Closed closes the connection, and its end changes nothing more', () => {
    const { link, log, time, greet, end } = setUp();
    const connection = greet();
    link.close();
    expect(connection.closes).toBe(1);
    end(connection);
    expect(log.states).toEqual(['connected', 'closed']);
    expect(log.ended).toHaveLength(1);
    expect(time.pending).toEqual([]);
  });

  it('Broken -> Closed dials no more', () => {
    const { link, time, dialed, fail } = setUp();
    fail();
    link.close();
    link.close();
    link.retryNow();
    time.advance(10_000);
    expect(dialed).toHaveLength(1);
    expect(link.state.type).toBe('closed');
  });
});

describe('a link whose other side is silent', () => {
  it('goes on as it is while it is dialed anew, once at a time', () => {
    const { link, log, dialed, greet } = setUp();
    const silent = greet();
    link.renew();
    link.renew();
    expect(dialed).toHaveLength(2);
    expect(link.state).toMatchObject({ type: 'connected', connection: silent });
    expect(link.send(16, 1)).toBe(true);
    expect(log.states).toEqual(['connected']);
  });

  it('Connected -> Broken -> Connecting -> Connected when it is greeted anew, and the end of the silent connection changes nothing', () => {
    const { link, log, time, greet, end } = setUp();
    const silent = greet();
    time.advance(500);
    link.renew();
    const fresh = greet();
    expect(log.states).toEqual(['connected', 'broken', 'connecting', 'connected']);
    expect(link.state).toMatchObject({ type: 'connected', connection: fresh });
    expect(silent.closes).toBe(1);
    end(silent);
    expect(link.state).toMatchObject({ type: 'connected', connection: fresh });
    expect(log.open).toEqual([silent, fresh]);
    expect(time.pending).toEqual([]);
    expect(log.gone).toEqual([]);
  });

  it('stays when dialing anew fails, and may be dialed again', () => {
    const { link, dialed, greet, fail } = setUp();
    const silent = greet();
    link.renew();
    fail();
    expect(link.state).toMatchObject({ type: 'connected', connection: silent });
    expect(silent.closes).toBe(0);
    link.renew();
    expect(dialed).toHaveLength(3);
  });

  it('is given up when its address refuses to be dialed anew: the re-dial proves that the process is gone', () => {
    const { link, log, time, greet, end, fail } = setUp();
    const silent = greet();
    time.advance(500);
    link.renew();
    fail(REFUSED);
    expect(silent.closes).toBe(1);
    end(silent);
    expect(link.state.type).toBe('broken');
    time.advance(2);
    fail(REFUSED);
    expect(log.gone).toEqual(['first']);
  });

  it('tells that the process is gone when another instance greets anew', () => {
    const { link, log, greet } = setUp();
    greet('first');
    link.renew();
    greet('second');
    expect(log.gone).toEqual(['first']);
    expect(link.state.type).toBe('connected');
  });

  it('dials no more when its connection ends, or the link is closed', () => {
    for (const leave of ['end', 'close'] as const) {
      const { link, last, greet, end } = setUp();
      const silent = greet();
      link.renew();
      const beside = last();
      if (leave === 'end') end(silent);
      else link.close();
      expect(beside.cancelled).toBe(true);
    }
  });

  it('is renewed only while it is connected', () => {
    const { link, dialed, fail } = setUp();
    link.renew();
    fail();
    link.renew();
    link.close();
    link.renew();
    expect(dialed).toHaveLength(1);
  });
});

describe('a process is certainly gone', () => {
  it('when its address refuses the re-dial after a broken connection, told after Broken and once', () => {
    const { time, log, greet, end, fail } = setUp();
    end(greet('first'));
    time.advance(2);
    fail(REFUSED);
    expect(log.gone).toEqual(['first']);
    time.advance(5);
    fail(REFUSED);
    expect(log.gone).toEqual(['first']);
  });

  it('when a later re-dial is refused, the first having been cut short', () => {
    const { time, log, greet, end, fail } = setUp();
    end(greet('first'));
    time.advance(2);
    fail({ cutShort: true });
    expect(log.gone).toEqual([]);
    time.advance(4);
    fail(REFUSED);
    expect(log.gone).toEqual(['first']);
  });

  it('when another instance of the node answers, told before Connected', () => {
    const { time, log, link, greet, end } = setUp();
    end(greet('first'));
    time.advance(2);
    const before: string[] = [];
    log.certainlyGone = (instance) => before.push(`${instance} while ${link.state.type}`);
    greet('second');
    expect(before).toEqual(['first while connecting']);
  });

  it('again for the next instance', () => {
    const { time, log, greet, end, fail } = setUp();
    end(greet('first'));
    time.advance(2);
    end(greet('second'));
    time.advance(2);
    fail(REFUSED);
    expect(log.gone).toEqual(['first', 'second']);
  });
});

describe('nothing is certain', () => {
  it('when an address refuses that was never connected', () => {
    const { time, log, fail } = setUp();
    fail(REFUSED);
    time.advance(5);
    fail(REFUSED);
    expect(log.gone).toEqual([]);
  });

  it('when re-dials time out, are reset, find no descriptors or no way', () => {
    const { time, log, greet, end, fail } = setUp();
    end(greet());
    for (const cutShort of [false, true, true, false]) {
      time.advance(20);
      fail({ cutShort });
    }
    expect(log.gone).toEqual([]);
  });

  it('when another address of the same host name refuses', () => {
    const { time, log, greet, end, fail } = setUp();
    end(greet('first', 'node-01', '[::1]:3331'));
    time.advance(2);
    fail(REFUSED);
    expect(log.gone).toEqual([]);
  });

  it('when the same instance answers again, or another node does', () => {
    const { time, log, greet, end } = setUp();
    end(greet('first', 'node-01'));
    time.advance(2);
    end(greet('first', 'node-01'));
    time.advance(2);
    greet('other', 'node-05');
    expect(log.gone).toEqual([]);
  });
});

describe('a link whose faults change', () => {
  const CUT = { peer: 'node-01', direction: 'in', type: 'cut' } as const;

  it('begins its dial anew while it is connecting, cut or healed', () => {
    const { dialed, faults } = setUp();
    faults.set([CUT]);
    faults.set([]);
    expect(dialed.map(({ begunAnew }) => begunAnew)).toEqual([2]);
  });

  it('dials at once when it was broken and is healed, whatever its backoff', () => {
    const { time, dialed, faults, fail, link } = setUp();
    faults.set([CUT]);
    for (const waitMs of [5, 10, 20]) {
      fail();
      time.advance(waitMs);
    }
    fail();
    expect(dialed).toHaveLength(4);
    faults.set([]);
    expect(link.state.type).toBe('connecting');
    expect(dialed).toHaveLength(5);
  });

  it('waits on while it is broken and still cut', () => {
    const { dialed, faults, fail } = setUp();
    fail();
    faults.set([CUT]);
    expect(dialed).toHaveLength(1);
  });

  it('begins the dial beside its connection anew, and keeps the connection', () => {
    const { dialed, faults, greet, link } = setUp();
    const connection = greet();
    faults.set([CUT]);
    link.renew();
    faults.set([]);
    expect(dialed.map(({ begunAnew }) => begunAnew)).toEqual([0, 1]);
    expect(connection.closes).toBe(0);
    expect(link.state.type).toBe('connected');
  });

  it('hears nothing of the faults of others, nor of its own once it is closed', () => {
    const { dialed, faults, link } = setUp();
    faults.set([{ ...CUT, peer: 'node-03' }]);
    link.close();
    faults.set([CUT]);
    expect(dialed.map(({ begunAnew }) => begunAnew)).toEqual([0]);
  });
});
