import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { asNodeId, RaftctlError, silent } from '../../src/base/index.js';
import { realRandom } from '../../src/base/real/random.js';
import type { Engine, MemberPlan } from '../../src/cluster/engine.js';
import { NodeHandle } from '../../src/cluster/node-handle.js';
import { raftctlEngine } from '../../src/cluster/raftctl-engine.js';
import { createTcpTransport } from '../../src/transport/index.js';
import { realTime } from './helpers.js';
import { temporaryDirectory } from './temporary-directory.js';

const transport = createTcpTransport({ ...realTime, emit: silent });
const ours = raftctlEngine({ command: [], secret: new Uint8Array(32), transport, ...realTime });

const PLAN: Omit<MemberPlan, 'mayCreate' | 'stateSuspect' | 'faults'> = {
  id: asNodeId('node-01'),
  host: '127.0.0.1',
  port: 1,
  cluster: 'demo',
  clusterId: 'c0ffee00'.repeat(4),
  incarnation: 1,
  members: [{ id: asNodeId('node-01'), incarnation: 1, host: '127.0.0.1', port: 1 }],
  directory: '/nowhere',
  heartbeatMs: 50,
  electionTimeoutMs: [400, 800],
  maxValueBytes: 1_000,
  keepLogBytes: 1 << 20,
  logLevel: 'info',
};

/** A member whose process is a line of shell, and whose engine is ours but for `differences`. */
function newHandle(script: string, differences: Partial<Engine> = {}): NodeHandle {
  const handle = new NodeHandle({
    plan: PLAN,
    engine: { ...ours, command: () => ['/bin/sh', '-c', script], ...differences },
    mayCreate: () => true,
    log: { file: join(temporaryDirectory(), 'node-01.log'), maxFileBytes: 1e6, files: 1 },
    restart: 'never',
    ...realTime,
    random: realRandom,
    emit: silent,
    led: () => false,
    changed: () => {},
    events: () => {},
  });
  onTestFinished(() => handle.process.end());
  return handle;
}

describe('a node, as its supervisor holds it', () => {
  it('is started without the certificates that Node would read at every start', async () => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '/some/certificates.pem');
    onTestFinished(() => void vi.unstubAllEnvs());
    const handle = newHandle('echo "certificates: ${NODE_EXTRA_CA_CERTS-none}, path: ${PATH:+there}"');
    handle.process.start();
    await handle.process.exited();
    expect(handle.log.tail(1)).toEqual(['certificates: none, path: there']);
  });

  it('has failed with the meaning that its engine gives to the exit', async () => {
    const handle = newHandle('echo "port 1 is taken"; exit 12');
    handle.process.start();
    await handle.process.exited();
    expect(handle.process.failure).toEqual({
      code: 'port-taken',
      reason: 'exit code 12',
      lastLines: ['port 1 is taken'],
    });
  });

  it('refuses by name what its engine cannot do', async () => {
    const unreachable = async () => Promise.reject(new RaftctlError('unreachable', 'nobody'));
    const probe = () => ({ status: unreachable, setEventLevel: () => {}, close: () => {} });
    const handle = newHandle('exec sleep 60', { name: 'other', probe });
    handle.process.start();
    await expect(handle.setBaseLevel('debug', 1_000)).rejects.toMatchObject({
      code: 'usage',
      message: 'node-01: the engine other cannot change its log level while it runs',
    });
    await expect(handle.transfer(null, 1_000)).rejects.toMatchObject({
      code: 'usage',
      message: 'the engine other cannot transfer leadership',
    });
  });
});
