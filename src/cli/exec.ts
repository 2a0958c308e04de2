import { messageOf, RaftctlError, randomInt, seededRandom } from '../base/index.js';
import type { ClusterControl, RunningCluster } from '../cluster/index.js';
import { type Invocation, TABLE } from '../console/commands/index.js';
import type { Workspace } from '../console/context.js';
import {
  isBelowHere,
  readAll,
  readScript,
  readSourced,
  TemporaryDirectory,
  writeReport,
} from '../console/files/index.js';
import {
  type Action,
  formatDuration,
  literalOf,
  parseScript,
  type Script,
  type Source,
  type Statement,
} from '../console/language/index.js';
import type { Outcome } from '../console/outcome.js';
import { type Data, toJson } from '../console/output/index.js';
import { outputOf, type Printer, printOutcome } from '../console/results.js';
import {
  caseLine,
  casesToRun,
  exitCodeOf,
  failureText,
  junitReport,
  type Report,
  type Result,
  ScriptRunner,
  summaryLine,
} from '../console/script/index.js';
import type { Surface, UpOptions } from '../console/surface.js';
import { chooseCluster } from './choose-cluster.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { Interrupts } from './interrupts.js';
import { startTemporaryCluster, type TemporaryCluster } from './temporary-cluster.js';
import { type OpenWorkspace, openWorkspace } from './workspace.js';

export interface ExecOptions {
  /** A file, or `-` for standard input. Undefined with `text`. */
  readonly script: string | undefined;
  /** `-c`. */
  readonly text: string | undefined;
  readonly junit: string | undefined;
  readonly keep: boolean;
  readonly keepGoing: boolean;
  readonly until: string | undefined;
  readonly only: string | undefined;
  readonly timeoutMs: number;
  readonly seed: number | undefined;
}

/** `raftctl exec`: parses everything, then runs it on the running cluster or on one of its own. */
export async function exec(options: ExecOptions, global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const source = await sourceOf(options, host);
  const script = parseScript(source, {
    check: (call) => TABLE.check(call, 'script'),
    load: readSourced,
    environment: host.environment,
  });
  casesToRun(script, options);
  const interrupts = new Interrupts(host);
  const run = new ScriptRun(options, global, printer, host, script, interrupts);
  const timer = host.scheduler.after(options.timeoutMs, () => run.expire());
  try {
    return await run.run();
  } finally {
    timer.cancel();
    interrupts.close();
  }
}

async function sourceOf({ script, text }: ExecOptions, host: Host): Promise<Source> {
  if (text !== undefined && script !== undefined)
    throw new RaftctlError('usage', `exec runs one script, got ${script} and -c`, { hint: 'give one of them' });
  if (text !== undefined) return { file: '-c', text };
  if (script === undefined)
    throw new RaftctlError('usage', 'exec needs a script: a file, - or -c COMMANDS', { hint: 'raftctl exec --help' });
  return script === '-' ? { file: '-', text: (await readAll(host.stdin)).toString('utf8') } : readScript(script);
}

class ScriptRun {
  readonly #options: ExecOptions;
  readonly #global: GlobalOptions;
  readonly #printer: Printer;
  readonly #host: Host;
  readonly #script: Script;
  readonly #interrupts: Interrupts;
  readonly #temporary = new TemporaryDirectory();
  readonly #seed: number;
  readonly #results: Data[] = [];
  #own: TemporaryCluster | null = null;
  #control: ClusterControl | null = null;
  #hangUp: () => void = () => {};
  #expired = false;

  constructor(
    options: ExecOptions,
    global: GlobalOptions,
    printer: Printer,
    host: Host,
    script: Script,
    interrupts: Interrupts,
  ) {
    this.#options = options;
    this.#global = global;
    this.#printer = printer;
    this.#host = host;
    this.#script = script;
    this.#interrupts = interrupts;
    this.#seed = options.seed ?? randomInt(host.random, 1, 0x7fffffff);
  }

  expire(): void {
    this.#expired = true;
    this.#interrupts.abort();
  }

  async run(): Promise<number> {
    const workspace = this.#workspace();
    let keep = this.#options.keep;
    try {
      if (!callsUp(this.#script)) await this.#findCluster();
      const report = await this.#run(this.#runner(workspace));
      keep &&= report.failed > 0;
      return exitCodeOf(report);
    } catch (thrown) {
      if (this.#expired) throw overdue(this.#options.timeoutMs, thrown);
      throw thrown;
    } finally {
      await workspace.close();
      await this.#end(keep);
    }
  }

  #workspace(): OpenWorkspace {
    const readsInput = this.#options.script !== '-';
    const workspace = openWorkspace(this.#host, { origin: 'script', control: () => this.#control, readsInput });
    const surface: Surface = {
      ...workspace.surface,
      random: seededRandom(this.#seed),
      temporaryDirectory: () => this.#temporary.path,
      up: (wanted) => this.#up(wanted),
    };
    return { ...workspace, surface };
  }

  /** Out of time or interrupted, what has run is reported all the same. */
  async #run(runner: ScriptRunner): Promise<Report> {
    try {
      const report = await runner.run(this.#script, this.#interrupts.signal);
      this.#writeJunit(report);
      if (this.#global.format === 'json') this.#printer.out(toJson(reportDocument(report, this.#results)));
      else this.#print(report);
      return report;
    } catch (thrown) {
      const report = runner.report(this.#script);
      this.#writeJunit(report);
      // In JSON the failure is the one document.
      if (this.#global.format === 'text') this.#print(report);
      throw thrown;
    }
  }

  #runner(workspace: Workspace): ScriptRunner {
    const { keepGoing, until, only } = this.#options;
    const { format } = this.#global;
    const tested = this.#tested;
    return new ScriptRunner({
      workspace,
      table: TABLE,
      output: outputOf(this.#printer, format),
      keepGoing,
      until,
      only,
      seed: this.#seed,
      logs: () => (this.#own ? `${this.#own.directory}/logs${this.#options.keep ? '' : ' (kept with --keep)'}` : null),
      onCase: (result) => {
        if (tested && format === 'text') this.#printer.out(caseLine(result, this.#printer.view));
      },
      ...(tested ? {} : { onResult: (result, call) => this.#printResult(result, call) }),
    });
  }

  #printResult(result: Result, call: Invocation): void {
    if (result.type !== 'answer') return;
    if (this.#global.format === 'json') this.#results.push(result.outcome.document);
    else
      printOutcome(
        { ...result.outcome, unmet: undefined },
        this.#printer,
        call.find('output') === 'json' ? 'json' : 'text',
      );
  }

  get #tested(): boolean {
    return this.#script.statements.some((statement) => statement.type === 'test');
  }

  /** The running cluster, or one of our own when there is none. */
  async #findCluster(): Promise<void> {
    const { listClusters, connectControl } = await this.#host.loadCluster();
    const clusters: readonly RunningCluster[] = listClusters(this.#host.environment);
    const { cluster: name } = this.#global;
    if (clusters.length === 0 && name === undefined) {
      await this.#startOwn({});
      return;
    }
    const chosen = chooseCluster(clusters, name);
    if (!isBelowHere(chosen.directory)) {
      // The only one of this user, but not of this place: whoever started it may not expect a script in it.
      this.#printer.err(`on the running cluster ${chosen.name} in ${chosen.directory} (pid ${chosen.pid})`);
    }
    const control = await connectControl(chosen.socket);
    this.#hangUp = () => control.close();
    this.#control = control;
  }

  async #startOwn(options: Partial<UpOptions>): Promise<TemporaryCluster> {
    this.#interrupts.cleansUp = true;
    const { signal, force } = this.#interrupts;
    const own = await startTemporaryCluster(this.#host, {
      ...options,
      signal,
      force,
      say: (text) => this.#printer.err(text),
    });
    this.#own = own;
    this.#control = own.supervisor;
    return own;
  }

  /** The `up` line of a script. */
  async #up(wanted: UpOptions): Promise<Outcome> {
    if (this.#control) throw new RaftctlError('already-running', 'the script has a cluster already');
    const { supervisor } = await this.#startOwn(wanted);
    const { leader, term, total } = supervisor.live();
    return {
      document: { leader, term, nodes: total },
      principal: leader,
      text: () => `${total} nodes are up, ${leader} leads (term ${term})`,
    };
  }

  #writeJunit(report: Report): void {
    if (this.#options.junit !== undefined) writeReport(this.#options.junit, junitReport(report));
  }

  #print(report: Report): void {
    // Without cases the results are what one wants on standard output; the report is about them.
    const view = this.#tested ? this.#printer.view : this.#printer.errView;
    const say = (text: string) => (this.#tested ? this.#printer.out(text) : this.#printer.err(text));
    for (const result of report.cases) if (result.failure) say(failureText(result, result.failure, report, view));
    say(summaryLine(report, view));
  }

  async #end(keep: boolean): Promise<void> {
    this.#hangUp();
    this.#temporary.remove();
    if (!this.#own) return;
    await this.#own.end({ keep });
    if (keep) this.#printer.err(`the cluster's directory is kept: ${this.#own.directory}`);
  }
}

function overdue(timeoutMs: number, interruption: unknown): RaftctlError {
  const bound = `the script ran longer than its bound of ${formatDuration(timeoutMs)}`;
  return new RaftctlError('timeout', `${bound}: ${messageOf(interruption)}`, { hint: 'see --timeout' });
}

/** Does the script bring its own cluster? */
function callsUp(script: Script): boolean {
  const inAction = (action: Action): boolean => {
    switch (action.type) {
      case 'command':
        return literalOf(action.call.words[0]!) === 'up';
      case 'within':
      case 'repeat':
        return inAction(action.body);
      case 'block':
        return action.statements.some(inStatement);
      case 'source':
        return action.script.statements.some(inStatement);
    }
  };
  const inStatement = (statement: Statement): boolean =>
    (statement.type === 'action' || statement.type === 'let') && inAction(statement.action);
  return script.statements.some(inStatement);
}

const reportDocument = (report: Report, results: readonly Data[]): Data => ({
  file: report.file,
  passed: report.passed,
  failed: report.failed,
  skipped: report.skipped,
  seed: report.seed,
  cases: report.cases.map(({ name, place, tookMs, failure }) => ({
    name,
    place,
    tookMs: Math.round(tookMs),
    passed: failure === null,
    failure: failure && {
      place: failure.place,
      statement: failure.statement,
      expected: failure.expected,
      got: failure.got,
      tries: failure.tries,
      transcript: failure.transcript,
      events: failure.events,
    },
  })),
  results,
});
