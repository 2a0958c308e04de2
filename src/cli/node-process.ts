import { messageOf } from '../base/index.js';
import { NODE_EXIT, runNode } from '../node/main.js';
import { parseNodeSpec } from '../node/spec.js';

/** The program of a node process that a supervisor spawned: its specification is in the environment. */
try {
  await runNode(parseNodeSpec(process.env['RAFTCTL_NODE'] ?? ''), { supervised: true });
} catch (error) {
  process.stderr.write(`error usage: ${messageOf(error)}\n`);
  process.exitCode = NODE_EXIT.failed;
}
