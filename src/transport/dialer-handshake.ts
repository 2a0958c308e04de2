import { RaftctlError, type Random } from '../base/index.js';
import { checkCluster, checkListener, nameOf, SAME_DIRECTORY } from './belonging.js';
import { encodeFrame } from './frames.js';
import { decodeGreeting, encodeGreeting, provenOf, type ReceivedGreeting, unexpected } from './greeting.js';
import { HANDSHAKE_KIND } from './handshake-frames.js';
import { dialerProof, drawNonce, isProof, listenerProof, type Transcript } from './proof.js';
import { decodeRefusal } from './refusal.js';
import type { Frame, Hello } from './transport.js';
import { type Agreement, commonFeatures, type VersionRange } from './versions.js';

interface DialerHandshakeOptions {
  readonly hello: Hello;
  readonly versions: VersionRange;
  /** A peer or an admin proves that it knows it, and demands the same of the listener. */
  readonly secret?: Uint8Array | undefined;
  /** Who is meant to answer: nobody else gets a proof. Absent: whoever does. */
  readonly expected?: string | undefined;
  readonly random: Random;
}

export type DialerStep =
  | { readonly type: 'proof'; readonly answer: Buffer }
  | { readonly type: 'greeted'; readonly peer: Hello; readonly agreement: Agreement };

/** The dialer's side of a handshake: `opening` first, then one frame of the listener's in, what to do out. */
export class DialerHandshake {
  readonly opening: Buffer;
  readonly #options: DialerHandshakeOptions;
  readonly #secret: Uint8Array | undefined;
  #transcript: Transcript | undefined;

  constructor(options: DialerHandshakeOptions) {
    const { hello, versions, secret, random } = options;
    this.#options = options;
    this.#secret = hello.role === 'client' ? undefined : secret;
    const nonce = this.#secret === undefined ? Buffer.alloc(0) : drawNonce(random);
    this.opening = encodeGreeting('hello', { hello, versions, nonce });
  }

  /** Throws why there is no welcome, or why it is not taken. */
  heard(frame: Frame): DialerStep {
    if (frame.kind === HANDSHAKE_KIND.refusal) throw decodeRefusal(frame.payload);
    if (frame.kind === HANDSHAKE_KIND.challenge && this.#transcript === undefined) return this.#prove(frame);
    if (frame.kind !== HANDSHAKE_KIND.welcome) throw unexpected(frame);
    const listener = this.#greetingIn(frame);
    if (this.#secret !== undefined) this.#checkProof(this.#secret, listener);
    const features = commonFeatures(this.#options.hello.features, listener.hello.features);
    return { type: 'greeted', peer: listener.hello, agreement: { version: listener.version, features } };
  }

  #prove(frame: Frame): DialerStep {
    const listener = this.#greetingIn(frame);
    if (this.#secret === undefined) {
      throw new RaftctlError(
        'handshake-refused',
        `${nameOf(listener.hello)} asks for a proof of its cluster's secret, and this ${this.#options.hello.role} has none`,
        { hint: SAME_DIRECTORY },
      );
    }
    this.#transcript = { hello: provenOf(this.opening), challenge: listener.proven };
    const proof = dialerProof(this.#secret, this.#transcript);
    return { type: 'proof', answer: encodeFrame(HANDSHAKE_KIND.proof, 0, proof) };
  }

  /** A listener that was not asked for its proof is no better than one that gives a wrong one. */
  #checkProof(secret: Uint8Array, { hello, proof, proven }: ReceivedGreeting): void {
    const transcript = this.#transcript;
    if (transcript !== undefined && isProof(proof, listenerProof(secret, transcript, proven))) return;
    const received = proof.length === 0 ? 'none' : 'a wrong one';
    throw new RaftctlError(
      'handshake-refused',
      `expected a proof of the cluster's secret from ${nameOf(hello)}, received ${received}`,
      { hint: SAME_DIRECTORY },
    );
  }

  #greetingIn(frame: Frame): ReceivedGreeting {
    const { hello, versions, expected } = this.#options;
    const listener = decodeGreeting(frame.payload, versions);
    const refusal = checkCluster(hello, listener.hello) ?? checkListener(listener.hello, expected);
    if (refusal !== undefined) throw refusal;
    return listener;
  }
}
