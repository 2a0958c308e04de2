import { RaftctlError, type Random } from '../base/index.js';
import { checkCluster, nameOf, SAME_DIRECTORY } from './belonging.js';
import { decodeGreeting, encodeGreeting, provenOf, type ReceivedGreeting, unexpected } from './greeting.js';
import { HANDSHAKE_KIND } from './handshake-frames.js';
import { dialerProof, drawNonce, isProof, listenerProof, type Transcript } from './proof.js';
import type { Frame, Hello } from './transport.js';
import { type Agreement, commonFeatures, type VersionRange } from './versions.js';

interface ListenerHandshakeOptions {
  /** Asked when it is sent. */
  readonly hello: () => Hello;
  readonly versions: VersionRange;
  /** Peers and admin must prove that they know it. None: they are believed. */
  readonly secret?: Uint8Array | undefined;
  readonly random: Random;
  /** Whether a dialer that is who it says it is may come in. */
  readonly admit: (hello: Hello) => RaftctlError | undefined;
}

export type ListenerStep =
  | { readonly type: 'challenge'; readonly answer: Buffer }
  | { readonly type: 'greeted'; readonly answer: Buffer; readonly peer: Hello; readonly agreement: Agreement };

/**
 * The listener's side of a handshake: one frame of the dialer's in, what to answer out. Throws what it refuses.
 *
 *     hello ──▶ welcome                        a client's; anybody's where there is no secret
 *     hello ──▶ challenge, proof ──▶ welcome   a peer's or an admin's
 */
export class ListenerHandshake {
  readonly #options: ListenerHandshakeOptions;
  #challenged:
    | { readonly dialer: ReceivedGreeting; readonly nonce: Buffer; readonly transcript: Transcript }
    | undefined;

  constructor(options: ListenerHandshakeOptions) {
    this.#options = options;
  }

  /** Whose frame this is, by what it says itself; undefined: nobody's that could be. */
  dialerOf(frame: Frame): Hello | undefined {
    if (this.#challenged !== undefined) return this.#challenged.dialer.hello;
    try {
      return decodeGreeting(frame.payload, this.#options.versions).hello;
    } catch (thrown) {
      if (!(thrown instanceof RaftctlError)) throw thrown;
      return undefined;
    }
  }

  heard(frame: Frame): ListenerStep {
    if (this.#challenged !== undefined) return this.#heardProof(frame);
    if (frame.kind !== HANDSHAKE_KIND.hello) throw unexpected(frame);
    const { versions, secret, hello } = this.#options;
    const dialer = decodeGreeting(frame.payload, versions);
    const refusal = checkCluster(dialer.hello, hello());
    if (refusal !== undefined) throw refusal;
    return secret === undefined || dialer.hello.role === 'client' ? this.#welcome(dialer) : this.#challenge(dialer);
  }

  #challenge(dialer: ReceivedGreeting): ListenerStep {
    const { hello, versions, random } = this.#options;
    const ours = hello();
    if (dialer.nonce.length === 0) throw unproven(ours, dialer.hello, 'received none');
    const nonce = drawNonce(random);
    const answer = encodeGreeting('challenge', { hello: ours, versions, nonce });
    this.#challenged = { dialer, nonce, transcript: { hello: dialer.proven, challenge: provenOf(answer) } };
    return { type: 'challenge', answer };
  }

  #heardProof(frame: Frame): ListenerStep {
    const { dialer, transcript } = this.#challenged!;
    if (frame.kind !== HANDSHAKE_KIND.proof) throw unexpected(frame);
    if (isProof(frame.payload, dialerProof(this.#options.secret!, transcript))) return this.#welcome(dialer);
    throw unproven(this.#options.hello(), dialer.hello, 'received a wrong one');
  }

  #welcome(dialer: ReceivedGreeting): ListenerStep {
    const { hello, versions, secret, admit } = this.#options;
    const refusal = admit(dialer.hello);
    if (refusal !== undefined) throw refusal;
    const ours = hello();
    const challenged = this.#challenged;
    const answer =
      challenged === undefined
        ? encodeGreeting('welcome', { hello: ours, versions, nonce: Buffer.alloc(0) })
        : encodeGreeting('welcome', { hello: ours, versions, nonce: challenged.nonce }, (welcome) =>
            listenerProof(secret!, challenged.transcript, welcome),
          );
    const agreement = { version: dialer.version, features: commonFeatures(ours.features, dialer.hello.features) };
    return { type: 'greeted', answer, peer: dialer.hello, agreement };
  }
}

function unproven(listener: Hello, { role, node }: Hello, received: string): RaftctlError {
  const who = node === '' ? `the ${role}` : `the ${role} ${node}`;
  return new RaftctlError(
    'handshake-refused',
    `${nameOf(listener)} expected a proof of its cluster's secret from ${who}, ${received}`,
    { hint: SAME_DIRECTORY },
  );
}
