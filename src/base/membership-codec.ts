import { asNodeId, type NodeId } from './ids.js';
import type { FormerMember, Member, Membership } from './membership.js';

/**
 * A membership in bytes, the same in a log entry and in the state's meta, little-endian:
 *
 *     u8 form (1) | u16 members, then of each:
 *     u8 roles (1 voter, 2 outgoing voter, 4 learner) | u32 incarnation | u16 port
 *     | u8 bytes of the name | name | u16 bytes of the host | host       (UTF-8)
 *
 * The roles keep the order of `members`. Who has no role has left: a former member, without an address.
 */
const FORM = 1;
const ROLES = { voter: 1, outgoing: 2, learner: 4 } as const;
const HEAD_BYTES = 3;
const MEMBER_FIXED_BYTES = 10;

export function encodeMembership({ members, voters, outgoing, learners, former = [] }: Membership): Buffer {
  const roles = (id: NodeId): number =>
    (voters.includes(id) ? ROLES.voter : 0) |
    (outgoing.includes(id) ? ROLES.outgoing : 0) |
    (learners.includes(id) ? ROLES.learner : 0);
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = FORM;
  head.writeUInt16LE(members.length + former.length, 1);
  return Buffer.concat([
    head,
    ...members.map((member) => encodeMember(member, roles(member.id))),
    ...former.map((member) => encodeMember({ ...member, host: '', port: 0 }, 0)),
  ]);
}

function encodeMember({ id, incarnation, host, port }: Member, roles: number): Buffer {
  const [idBytes, hostBytes] = [Buffer.byteLength(id), Buffer.byteLength(host)];
  const bytes = Buffer.alloc(MEMBER_FIXED_BYTES + idBytes + hostBytes);
  bytes[0] = roles;
  bytes.writeUInt32LE(incarnation, 1);
  bytes.writeUInt16LE(port, 5);
  bytes.writeUInt8(idBytes, 7);
  bytes.write(id, 8);
  bytes.writeUInt16LE(hostBytes, 8 + idBytes);
  bytes.write(host, 10 + idBytes);
  return bytes;
}

/** `newer`: of a form that only a later version knows. */
export type MembershipReading =
  | { readonly type: 'valid'; readonly membership: Membership }
  | { readonly type: 'newer' | 'damaged'; readonly why: string };

/** Reads all of `bytes`. */
export function readMembership(bytes: Buffer): MembershipReading {
  if (bytes.length < HEAD_BYTES) return damaged(`${bytes.length} bytes are no membership`);
  const form = bytes[0]!;
  if (form > FORM) return { type: 'newer', why: `membership of form ${form}, this version knows up to ${FORM}` };
  const members: Member[] = [];
  const former: FormerMember[] = [];
  const withRole = { voter: [] as NodeId[], outgoing: [] as NodeId[], learner: [] as NodeId[] };
  let at = HEAD_BYTES;
  for (let left = bytes.readUInt16LE(1); left > 0; left -= 1) {
    const end = endOfMember(bytes, at);
    if (end === undefined) {
      return damaged(`a membership ends within member ${members.length + former.length + 1}`);
    }
    const member = memberAt(bytes, at);
    if (bytes[at] === 0) former.push({ id: member.id, incarnation: member.incarnation });
    else members.push(member);
    for (const role of ['voter', 'outgoing', 'learner'] as const) {
      if ((bytes[at]! & ROLES[role]) !== 0) withRole[role].push(member.id);
    }
    at = end;
  }
  if (form !== FORM || at !== bytes.length) return damaged(`form ${form}, ${bytes.length - at} bytes too many`);
  const { voter: voters, outgoing, learner: learners } = withRole;
  const left = former.length === 0 ? {} : { former };
  return { type: 'valid', membership: { members, voters, outgoing, learners, ...left } };
}

function endOfMember(bytes: Buffer, at: number): number | undefined {
  const hostLengthAt = at + 7 < bytes.length ? at + 8 + bytes[at + 7]! : bytes.length;
  if (hostLengthAt + 2 > bytes.length) return undefined;
  const end = hostLengthAt + 2 + bytes.readUInt16LE(hostLengthAt);
  return end > bytes.length ? undefined : end;
}

function memberAt(bytes: Buffer, at: number): Member {
  const hostLengthAt = at + 8 + bytes[at + 7]!;
  const hostAt = hostLengthAt + 2;
  return {
    id: asNodeId(bytes.toString('utf8', at + 8, hostLengthAt)),
    incarnation: bytes.readUInt32LE(at + 1),
    host: bytes.toString('utf8', hostAt, hostAt + bytes.readUInt16LE(hostLengthAt)),
    port: bytes.readUInt16LE(at + 5),
  };
}

const damaged = (why: string): MembershipReading => ({ type: 'damaged', why });
