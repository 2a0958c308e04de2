import { describe, expect, it } from 'vitest';
import { RaftStage } from './raft-stage.js';
import { tell } from './story.js';

const OPENING = '# What it shows. Raft §5.2\n\n';

const told = (text: string) => tell({ file: 'a.story', text }, (output) => new RaftStage(output));

describe('the text of a story', () => {
  it('comes back with the transcripts of this run, and otherwise as it was', async () => {
    const text = `${OPENING}> cluster 3\n# Nothing has happened.\n\n> raft-state n1\n  what it used to say\n  and more\n> network\n`;
    expect(await told(text)).toBe(
      `${OPENING}> cluster 3\n# Nothing has happened.\n\n> raft-state n1\n` +
        '  NODE  ROLE      TERM  VOTED  LEADER\n  n1    follower  0     -      -\n> network\n  nothing\n',
    );
  });

  it('is the same when it is told again', async () => {
    const once = await told(`${OPENING}> cluster 3\n> elect n1\n> propose n1 x\n> stabilize\n> raft-log\n`);
    expect(await told(once)).toBe(once);
  });

  it('tells a command of several lines under its last one', async () => {
    const text = `${OPENING}> cluster 3\n> repeat 2 do\n>   network\n> end\n> raft-state \\\n>   n1 => follower\n`;
    expect((await told(text)).split('\n').slice(3)).toEqual([
      '> repeat 2 do',
      '>   network',
      '> end',
      '  nothing',
      '  nothing',
      '> raft-state \\',
      '>   n1 => follower',
      '  NODE  ROLE      TERM  VOTED  LEADER',
      '  n1    follower  0     -      -',
      '',
    ]);
  });

  it('opens with what it shows, and a section', async () => {
    await expect(told('> cluster 3\n')).rejects.toThrow(/^a\.story:1:1 expected a story to open with # lines/);
    await expect(told('# Something.\n\n> cluster 3\n')).rejects.toThrow(/^a\.story:1:1 .*name a section/);
  });

  it('is refused, with file and line, where a line is none of the four', async () => {
    await expect(told(`${OPENING}> cluster 3\ncampaign n1\n`)).rejects.toThrow(
      /^a\.story:4:1 expected a comment \(#\)/,
    );
  });

  it('is parsed to its end before anything starts', async () => {
    const unknown = `${OPENING}> cluster 3\n> crash n9\n\n> campain n1\n`;
    await expect(told(unknown)).rejects.toThrow(/^a\.story:6:3 unknown command 'campain'; did you mean campaign\?/);
    await expect(told(`${OPENING}> cluster\n`)).rejects.toThrow(/^a\.story:3:3 cluster needs N/);
    await expect(told(`${OPENING}> deliver heart-beat\n`)).rejects.toThrow(/did you mean heartbeat\?/);
  });
});

describe('the commands of a story', () => {
  it('must succeed: a failure is told by file and line, and never becomes a transcript', async () => {
    await expect(told(`${OPENING}> cluster 3\n> propose n1 x\n`)).rejects.toThrow(
      /^a\.story:4:3 expected ok, got error no-leader: n1: not-leader/,
    );
    await expect(told(`${OPENING}> cluster 3\n> raft-state n1 => leader\n`)).rejects.toThrow(
      /^a\.story:4:3 expected "leader", got "follower"/,
    );
  });

  it('may be meant to fail, and must then', async () => {
    const lines = (await told(`${OPENING}> cluster 3\n> ! propose n1 x\n`)).split('\n');
    expect(lines.slice(3)).toEqual(['> ! propose n1 x', '  error n1: not-leader', '']);
    await expect(told(`${OPENING}> cluster 3\n> ! network\n`)).rejects.toThrow(/^a\.story:4:3 expected a failure/);
  });

  it('that wait for what is not on its way are mistakes, not silence', async () => {
    await expect(told(`${OPENING}> cluster 3\n> deliver heartbeat\n`)).rejects.toThrow(/nothing like it is on its way/);
  });
});
