import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type OpenStage, tell } from './story.js';

/** One test for each story of a folder: its file is what it has to come out as. */
export function storiesOf(folder: string, title: string, open: OpenStage): void {
  describe(`stories: ${title}`, () => {
    for (const name of readdirSync(join(import.meta.dirname, folder))) {
      it(name.replace(/\.story$/, '').replaceAll('-', ' '), async () => {
        const path = join(import.meta.dirname, folder, name);
        const story = { file: `test/stories/${folder}/${name}`, text: readFileSync(path, 'utf8') };
        await expect(await tell(story, open)).toMatchFileSnapshot(path);
      });
    }
  });
}
