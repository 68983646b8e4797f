/** Searches at several thresholds, for a number of edges, several tests at a time, and with guesses. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { contents, journalledTests, killedAfter } from '../support/interrupted.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

interface Report {
  threshold: number;
  tested: number;
  evaluations: number;
  kept: number;
  faithfulness: number;
  final: number;
  files: string[];
}

interface Several {
  thresholds: string;
  results: Report[];
}

interface Table {
  edgewise_thresholds: number;
  run: Record<string, unknown>;
  asked: { thresholds: number[] | null; edges: number | null; start: number | null };
  searches: { threshold: number; edges: number; tested: number; written: boolean; metric: number }[];
}

const THRESHOLDS = ['0.02', '0.3', '0.06'];
/** More moments at which a run is killed, and more sizes of batches. */
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';
const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
let discover: string[];
const alone: Record<string, Record<string, string>> = {};
const reports: Record<string, Report> = {};

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
  discover = ['discover', '--model', TINY_MODEL, '--task', task];
  for (const threshold of THRESHOLDS) {
    const out = inFolder(`alone-${threshold}`);
    reports[threshold] = await cliJson<Report>([...discover, '--threshold', threshold, '--out', out]);
    alone[threshold] = await contents(out);
  }
});

/** The files of each threshold's own folder, without what the run has beside them. */
async function foldersOf(out: string): Promise<Record<string, Record<string, string>>> {
  const found: Record<string, Record<string, string>> = {};
  for (const threshold of THRESHOLDS) found[threshold] = await contents(join(out, `threshold-${threshold}`));
  return found;
}

describe('several thresholds', () => {
  const several = (out: string): string[] => [...discover, '--threshold', THRESHOLDS.join(), '--out', out];

  test('each in a folder with the bytes that it has alone, and one table', async () => {
    const out = inFolder('several');
    const { thresholds, results } = await cliJson<Several>(several(out));
    expect((await readdir(out)).sort()).toEqual([
      ...THRESHOLDS.map((threshold) => `threshold-${threshold}`).sort(),
      'thresholds.json',
    ]);
    expect(await foldersOf(out)).toEqual(alone);
    expect(results.map(({ threshold }) => threshold)).toEqual(THRESHOLDS.map(Number));
    results.forEach((result, i) => {
      const { tested, kept, final, faithfulness } = reports[THRESHOLDS[i]!]!;
      expect(result).toMatchObject({ tested, kept, final, faithfulness });
    });
    // The searches build on one another.
    const evaluations = (list: readonly Report[]): number => list.reduce((sum, one) => sum + one.evaluations, 0);
    expect(evaluations(results)).toBeLessThan(evaluations(Object.values(reports)));
    const table = JSON.parse(await readFile(thresholds, 'utf8')) as Table;
    expect(table.asked).toEqual({ thresholds: [0.3, 0.06, 0.02], edges: null, start: null });
    expect(table.run).toMatchObject({ method: 'acdc', task: { name: 'pairs' }, prompts: { count: 2 }, metric: 'kl' });
    expect(table.run).not.toHaveProperty('threshold');
    expect(table.searches).toEqual(
      ['0.02', '0.06', '0.3'].map((threshold) => {
        const { tested, kept, final } = reports[threshold]!;
        const found = { threshold: Number(threshold), edges: kept, metric: final, tested, written: true };
        return expect.objectContaining(found) as object;
      }),
    );
    expect(JSON.stringify(table)).not.toMatch(/second|duration/);
  });

  test('the report is the table, and where the results lie', async () => {
    const out = inFolder('several');
    const before = await contents(out);
    const text = await cli(several(out));
    expect(await contents(out)).toEqual(before);
    expect(text).toMatch(/^ *threshold +edges +kl +faithfulness +tested +evaluated/);
    for (const threshold of THRESHOLDS) {
      const { kept, tested } = reports[threshold]!;
      expect(text).toMatch(new RegExp(`^ *${threshold} +${kept} .* ${tested} +\\d+ +\\*$`, 'm'));
      expect(text).toContain(join(out, `threshold-${threshold}`));
    }
    expect(text).toContain(`edgewise view ${out}\n`);
  });

  test('killed and resumed, they end in the same bytes', async () => {
    const out = inFolder('several-killed');
    const total = THRESHOLDS.reduce((sum, threshold) => sum + reports[threshold]!.tested, 0);
    for (const share of ALL_RUNS ? [0.1, 0.4, 0.7, 0.95] : [0.6]) {
      await killedAfter([...several(out), '--resume'], out, Math.round(share * total));
    }
    expect(journalledTests(out)).toBeGreaterThan(total / 2);
    expectMistake(await runCli(several(out), { env: NO_ADAPTER }), /holds a run that was interrupted/);
    await cli([...several(out), '--resume']);
    expect(await contents(out)).toEqual(await contents(inFolder('several')));
  });
});

describe('a number of edges', () => {
  test('finds a threshold that keeps about so many, and writes the search at it', async () => {
    const out = inFolder('edges');
    const wanted = Math.round((reports['0.02']!.kept + reports['0.06']!.kept) / 2);
    const args = [...discover, '--edges', String(wanted), '--threshold', '0.5', '--out', out];
    const { thresholds, results } = await cliJson<Several>(args);
    const { searches, asked, run } = JSON.parse(await readFile(thresholds, 'utf8')) as Table;
    expect(asked).toEqual({ thresholds: null, edges: wanted, start: 0.5 });
    expect(run).toMatchObject({ method: 'acdc', task: { name: 'pairs' } });
    const distance = (edges: number): number => Math.abs(edges - wanted);
    expect(results).toHaveLength(1);
    const [{ threshold, kept }] = results as [Report];
    expect(searches.map((one) => one.threshold)).toEqual(
      searches.map((one) => one.threshold).toSorted((a, b) => a - b),
    );
    expect(searches.some((one) => one.threshold === 0.5)).toBe(true);
    expect(distance(kept)).toBe(Math.min(...searches.map(({ edges }) => distance(edges))));
    expect(searches.filter(({ written }) => written)).toEqual([expect.objectContaining({ threshold, edges: kept })]);
    const { 'thresholds.json': _, ...files } = await contents(out);
    await cli([...discover, '--threshold', String(threshold), '--out', inFolder('edges-alone')]);
    expect(files).toEqual(await contents(inFolder('edges-alone')));
    // The table of an earlier run does not stay beside another circuit.
    await cli([...discover, '--threshold', '0.06', '--force', '--out', out]);
    expect(await contents(out)).toEqual(alone['0.06']);
  });
});

describe('tests made ahead', () => {
  const run = async (name: string, ...options: string[]): Promise<Report> => {
    const out = inFolder(name);
    const report = await cliJson<Report>([...discover, '--threshold', '0.06', ...options, '--out', out]);
    expect(await contents(out), name).toEqual(alone['0.06']);
    return report;
  };

  test('--batch changes no byte', async () => {
    for (const batch of ALL_RUNS ? ['1', '2', '7', '32'] : ['1', '7']) await run(`batch-${batch}`, '--batch', batch);
  });

  test('--predict changes no byte, and the better the guesses the fewer evaluations', async () => {
    const scores = inFolder('scores');
    const attribute = ['attribute', '--model', TINY_MODEL, '--task', inFolder('pairs.jsonl'), '--metric', 'kl'];
    await cli([...attribute, '--out', scores]);
    const blind = await run('blind', '--batch', '16');
    await run('by-scores', '--batch', '16', '--predict', join(scores, 'scores.json'));
    const right = await run('by-circuit', '--batch', '16', '--predict', inFolder('alone-0.06/circuit.json'));
    expect(right.evaluations).toBe(right.tested);
    expect(blind.evaluations).toBeGreaterThan(blind.tested);
  });

  test('a file that is none, or of another model, is refused before an adapter is asked for', async () => {
    await writeFile(inFolder('broken.json'), '{"edges"');
    const args = [...discover, '--out', inFolder('no'), '--predict'];
    for (const [file, message] of [
      ['nowhere.json', /nowhere\.json: there is no such file/],
      [inFolder('broken.json'), /broken\.json/],
      ['graphs/tasks-4l.ioi.acdc.json', /tasks-4l\.ioi\.acdc\.json/],
      ['', /--predict.*empty/],
    ] as const) {
      expectMistake(await runCli([...args, file], { env: NO_ADAPTER }), message);
    }
  });
});

test.each<[string[], RegExp]>([
  [
    ['--threshold', '0.1,0.2', '--edges', '9'],
    /--edges: finds one threshold; --threshold says where to start, so give one/,
  ],
  [['--threshold', '0', '--edges', '9'], /--threshold: got 0; --edges needs one above 0 to start at/],
  [['--threshold=-1', '--edges', '9'], /--threshold: got -1; --edges needs one above 0/],
  [['--threshold', '0.1,0.3,0.10'], /--threshold.*given twice/],
  [['--threshold', '0.1,'], /--threshold.*finite number/],
  [['--threshold', '0.1,x'], /--threshold.*finite number/],
  [['--edges', '0'], /--edges.*whole number of at least 1/],
  [['--batch', '0'], /--batch.*whole number of at least 1/],
  [['--batch', '257'], /--batch.*at most 256/],
])('%j is refused before an adapter is asked for', async (options, message) => {
  expectMistake(await runCli([...discover, '--out', inFolder('no'), ...options], { env: NO_ADAPTER }), message);
});
