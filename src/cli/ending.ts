import { inputKind } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import type { EndingSignal, Host } from './host.js';

type Doing = 'stopping' | 'detaching' | 'disconnecting';

/** How `up`, `attach` and `connect` end: the first reason counts; Ctrl-C while it is ending forces. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #force = new AbortController();
  readonly #printer: Printer;
  readonly #doing: Doing;
  readonly #stopListening: () => void;
  #warned = false;
  #unread = false;
  /** A script on standard input is run to its end and its verdict, whether or not anybody reads on. */
  #runsScript: boolean;
  reason: EndingSignal | 'left' | 'taken down' | 'closed' | null = null;
  /** Who hears of Ctrl-C as long as nothing is ending. */
  onInterrupt: (() => void) | null = null;
  readonly begun: Promise<void>;

  /** `doing` says what Ctrl-C begins. */
  constructor(printer: Printer, host: Host, doing: Doing) {
    this.#printer = printer;
    this.#doing = doing;
    this.#runsScript = inputKind(host.stdin) === 'piped';
    this.begun = new Promise((resolve) => {
      this.#controller.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const stopSignals = host.onSignal((signal) => this.#signalled(signal));
    const stopReading = host.onOutputLoss(({ type }) => {
      this.#unread = type === 'unread';
      this.#endUnread();
    });
    this.#stopListening = () => {
      stopSignals();
      stopReading();
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get force(): AbortSignal {
    return this.#force.signal;
  }

  begin(reason: NonNullable<Ending['reason']>): void {
    this.reason ??= reason;
    this.#controller.abort();
  }

  scriptIsOver(): void {
    this.#runsScript = false;
    this.#endUnread();
  }

  close(): void {
    this.#stopListening();
  }

  #endUnread(): void {
    if (this.#unread && !this.#runsScript) this.begin('SIGHUP');
  }

  #signalled(signal: EndingSignal): void {
    if (this.reason === null) {
      if (signal === 'SIGINT' && this.onInterrupt !== null) {
        this.onInterrupt();
        return;
      }
      if (signal === 'SIGINT') this.#printer.err(`${this.#doing}; Ctrl-C again forces`);
      this.begin(signal);
      return;
    }
    if (signal !== 'SIGINT') return;
    if (this.reason === 'left' && !this.#warned) {
      this.#warned = true;
      this.#printer.err('still stopping; Ctrl-C again forces');
      return;
    }
    this.#printer.err('forced');
    this.#force.abort();
  }
}
