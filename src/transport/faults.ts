import { CLIENTS, type LinkFault, type LinkTrouble } from './link-fault.js';
import type { ConnectionRole } from './transport.js';

/** All that befalls the frames of one direction. */
export interface Trouble {
  readonly isCut: boolean;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossRate: number;
}

export interface Troubles {
  readonly in?: Trouble;
  readonly out?: Trouble;
}

/** Hears that what its peer is to suffer has changed. Not from inside a call of its own. */
interface Follower {
  faultsChanged(): void;
}

/** Whose faults these are: a peer's by its name, all clients' together; an admin suffers nothing. */
export function sufferer({ role, node }: { readonly role: ConnectionRole; readonly node: string }): string | undefined {
  if (role === 'admin') return undefined;
  return role === 'client' ? CLIENTS : node;
}

/** The link faults in force at one transport, and who has to know of them. */
export class LinkFaults {
  #troubles = new Map<string, Troubles>();
  readonly #followers = new Map<string, Set<Follower>>();

  /** In force when it returns; replaces what was. */
  set(faults: readonly LinkFault[]): void {
    const before = this.#troubles;
    this.#troubles = troublesOf(faults);
    for (const peer of new Set([...before.keys(), ...this.#troubles.keys()])) {
      if (isSame(before.get(peer), this.#troubles.get(peer))) continue;
      // Who hears of it may leave, or follow anew.
      for (const follower of [...(this.#followers.get(peer) ?? [])]) follower.faultsChanged();
    }
  }

  /** Does anybody suffer anything? */
  get isAny(): boolean {
    return this.#troubles.size > 0;
  }

  /** Undefined: it suffers nothing. */
  of(peer: string | undefined): Troubles | undefined {
    return peer === undefined ? undefined : this.#troubles.get(peer);
  }

  /** Nobody can be greeted who does not hear, or is not heard. */
  isCut(peer: string | undefined): boolean {
    const troubles = this.of(peer);
    return troubles?.in?.isCut === true || troubles?.out?.isCut === true;
  }

  /** How much longer it takes until somebody has said something and is answered. */
  roundTripMs(peer: string | undefined): number {
    const troubles = this.of(peer);
    return (troubles?.in?.delayMs ?? 0) + (troubles?.out?.delayMs ?? 0);
  }

  follow(peer: string | undefined, follower: Follower): void {
    if (peer === undefined) return;
    const followers = this.#followers.get(peer);
    if (followers === undefined) this.#followers.set(peer, new Set([follower]));
    else followers.add(follower);
  }

  leave(peer: string | undefined, follower: Follower): void {
    if (peer === undefined) return;
    const followers = this.#followers.get(peer);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(peer);
  }
}

function troublesOf(faults: readonly LinkFault[]): Map<string, Troubles> {
  const troubles = new Map<string, Troubles>();
  for (const fault of faults) {
    const known = troubles.get(fault.peer) ?? {};
    troubles.set(fault.peer, { ...known, [fault.direction]: withFault(known[fault.direction] ?? NOTHING, fault) });
  }
  return troubles;
}

const NOTHING: Trouble = { isCut: false, delayMs: 0, jitterMs: 0, lossRate: 0 };

function withFault(trouble: Trouble, fault: LinkTrouble): Trouble {
  switch (fault.type) {
    case 'cut':
      return { ...trouble, isCut: true };
    case 'slow': {
      const [delayMs, jitterMs] = [trouble.delayMs + fault.delayMs, trouble.jitterMs + fault.jitterMs];
      return { ...trouble, delayMs, jitterMs };
    }
    case 'flaky':
      return { ...trouble, lossRate: 1 - (1 - trouble.lossRate) * (1 - fault.lossRate) };
  }
}

const isSame = (one: Troubles | undefined, other: Troubles | undefined): boolean =>
  isSameTrouble(one?.in, other?.in) && isSameTrouble(one?.out, other?.out);

function isSameTrouble(one: Trouble = NOTHING, other: Trouble = NOTHING): boolean {
  const { isCut, delayMs, jitterMs, lossRate } = one;
  return (
    isCut === other.isCut && delayMs === other.delayMs && jitterMs === other.jitterMs && lossRate === other.lossRate
  );
}
