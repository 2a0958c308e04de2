import { describe, expect, it } from 'vitest';
import { asNodeId, type Member, RaftctlError, silent } from '../../src/base/index.js';
import { probePorts } from '../../src/cluster/ports.js';
import { raftctlEngine } from '../../src/cluster/raftctl-engine.js';
import { createTcpTransport } from '../../src/transport/index.js';
import { freePorts, realTime, takenPort } from './helpers.js';

const transport = createTcpTransport({ ...realTime, emit: silent });
const engine = raftctlEngine({ command: [], secret: new Uint8Array(32), transport, ...realTime });

const membersAt = (...addresses: readonly [host: string, port: number][]): readonly Member[] =>
  addresses.map(([host, port], nth) => ({ id: asNodeId(`n${nth + 1}`), incarnation: 1, host, port }));

async function refusal(probing: Promise<void>): Promise<RaftctlError> {
  const thrown: unknown = await probing.then(
    () => 'accepted',
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(RaftctlError);
  return thrown as RaftctlError;
}

describe('the ports of a cluster', () => {
  it('are free again after they were probed', async () => {
    const [one, two] = await freePorts(2);
    const members = membersAt(['127.0.0.1', one!], ['127.0.0.1', two!]);
    await probePorts(transport, engine, members);
    await probePorts(transport, engine, members);
  });

  it('are named, every one that is taken, with node, key and what to do', async () => {
    const [free] = await freePorts(1);
    const [one, other] = [await takenPort(), await takenPort()];
    const members = membersAt(['127.0.0.1', one], ['127.0.0.1', free!], ['127.0.0.1', other]);
    expect(await refusal(probePorts(transport, engine, members))).toMatchObject({
      code: 'port-taken',
      message:
        `n1: port ${one} on 127.0.0.1 is taken (nodes[0].port)\n` +
        `n3: port ${other} on 127.0.0.1 is taken (nodes[2].port)`,
      hint: expect.stringContaining('start with --port-offset 100'),
    });
    // What was free is free again.
    await probePorts(transport, engine, membersAt(['127.0.0.1', free!]));
  });

  it('collide when two nodes mean the same one by different names', async () => {
    const [port] = await freePorts(1);
    const error = await refusal(probePorts(transport, engine, membersAt(['127.0.0.1', port!], ['0.0.0.0', port!])));
    expect(error.code).toBe('port-taken');
  });

  it('cannot be on an address that is not ours', async () => {
    const [port] = await freePorts(1);
    const taken = await takenPort();
    const members = membersAt(['192.0.2.1', port!], ['127.0.0.1', taken]);
    expect(await refusal(probePorts(transport, engine, members))).toMatchObject({
      code: 'start-failed',
      message:
        `n1 (nodes[0]): cannot listen on 192.0.2.1:${port}: this machine has no such address (EADDRNOTAVAIL)\n` +
        `n2: port ${taken} on 127.0.0.1 is taken (nodes[1].port)`,
      // Another port does not help.
      hint: 'give the host an address of this machine: 127.0.0.1 is always one, 0.0.0.0 stands for all',
    });
  });
});
