import { RaftctlError, type Sighting } from '../base/index.js';
import type { Hello } from '../transport/index.js';
import { decodeNote, type Note } from '../wire/index.js';

/** What another member tells when it greets: its term and leader, its own start, and what it has seen of this one. */
export interface Greeted {
  readonly note: Note;
  readonly told: Sighting;
}

/** Throws `bad-request` for what makes no sense, `handshake-refused` for a member that tells no start of its own. */
export function greetedBy({ node, instance, member, note: bytes }: Hello): Greeted {
  const note = decodeNote(bytes);
  if (note.start === undefined || member === undefined) {
    throw new RaftctlError('handshake-refused', `expected ${node} to tell its incarnation and start, received none`, {
      hint: 'run versions of raftctl on all nodes that know each other',
    });
  }
  return { note, told: { ...note.start, incarnation: member.incarnation, instance } };
}
