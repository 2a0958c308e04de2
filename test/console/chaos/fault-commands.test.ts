import { describe, expect, it } from 'vitest';
import { asNodeId, seededRandom } from '../../../src/base/index.js';
import { TABLE } from '../../../src/console/commands/index.js';
import { parseScript } from '../../../src/console/language/index.js';
import { commandsOf, drawFault, drawVictims, FAULT_KINDS } from '../../../src/verify/faults/index.js';

const voters = [1, 2, 3, 4, 5].map((nth) => asNodeId(`node-0${nth}`));
const situation = { voters, leader: voters[2]!, size: 5, unitMs: 800 };

describe('whatever chaos does', () => {
  it.each(FAULT_KINDS)('of kind %s is a command of the prompt and of scripts', (kind) => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = seededRandom(seed);
      const isOutage = seed % 5 === 0;
      const victims = drawVictims(random, situation, { isOutage });
      const commands = commandsOf(drawFault(kind, { random, situation, victims, isOutage }));
      const script = parseScript(
        { file: 'again.raft', text: commands.join('\n') },
        { check: (call) => TABLE.check(call, 'script') },
      );
      expect(script.statements).toHaveLength(commands.length);
    }
  });
});
