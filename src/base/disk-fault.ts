import { systemCode } from './system-reason.js';

const FREE_SPACE = 'free space on the disk, then start the node again';
const CHECK_DISK = 'check the disk, then start the node again';

/** What a disk answers that is full, has used up a quota, takes no larger file, or fails; and what to do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EFBIG: 'raise the bound of a file (ulimit -f), or use a file system that takes larger ones, then start it again',
  EIO: CHECK_DISK,
};

/** Is it the disk that failed, so that another try may find it mended, and not the path or the permissions? */
export const isDiskFault = (error: unknown): boolean => Object.hasOwn(REMEDIES, systemCode(error) ?? '');

/** What to do about a write that failed. */
export const diskRemedy = (error: unknown): string => REMEDIES[systemCode(error) ?? ''] ?? CHECK_DISK;
