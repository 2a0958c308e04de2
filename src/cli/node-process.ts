import { messageOf } from '../base/index.js';
import { runNode } from '../node/main.js';
import { NODE_EXIT, NODE_SPEC_VARIABLE, parseNodeSpec } from '../wire/node-spec.js';

/** The program of a node process that a supervisor spawned: its specification is in the environment. */
async function main(): Promise<void> {
  await runNode(parseNodeSpec(process.env[NODE_SPEC_VARIABLE] ?? ''), { supervised: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`error bad-request: ${messageOf(error)}\n`);
  process.exitCode = NODE_EXIT.failed;
});
