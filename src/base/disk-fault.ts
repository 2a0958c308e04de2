import { systemCode } from './system-reason.js';

/** What a disk answers that is full, has used up a quota, or fails. */
const DISK_FAULTS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO']);

/** Is it the disk that failed, so that another try may find it mended, and not the path or the permissions? */
export const isDiskFault = (error: unknown): boolean => DISK_FAULTS.has(systemCode(error) ?? '');

/** What to do about a write that failed. */
export const diskRemedy = (error: unknown): string =>
  isDiskFault(error) && systemCode(error) !== 'EIO'
    ? 'free space on the disk, then start the node again'
    : 'check the disk, then start the node again';
