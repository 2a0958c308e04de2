import { RaftctlError } from '../base/index.js';
import { inputKind } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import { chooseCluster } from './choose-cluster.js';
import { Ending } from './ending.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { serve } from './serve.js';

const HOW_TO_LEAVE = 'exit or Ctrl-D detaches; the cluster goes on';

/** `raftctl attach`: another prompt on a running cluster, or a script on standard input. Leaving it ends nothing. */
export async function attach(global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const kind = inputKind(host.stdin);
  if (kind === 'none' || (kind === 'terminal' && !printer.view.terminal)) {
    throw new RaftctlError('usage', 'attach needs a terminal, or commands on standard input', {
      hint: 'raftctl COMMAND runs one command, raftctl exec a script',
    });
  }
  const { listClusters, connectControl } = await host.loadCluster();
  const chosen = chooseCluster(listClusters(host.environment), global.cluster);
  const control = await connectControl(chosen.socket);
  const ending = new Ending(printer, host, 'detaching');
  try {
    let isStopping = false;
    control.events.subscribe(await control.events.last(), { event: 'cluster-stopping' }, () => {
      isStopping = true;
    });
    control.onClosed(() => ending.begin('closed'));
    printer.err(`attached to ${chosen.name} (${chosen.directory}); ${HOW_TO_LEAVE}`);
    const exitCode = await serve({ control, howToLeave: HOW_TO_LEAVE, endsWithInput: true, printer, host, ending });
    if (ending.reason !== 'closed') printer.err('detached; the cluster goes on');
    else if (isStopping) printer.err('the cluster was taken down');
    else throw lost(listClusters(host.environment).some(({ directory }) => directory === chosen.directory));
    return exitCode;
  } finally {
    ending.close();
    control.close();
  }
}

/** The connection ended, and nobody took the cluster down. */
const lost = (isRunning: boolean): RaftctlError =>
  isRunning
    ? new RaftctlError('closed', 'the supervisor hung up on this prompt', { hint: 'raftctl attach opens another one' })
    : new RaftctlError('not-running', 'the supervisor of the cluster died', {
        hint: 'raftctl up goes on with its data',
      });
