import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { RaftctlError, VERSION } from '../base/index.js';
import { A_DURATION, parseDuration } from '../console/language/duration.js';
import type { Printer } from '../console/results.js';
import { completionScript, SHELLS, type Shell } from './completion-scripts.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';

/** What an action needs; its module is loaded when it runs, so that `--help` and `version` stay quick. */
export interface ProgramContext {
  readonly global: GlobalOptions;
  readonly printer: Printer;
  readonly host: Host;
}

/** Parses the arguments of the program's own commands and runs one. Answers the exit code. */
export async function runProgram(argv: readonly string[], context: ProgramContext): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(context, (run) => async () => {
    exitCode = await run();
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // Help and version are shown by throwing, too.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    if (thrown instanceof CommanderError)
      throw new RaftctlError('usage', thrown.message.replace(/^error: /, ''), { hint: 'raftctl --help' });
    throw thrown;
  }
}

type Bind = (run: () => Promise<number>) => () => Promise<void>;

function buildProgram(context: ProgramContext, bind: Bind): Command {
  const program = new Command('raftctl')
    .description('A real Raft cluster on your own machine that you can break on purpose.')
    .option('-C, --cluster <name>', 'which of the running clusters')
    .option('--no-color', 'no colours')
    .option('--debug', 'show stacks')
    .version(VERSION, '-V, --version', 'the version')
    .helpCommand(false)
    .addHelpText('after', MORE_HELP)
    .configureHelp({ showGlobalOptions: true });
  addUp(program, context, bind);
  addAttach(program, context, bind);
  addConnect(program, context, bind);
  addExec(program, context, bind);
  addClusterCommands(program, context, bind);
  addOthers(program, context, bind);
  addVerification(program, context, bind);
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.printer.out(text.replace(/\n$/, '')),
      // Its message comes as an exception, and is printed like every other failure.
      writeErr: () => {},
    });
  }
  return program;
}

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

const MORE_HELP = `
Commands on the running cluster, once, from a shell (the same words as at the prompt and in scripts):
  put KEY VALUE · get KEY · del KEY · scan [PREFIX] · cas KEY OLD NEW
  watch KEY · hash · status [NODE] · nodes · leader
  kill · stop · start · restart · pause · resume · wipe NODE
  members · add [NODE] · promote · remove NODE · replace OLD [NEW] · transfer [NODE]
  logs · events · count · wait · load put|get|mixed · bench put|get|mixed · check HISTORY · chaos · bundle

raftctl help COMMAND explains one by examples. -o json answers in JSON.`;

const file = () => new Option('-f, --file <file>', 'the configuration (cluster.yaml here, else the built-in default)');
const output = () => new Option('-o, --output <format>', 'text or json').choices(['text', 'json']);

function addUp(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const command = program
    .command('up')
    .description('start a cluster and open a prompt on it')
    .addOption(file())
    .option('--nodes <n>', 'so many nodes, whatever the configuration says', wholeNumber(1))
    .option('--port-offset <n>', 'added to every port', wholeNumber(0))
    .option('--ephemeral', 'in a temporary directory, removed at the end')
    .option('-d, --detach', 'in the background: returns when the cluster is ready')
    .option('--timeout <duration>', 'how long the cluster may take to be ready', duration, 30_000)
    .addOption(output());
  command.action(() => {
    const options = command.opts<{
      file?: string;
      nodes?: number;
      portOffset?: number;
      ephemeral?: true;
      detach?: true;
      timeout: number;
    }>();
    return bind(async () => {
      const { file: named, nodes, portOffset, ephemeral = false, detach = false, timeout: timeoutMs } = options;
      const wanted = { file: named, nodes, portOffset, ephemeral, timeoutMs };
      if (!detach) return (await import('./up.js')).up(wanted, global, printer, host);
      return (await import('./up-background.js')).upInBackground(wanted, global, host);
    })();
  });
}

function addAttach(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  program
    .command('attach')
    .description('open another prompt on the running cluster; leaving it ends nothing')
    .action(() => bind(async () => (await import('./attach.js')).attach(global, printer, host))());
}

function addConnect(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const command = program
    .command('connect')
    .description('open a prompt on nodes that no supervisor of ours owns, as a client of theirs')
    .argument('<endpoints>', 'host:port of one node or more, divided by commas; [::1]:3331')
    .option('--timeout <duration>', 'for the first answer of a node', duration, 5_000)
    .addHelpText('after', CONNECT_HELP);
  command.action((endpoints: string) => {
    const { timeout: timeoutMs } = command.opts<{ timeout: number }>();
    return bind(async () => (await import('./connect.js')).connect(endpoints, timeoutMs, global, printer, host))();
  });
}

const CONNECT_HELP = `
One node is enough, the others are found. Data commands, watch, status, members, leader, hash, wait leader, load, check,
bench and run work as on a cluster of ours; commands on standard input are run as a script. What only the owner of the nodes can do
(their processes, faults, logs, events, membership) is refused by name.

  raftctl connect 10.0.0.1:3331,10.0.0.2:3331
  echo 'get key-01' | raftctl connect '[::1]:3331'`;

interface ExecFlags {
  readonly command?: string;
  readonly report: string;
  readonly keep?: true;
  readonly keepGoing?: true;
  readonly until?: string;
  readonly only?: string;
  readonly timeout: number;
  readonly seed?: number;
}

function addExec(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const command = program
    .command('exec')
    .description('run a script on the running cluster, or on one of its own')
    .argument('[script]', 'a file, or - for standard input')
    .option('-c, --command <commands>', "the script itself: 'put a 1; get a'")
    .option('--report <form>', 'text, or junit=FILE', 'text')
    .option('--keep', 'keep the directory of its own cluster when the script fails')
    .option('--keep-going', 'go on after a failed case')
    .option('--until <case>', 'run up to this case')
    .addOption(new Option('--only <case>', 'run what stands before the first case, and this one').conflicts('until'))
    .option('--timeout <duration>', 'the bound of the whole script', duration, 300_000)
    .option('--seed <n>', 'what random nodes are drawn from', wholeNumber(0))
    .addOption(output());
  command.action((script: string | undefined) => {
    const flags = command.opts<ExecFlags>();
    return bind(async () => {
      const { exec } = await import('./exec.js');
      return exec(
        {
          script,
          text: flags.command,
          junit: junitFile(flags.report),
          keep: flags.keep ?? false,
          keepGoing: flags.keepGoing ?? false,
          until: flags.until,
          only: flags.only,
          timeoutMs: flags.timeout,
          seed: flags.seed,
        },
        global,
        printer,
        host,
      );
    })();
  });
}

function junitFile(report: string): string | undefined {
  if (report === 'text') return undefined;
  const found = /^junit=(.+)$/.exec(report)?.[1];
  if (found === undefined) throw new RaftctlError('usage', `--report: expected text or junit=FILE, got '${report}'`);
  return found;
}

function addClusterCommands(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const load = () => import('./cluster-commands.js');
  const down = program
    .command('down')
    .description('stop the running cluster and keep its data')
    .option('--timeout <duration>', 'before nodes are killed', duration)
    .addOption(output());
  down.action(() =>
    bind(async () => (await load()).down(down.opts<{ timeout?: number }>().timeout, global, printer, host))(),
  );
  const rm = program
    .command('rm')
    .description('delete the data of a cluster that does not run')
    .addOption(file())
    .option('-y, --yes', 'do not ask')
    .addOption(output());
  rm.action(() => {
    const { file: named, yes = false } = rm.opts<{ file?: string; yes?: true }>();
    return bind(async () => (await load()).rm({ file: named, yes }, global, printer, host))();
  });
  addRecover(program, { global, printer, host }, bind);
  program
    .command('ls')
    .description('list the running clusters')
    .addOption(output())
    .action(() => bind(async () => (await load()).ls(global, printer, host))());
  const config = program.command('config').description('look at the configuration');
  const check = config
    .command('check')
    .description('read the configuration and say what is wrong with it')
    .addOption(file())
    .addOption(output());
  check.action(() =>
    bind(async () => (await load()).configCheck(check.opts<{ file?: string }>().file, global, printer, host))(),
  );
}

function addRecover(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const command = program
    .command('recover')
    .description('make a new cluster of what one node has, when the majority is lost for good')
    .argument('<node>', 'whose directory survived')
    .addOption(file())
    .option('-y, --yes', 'do not ask')
    .addOption(output())
    .addHelpText('after', RECOVER_HELP);
  command.action((node: string) => {
    const { file: named, yes = false } = command.opts<{ file?: string; yes?: true }>();
    return bind(async () =>
      (await import('./recover.js')).recover({ node, file: named, yes }, global, printer, host),
    )();
  });
}

const RECOVER_HELP = `
The cluster must be down, and the directories of a majority of its voters gone: else nothing has to be lost, and it is
refused. What may be lost is said, then it asks twice. The node becomes the only member of a new cluster, with another
id, which no node of before can join. What its log holds is kept, whether it was committed or not; revisions go on.

  raftctl recover node-01        # asks twice
  raftctl recover node-01 --yes  # in a script
  raftctl up                     # then, at its prompt: add node-02; add node-03

If it is interrupted, up is refused until the same command has finished it.`;

interface NodeFlags {
  readonly file?: string;
  readonly id: string;
  readonly clusterId?: string;
  readonly secretFile?: string;
  readonly bootstrap?: true;
}

function addOthers(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const init = program
    .command('init')
    .description('write a commented cluster.yaml')
    .option('--nodes <n>', 'how many nodes', wholeNumber(1))
    .option('-o, --output <file>', 'where to (- for standard output)')
    .option('-y, --yes', 'do not ask');
  init.action(() => {
    const { nodes, output: to, yes = false } = init.opts<{ nodes?: number; output?: string; yes?: true }>();
    return bind(async () => (await import('./init.js')).init({ nodes, output: to, yes }, printer, host))();
  });
  const node = program
    .command('node')
    .description('run one node in the foreground, without a supervisor')
    .addOption(file())
    .requiredOption('--id <node>', 'which of the configured nodes')
    .option('--cluster-id <hex>', 'the cluster it belongs to, 32 hex digits (derived from the members without it)')
    .option(
      '--secret-file <file>',
      "the cluster's secret, 64 hex digits, the same for all (the file `secret` beside the data without it)",
    )
    .option('--bootstrap', 'its very first start: make its directory (without it, an empty one is refused)');
  node.action(() => {
    const { file: named, id, clusterId, secretFile, bootstrap = false } = node.opts<NodeFlags>();
    return bind(async () =>
      (await import('./node.js')).node({ file: named, id, clusterId, secretFile, bootstrap }, host),
    )();
  });
  addCompletion(program, { printer, host, global }, bind);
  program
    .command('version')
    .description('print the version')
    .addOption(output())
    .action(() =>
      bind(async () => {
        printer.out(global.format === 'json' ? JSON.stringify({ version: VERSION }) : VERSION);
        return 0;
      })(),
    );
}

function addVerification(program: Command, { global, printer, host }: ProgramContext, bind: Bind): void {
  const load = () => import('./verification.js');
  const sim = program
    .command('sim')
    .description('run whole simulated clusters with every fault there is, each under one seed')
    .addOption(new Option('--seed <n>', 'this seed (a random one without it)').conflicts('seeds'))
    .option('--seeds <a..b>', 'one after the other, and a summary')
    .option('--nodes <n>', 'so many nodes (drawn from the seed without it)', wholeNumber(1))
    .option('--for <duration>', 'how long the faults go on, in simulated time', duration)
    .option('--trace', 'one line per event')
    .addOption(output());
  sim.action(() => {
    const options = sim.opts<{ seed?: string; seeds?: string; nodes?: number; for?: number; trace?: true }>();
    const { seed, seeds, nodes, for: durationMs, trace = false } = options;
    return bind(async () => (await load()).sim({ seed, seeds, nodes, durationMs, trace }, global, printer, host))();
  });
}

function addCompletion(program: Command, { printer, host }: ProgramContext, bind: Bind): void {
  const completion = program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'source <(raftctl completion bash)').choices(SHELLS));
  completion.action((shell: Shell) =>
    bind(async () => {
      printer.out(completionScript(shell).trimEnd());
      return 0;
    })(),
  );
  // What those scripts ask.
  const words = program.command('__complete', { hidden: true }).argument('[words...]').allowUnknownOption();
  words.action((typed: readonly string[]) =>
    bind(async () => {
      const { shellCandidates } = await import('./completion.js');
      const found = await shellCandidates(typed, program, host);
      if (found !== '') printer.out(found);
      return 0;
    })(),
  );
}

function wholeNumber(least: number) {
  return (text: string): number => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`Expected ${A_DURATION}.`);
  return ms;
}
