import { randomBytes } from 'node:crypto';
import type { Random } from '../random.js';

/** The machine's entropy. Elections draw a handful of numbers a second: speed does not matter here. */
export const realRandom: Random = { next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48 };
