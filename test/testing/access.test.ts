import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.js';
import type { RemoteControl } from '../../src/cluster/index.js';
import { Access } from '../../src/testing/access.js';
import type { Companion } from '../../src/testing/companion.js';
import { heldClient } from '../../src/testing/held-client.js';
import { temporaryFolder } from '../console/temporary.js';

function accessed() {
  const control = { directory: temporaryFolder(), close: () => {} } as unknown as RemoteControl;
  const access = new Access(control, { stop: async () => {}, end: undefined } as unknown as Companion);
  const closed: string[] = [];
  const client = async (name: string): Promise<Client> => {
    const opened = { close: async () => void closed.push(name) } as unknown as Client;
    return heldClient(opened, await access.onStop(() => opened.close()));
  };
  return { access, closed, client };
}

describe('a stop', () => {
  it('closes the clients that are open, and knows no more of those that were closed', async () => {
    const { access, closed, client } = accessed();
    const first = await client('first');
    await client('second');
    await first.close();
    expect(closed).toEqual(['first']);
    await access.stop();
    expect(closed).toEqual(['first', 'second']);
  });

  it('closes a client that is connected only then', async () => {
    const { access, closed, client } = accessed();
    const stopping = access.stop();
    await client('late');
    expect(closed).toEqual(['late']);
    await stopping;
  });
});
