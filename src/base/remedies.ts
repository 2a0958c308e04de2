/**
 * What is safe to advise when a node's data is damaged, said once. Never to put an old copy back: it does not know the
 * votes that were cast and the entries that were acknowledged since, and a node with such a copy breaks both promises.
 */
export const REJOIN =
  'while a quorum of the others is up, `raftctl wipe NODE` makes it a new member, which gets everything from them; do not put an older copy back, which forgets votes and acknowledged writes';

/** When an older copy was put back all the same. The directory that ran last has forgotten nothing. */
export const BRING_BACK_THE_LATEST =
  'put back the directory that it ran with last, if that is still there; else, while a quorum of the others is up, `raftctl wipe NODE` makes it a new member, which gets everything from them';
