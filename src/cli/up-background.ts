import { STARTED_IN_BACKGROUND, untilReady } from './background.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import type { UpOptions } from './up.js';

/**
 * `raftctl up -d`: starts `raftctl up` in the background and shows what it says, until the cluster is ready or the start
 * has failed. Answers the exit code. Ctrl-C before that ends both.
 */
export async function upInBackground(options: UpOptions, global: GlobalOptions, host: Host): Promise<number> {
  const { spawnInBackground } = await host.loadCluster();
  const command = [...host.ownCommand, 'up', ...argumentsOf(options, global)];
  const background = spawnInBackground(command, { [STARTED_IN_BACKGROUND]: '1' });
  const stopListening = host.onSignal((signal) => void background.kill(signal));
  try {
    const end = await untilReady(background, (stream, text) => host[stream].write(text));
    if (end.type === 'ready') return 0;
    if (end.code === null) host.stderr.write(`error the start ended: ${end.error ?? `killed by ${end.signal}`}\n`);
    return end.code ?? 1;
  } finally {
    stopListening();
  }
}

function argumentsOf(options: UpOptions, { format, debug }: GlobalOptions): readonly string[] {
  const { file, nodes, portOffset, ephemeral, timeoutMs } = options;
  return [
    ...(file === undefined ? [] : ['--file', file]),
    ...(nodes === undefined ? [] : ['--nodes', String(nodes)]),
    ...(portOffset === undefined ? [] : ['--port-offset', String(portOffset)]),
    ...(ephemeral ? ['--ephemeral'] : []),
    ...['--timeout', `${timeoutMs}ms`],
    ...['--output', format],
    ...(debug ? ['--debug'] : []),
  ];
}
