import { asTerm, type NodeId, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { createTcpTransport, type Hello, type Link, type Listener } from '../../src/transport/index.js';
import { decodeMessage, encodeMessage, encodeNote } from '../../src/wire/index.js';
import type { CrashPointCluster } from './crash-point-cluster.js';
import { requestVote } from './raft-messages.js';

interface Question {
  readonly candidate: NodeId;
  readonly voter: NodeId;
  readonly term: number;
}

/** Longer than any log of the term before: nothing but an earlier vote stands against the candidate (§5.4.1). */
const LAST_INDEX = 1_000_000_000;

/**
 * Takes the place of a node that is down and asks another one for its vote, over the wire. True: it was given. Nodes
 * answer on links of their own, so the candidate listens at its address and asks once the voter has found it there.
 */
export async function askForVote(cluster: CrashPointCluster, { candidate, voter, term }: Question): Promise<boolean> {
  const transport = createTcpTransport({
    clock: realClock,
    scheduler: realScheduler,
    random: realRandom,
    emit: silent,
  });
  // The voter has seen the start of the node that is down: that very process seems to be there again.
  const start = await cluster.startOf(candidate);
  const note = encodeNote({ term: asTerm(term), leader: null, start });
  const { clusterId } = cluster.control;
  const host = '127.0.0.1';
  const member = { incarnation: 1, host, port: cluster.port(candidate) };
  const hello = (): Hello => ({ role: 'peer', clusterId, node: candidate, instance: start.instance, note, member });
  const secret = cluster.secret();
  const manners = { host, hello, secret, handshakeTimeoutMs: 3_000, maxQueuedBytes: 1 << 20 };
  const { kind, parts } = encodeMessage(
    requestVote({ from: candidate, to: voter, term, last: [LAST_INDEX, term - 1] }),
  );
  let link: Link | undefined;
  const ask = () => {
    link ??= transport.dial({
      ...manners,
      port: cluster.port(voter),
      maxFrameBytes: 1 << 20,
      backoff: { firstMs: 10, maxMs: 10, factor: 1, jitter: 0 },
      handlers: { opened: (connection) => void connection.send(kind, 0, ...parts), frames: () => {} },
    });
  };
  let listener: Listener | undefined;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const listening = transport.listen({
        ...manners,
        port: cluster.port(candidate),
        maxFrameBytes: () => 1 << 20,
        maxConnections: 10,
        handlers: {
          opened: ({ peer }) => peer.node === voter && ask(),
          frames: (_, frames) => {
            for (const frame of frames) {
              const message = decodeMessage(frame.kind, frame.payload, voter, candidate);
              if (message.type === 'request-vote-response' && !message.preVote) resolve(message.granted);
            }
          },
        },
      });
      listening.then((opened) => {
        listener = opened;
      }, reject);
    });
  } finally {
    link?.close();
    await listener?.close();
  }
}
