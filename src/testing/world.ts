import { silent } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { guestScheduler } from '../base/real/scheduler.js';
import { createGuestTransport } from '../transport/index.js';

const time = { clock: realClock, scheduler: guestScheduler, random: realRandom };

/** What the library stands on in a test's process: none of it keeps that alive, nor does any of it listen to signals. */
export const world = { ...time, transport: createGuestTransport({ ...time, emit: silent }) };
