/**
 * The kind byte of a frame. 1 to 15 belong to the transport (handshake, ping), the rest is shared out here by who
 * speaks. A number is never given a second meaning; a new message takes a new one.
 */
export const KIND = {
  // Node to node.
  requestVote: 16,
  requestVoteResponse: 17,
  appendEntries: 18,
  appendEntriesResponse: 19,
  heartbeat: 20,
  heartbeatResponse: 21,
  readIndex: 22,
  readIndexResponse: 23,
  timeoutNow: 24,
  // Node to node: a follower passes a client's write on, and gets the answer.
  forward: 32,
  forwardReply: 33,
  // Leader to follower, on a connection of the role snapshot, and back.
  snapshotBegin: 40,
  snapshotPart: 41,
  snapshotEnd: 42,
  snapshotReceived: 43,
  snapshotInstalled: 44,
  // Client to node.
  write: 48,
  get: 49,
  scan: 50,
  status: 51,
  /** Answered with the membership as a document. */
  members: 52,
  watch: 53,
  /** Ends the watch with this call id. */
  unwatch: 54,
  // Node to client: the call id is the request's.
  okWrite: 64,
  okGet: 65,
  okScan: 66,
  error: 67,
  okDocument: 68,
  /** Pushed with call id 0 when the node's known leader changes; the payload is a note. */
  leader: 69,
  /** Pushed under the watch's call id, as often as there is news. */
  watchEvents: 70,
  okSession: 71,
  // Supervisor to node (role admin, which may send client kinds as well), and back.
  subscribeEvents: 80,
  eventBatch: 81,
  logLevel: 82,
  stop: 83,
  ok: 84,
  /** Another is to lead; answered with a document that says who does. */
  transfer: 85,
  /** Asked of the leader; answered with the membership as a document when it is done. */
  changeMembership: 86,
  /** What the node is to suffer from now on; answered with ok when it does. */
  setFaults: 87,
} as const;
