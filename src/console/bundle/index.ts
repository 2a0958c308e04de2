/**
 * # console/bundle: what a bug report needs, in one archive
 *
 *     const contents = new BundleContents({ control, directory, data: false, … });
 *     await writeArchive(contents.files(), { file, root, wall, unique });
 *     contents.shortfalls;                 // what could not be had, and why
 *
 * Without `data` nothing in it says what users wrote into the store (`redact.ts`): keys and values are in the data, which
 * is never read; in the history, where names stand for them; in commands, of which those on data keep their name alone;
 * and in messages, where they stand in quotes, of which nothing is kept.
 */
export { BundleContents, type BundleSources, type Shortfall } from './contents.js';
