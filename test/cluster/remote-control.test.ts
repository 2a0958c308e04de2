import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silent } from '../../src/base/index.js';
import { realRandom } from '../../src/base/real/random.js';
import { connectControl } from '../../src/cluster/connect.js';
import { CONTROL } from '../../src/cluster/control-protocol.js';
import { serveControl } from '../../src/cluster/control-server.js';
import { type Connection, createTcpTransport, type Frame } from '../../src/transport/index.js';
import { encodeDocument } from '../../src/wire/document.js';
import { realTime } from './helpers.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A supervisor of another version: `answer` is all it does. */
async function supervisorThat(answer: (connection: Connection, frame: Frame) => void): Promise<string> {
  const path = join(temporaryDirectory(), 'control.sock');
  const transport = createTcpTransport({ ...realTime, random: realRandom, emit: silent });
  const listener = await transport.listen({
    host: '',
    port: 0,
    path,
    hello: () => ({ role: 'admin', clusterId: '', node: 'supervisor', instance: '', note: new Uint8Array() }),
    maxFrameBytes: () => 1 << 20,
    handshakeTimeoutMs: 3_000,
    maxConnections: 4,
    maxQueuedBytes: 1 << 20,
    handlers: {
      opened: () => {},
      frames: (connection, frames) => {
        for (const frame of frames) answer(connection, frame);
      },
      closed: () => {},
    },
  });
  onTestFinished(() => listener.close());
  return path;
}

describe('a console refuses a supervisor', () => {
  const refusal = {
    code: 'handshake-refused',
    message: 'the supervisor does not speak version 3 of the control protocol, as this console does',
    hint: 'use the raftctl that started the cluster',
  };

  it('whose failures it cannot read', async () => {
    // A map of MessagePack, as documents were in version 1.
    const payload = Buffer.from([0x81, 0xa4, 0x63, 0x6f, 0x64, 0x65, 0xa1, 0x78]);
    const path = await supervisorThat((connection, { callId }) => connection.send(CONTROL.failure, callId, payload));
    await expect(connectControl(path)).rejects.toMatchObject(refusal);
  });

  it('whose welcome lacks what it needs', async () => {
    const welcome = encodeDocument({ version: 1, clusterId: 'c' });
    const path = await supervisorThat((connection, { callId }) => connection.send(CONTROL.result, callId, welcome));
    await expect(connectControl(path)).rejects.toMatchObject(refusal);
  });
});

const config = {
  name: 'demo',
  nodes: [],
  raft: { heartbeatMs: 1, electionTimeoutMs: [1, 2] },
  storage: { dir: '/', maxValueBytes: 1, keepLogBytes: 1 },
  supervisor: { restart: 'never', stopTimeoutMs: 1 },
  logs: { level: 'info', exclude: [], maxFileBytes: 1, files: 1 },
  file: null,
  digest: '',
};

/** Welcomes a console, and tells it all of this in one write when it asks for news; other calls are answered by 0. */
const supervisorThatTells = (...states: readonly unknown[]): Promise<string> =>
  supervisorThat((connection, { callId, payload }) => {
    const welcome = { version: 2, config, clusterId: 'c', directory: '/' };
    if (payload.includes('"live"')) {
      for (const state of states) connection.send(CONTROL.news, callId, encodeDocument(state));
    } else connection.send(CONTROL.result, callId, encodeDocument(payload.includes('"hello"') ? welcome : 0));
  });

const NOBODY = { voters: [], outgoing: [], learners: [], learnersNext: [], members: [] };

const liveState = (term: number) => ({
  leader: null,
  term,
  up: 0,
  total: 0,
  membership: NOBODY,
  states: {},
  faults: [],
});

it('a console hangs up on a supervisor whose state is none, and says why', async () => {
  const path = await supervisorThatTells({ leader: 3 });
  await expect(connectControl(path)).rejects.toMatchObject({
    code: 'closed',
    message: 'hung up on the supervisor: it told what cannot be taken (malformed live.leader: expected text, got 3)',
  });
});

it('a console knows the last of several states that arrive at once, and stays', async () => {
  const remote = await connectControl(await supervisorThatTells(liveState(1), liveState(2), liveState(3)));
  onTestFinished(() => remote.close());
  expect(remote.live().term).toBe(3);
  expect(await remote.events.last()).toBe(0);
});

it('a later call says why the connection ended, as those did that waited', async () => {
  const remote = await connectControl(await supervisorThatTells(liveState(1), { leader: 3 }));
  const said = { code: 'closed', message: expect.stringMatching(/^hung up on the supervisor: .*live\.leader/) };
  await expect(remote.events.last()).rejects.toMatchObject(said);
  await expect(remote.view()).rejects.toMatchObject(said);
});

it('the control socket is for its owner alone, whoever may look into the directory', async () => {
  const path = join(temporaryDirectory(), 'control.sock');
  const transport = createTcpTransport({ ...realTime, random: realRandom, emit: silent });
  const control = { clusterId: '', directory: '/', events: {} } as unknown as Parameters<
    typeof serveControl
  >[0]['control'];
  const server = await serveControl({ control, path, transport });
  onTestFinished(() => server.close());
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
