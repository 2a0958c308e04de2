import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ChaosRecord, reportPage } from '../../src/verify/report/index.js';
import { CHROMIUM } from '../helpers/chromium.js';
import { storyOfChaos } from '../verify/report/story-of-chaos.js';

/** Where pictures are kept to be looked at; none unless asked for. */
const PICTURES = process.env['RAFTCTL_TEST_PICTURES'];

const missing = CHROMIUM === undefined ? ' (skipped: no chromium on PATH; `apt-get install chromium`)' : '';

describe.skipIf(CHROMIUM === undefined)(`the report of chaos, in a browser${missing}`, () => {
  let browser: Browser;
  let directory: string;
  const open: OpenReport = (record, options) => openReport(browser, directory, record, options);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'raftctl-report-'));
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('has a lane for each node, the faults, the operations, two charts and the counts, and asks no network', async () => {
    const record = storyOfChaos();
    const { page, complaints, requests } = await open(record);
    expect(await page.title()).toBe('Chaos on demo: passed, seed 7');
    expect(await page.locator('.row.node .label').allTextContents()).toEqual(record.nodes.map(({ node }) => node));
    for (const [place, { spans }] of record.nodes.entries()) {
      expect(await page.locator('.row.node').nth(place).locator('.span').count()).toBe(spans.length);
    }
    expect(await page.locator('.item.fault').count()).toBe(record.faults.length);
    expect(await page.locator('.behind .track span:not(#cursor)').count()).toBe(record.faults.length);
    expect(await page.locator('#faults tbody tr').count()).toBe(record.faults.length);
    expect(await page.locator('#count-checked dd').textContent()).toBe('6,000');
    expect(await page.locator('#count-lost dd').textContent()).toBe('0');
    expect(await page.locator('#verdict').textContent()).toContain('passed');
    expect(await page.locator('#throughput path.area').boundingBox()).toMatchObject({ height: expect.any(Number) });
    for (const id of ['operations', 'throughput', 'latency']) {
      expect((await page.locator(`#${id}`).boundingBox())!.height).toBeGreaterThan(50);
    }
    expect(await page.locator('#script pre').textContent()).toBe(record.script);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([page.url()]);
  });

  it('fits a wide window and a narrow one, light and dark, with text that can be read', async () => {
    for (const width of [360, 800, 1_600]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await open(storyOfChaos(), { width, colorScheme });
        const { scrolls, unread } = await page.evaluate(READ_PAGE);
        expect(scrolls, `${width} wide: the page scrolls sideways`).toBe(false);
        expect(unread, `${width} wide, ${colorScheme}: contrast below 4.5`).toEqual([]);
        await page.close();
      }
    }
  });

  it('says more of what is pointed at: a role, a fault and where it was in force, an operation, an interval', async () => {
    const { page, complaints } = await open(storyOfChaos());
    const detail = page.locator('#detail');
    await page.locator('.row.node').first().locator('.leader').first().hover();
    expect(await detail.textContent()).toMatch(/^node-01: leader, term 1\n30 ms to /);
    await page.locator('.item.fault').first().hover();
    expect(await detail.textContent()).toMatch(
      /^\w+: .+\non node-0\d\n2\.5 s to .*\nfirst write acknowledged \d+ ms after it/,
    );
    expect(await page.locator('#faults tr.struck').count()).toBe(1);
    await page.locator('#operations').hover({ position: { x: 300, y: 20 } });
    expect(await detail.textContent()).toMatch(
      /^client-\d: (put|get|cas) key-\d value-\d+\n\w+, (took .* ms|no answer), called at/,
    );
    await page.locator('#latency').hover({ position: { x: 300, y: 20 } });
    expect(await detail.textContent()).toMatch(/s to .*\n\d+\/s acknowledged .*\np50 .*, p99 /);
    await page.locator('h1').hover();
    expect(await detail.isHidden()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('is walked through with the keyboard: one stop of Tab a row, arrows along it, Escape to clear', async () => {
    const record = storyOfChaos();
    const { page } = await open(record);
    const detail = page.locator('#detail');
    expect(await page.locator('.row.node').first().locator('.span[tabindex="0"]').count()).toBe(1);
    await page.locator('.row.node').first().locator('.span').first().focus();
    const first = await detail.textContent();
    await page.keyboard.press('ArrowRight');
    expect(await detail.textContent()).not.toBe(first);
    await page.keyboard.press('End');
    expect(await detail.textContent()).toContain('to 60 s');
    await page.keyboard.press('Tab');
    expect(await detail.textContent()).toMatch(/^node-02: /);
    await page.keyboard.press('Escape');
    expect(await detail.isHidden()).toBe(true);
    await page.locator('#operations').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Home');
    expect(await detail.textContent()).toContain('called at 0 s');
  });

  it('widens the timeline under its labels, which stay', async () => {
    const { page } = await open(storyOfChaos());
    const track = page.locator('#throughput');
    const before = (await track.boundingBox())!.width;
    await page.locator('[data-zoom="1"]').click();
    await page.locator('[data-zoom="1"]').click();
    expect((await track.boundingBox())!.width).toBeCloseTo(4 * before, 0);
    const label = page.locator('.row.node .label').first();
    const left = (await label.boundingBox())!.x;
    await page.locator('.scroller').evaluate((scroller: { scrollLeft: number }) => {
      scroller.scrollLeft = 500;
    });
    expect((await label.boundingBox())!.x).toBeCloseTo(left, 0);
  });

  it('shows whatever names, keys, values and scripts say, and obeys none of it', async () => {
    const evil = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">'"&\u202e\x1b[31m\ud800`;
    const story = storyOfChaos(50);
    const { page, complaints, requests } = await open({
      ...story,
      cluster: evil,
      version: evil,
      startedAt: evil,
      settings: [{ name: evil, value: evil }],
      nodes: story.nodes.map((lane) => ({ ...lane, node: evil })),
      faults: story.faults.map((fault) => ({ ...fault, type: evil, text: evil, nodes: [evil] })),
      operations: [...story.operations].map((one) => ({ ...one, client: evil, op: evil, key: evil, detail: evil })),
      verdict: { verdict: 'violation', summary: evil, checks: [{ name: evil, passed: false, detail: evil }] },
      hashes: [{ node: evil, hash: evil }],
      script: evil,
    });
    const shown = evil.replace('\u202e', '\\u202e').replace('\x1b', '\\x1b').replace('\ud800', '\\ud800');
    expect(await page.title()).toBe(`Chaos on ${shown}: violation, seed 7`);
    expect(await page.locator('.cluster').textContent()).toBe(shown);
    expect(await page.locator('#script pre').textContent()).toBe(shown);
    expect(await page.locator('img').count()).toBe(0);
    await page.locator('#operations').hover({ position: { x: 300, y: 5 } });
    expect(await page.locator('#detail').textContent()).toContain(`${shown}: ${shown}`.slice(0, 100));
    expect(complaints).toEqual([]);
    expect(requests).toEqual([page.url()]);
  });

  it('of two hundred thousand operations and an hour of elections is small and quick, and says what it left out', async () => {
    const story = storyOfChaos(200_000);
    const [lane, ...lanes] = story.nodes;
    const spans = Array.from({ length: 20_000 }, (_, place) => ({
      beginMs: place * 3,
      endMs: place * 3 + 3,
      state: 'running' as const,
      role: place % 2 === 0 ? ('candidate' as const) : ('follower' as const),
      term: place,
    }));
    const record = { ...story, nodes: [{ ...lane!, spans }, ...lanes] };
    expect(reportPage(record).length).toBeLessThan(1_500_000);
    const { page, complaints } = await open(record);
    expect(await page.locator('#sampled').textContent()).toMatch(/^4,000 of 200,000 operations are shown/);
    expect(await page.locator('.row.node').first().locator('.span').count()).toBeLessThan(1_001);
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(5_000);
    await page.locator('#operations').hover({ position: { x: 500, y: 20 } });
    expect(await page.locator('#detail').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('of a run in which nothing happened is a page all the same', async () => {
    const story = storyOfChaos(0);
    const { page, complaints } = await open({ ...story, nodes: [], faults: [], intervals: [], hashes: [], script: '' });
    expect(await page.locator('#sampled').textContent()).toMatch(/^All 0 operations are shown/);
    await page.locator('#throughput').hover();
    expect(complaints).toEqual([]);
  });
});

interface Opened {
  readonly page: Page;
  /** Errors of the page, and all that it said on the console. */
  readonly complaints: string[];
  /** Every address that it asked for. */
  readonly requests: string[];
}
interface View {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}
type OpenReport = (record: ChaosRecord, view?: View) => Promise<Opened>;

let pages = 0;

async function openReport(browser: Browser, directory: string, record: ChaosRecord, view: View = {}): Promise<Opened> {
  const { width = 1_280, colorScheme = 'light' } = view;
  pages += 1;
  const file = join(directory, `report-${pages}.html`);
  writeFileSync(file, reportPage(record));
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  if (PICTURES !== undefined) {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `report-${pages}-${width}-${colorScheme}.png`), fullPage: true });
  }
  return { page, complaints, requests };
}

/**
 * Run in the page: does it scroll sideways, and which texts have less contrast to the first opaque background behind
 * them than WCAG's AA asks for?
 */
const READ_PAGE = `(() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const colour = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith('color(') ? [...parts.slice(0, 3).map((one) => one * 255), parts[3] ?? 1] : [...parts.slice(0, 3), parts[3] ?? 1];
  };
  const luminance = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const unread = new Set();
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!own || ['SCRIPT', 'STYLE'].includes(element.tagName) || element.offsetParent === null) continue;
    let behind = element;
    while (behind !== null && colour(getComputedStyle(behind).backgroundColor)[3] < 1) behind = behind.parentElement;
    const ratio = contrast(colour(getComputedStyle(element).color), colour(getComputedStyle(behind ?? document.body).backgroundColor));
    if (ratio < 4.5) unread.add(element.className + ' ' + element.parentElement.className + ': ' + ratio.toFixed(2));
  }
  return { scrolls: document.documentElement.scrollWidth > document.documentElement.clientWidth, unread: [...unread] };
})()` as unknown as () => { scrolls: boolean; unread: string[] };
