/** What `lens` prints and writes. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { LENS_PARTS, type LensReport } from '../../src/files/own/lens-json.js';
import { parseInstrument, type InstrumentFile } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
/** Of a model of four layers. */
const OTHER_CIRCUIT = fileURLToPath(new URL('../../graphs/tasks-4l.ioi.acdc.json', import.meta.url));
const NAMED = ['logit_lens', 'direct_attribution', 'ov_qk', 'ffn_values', 'head_detectors'];
let run: string[];
let bare: string[];

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  const rows = tinyRows(2).map(({ clean_ids, corrupted_ids }) => ({ clean_ids, corrupted_ids }));
  const without = await writeRows(folder.path, 'bare.jsonl', rows);
  run = ['lens', '--model', TINY_MODEL, '--task', task];
  bare = ['lens', '--model', TINY_MODEL, '--task', without];
});

test('all parts as JSON, the same as a file with provenance, and a picture', async () => {
  const [out, svg] = [inFolder('lens.json'), inFolder('lens.svg')];
  const printed = await cliJson<LensReport & { edgewise: object }>([...run, '--json', '--out', out, '--svg', svg]);
  expect(Object.keys(printed)).toEqual([...NAMED, 'hit_at_k', 'files', 'edgewise']);
  const text = await readFile(out, 'utf8');
  expect(JSON.parse(text)).toEqual(printed);
  const file = parseInstrument(text, 'lens.json') as Extract<InstrumentFile, { readonly instrument: 'lens' }>;
  expect(file.of).toMatchObject({ task: { name: 'pairs' }, prompts: { count: 3, skip: 0 } });
  const { components, values, total } = file.result.direct_attribution!;
  expect(components.slice(-3)).toEqual(['b_O.1', 'b_O.2', 'ln_f.bias']);
  values.forEach((row, n) => expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(total[n]!, 4));
  expect(text).not.toContain(folder.path);
  expect(await readFile(svg, 'utf8')).toMatch(/^<\?xml.*direct attribution/s);
});

test('some parts, of some rows, in words on the terminal', async () => {
  const printed = await cli([...run, '--only', 'logit-lens,hit_at_k', '--prompts', '2', '--skip', '1']);
  expect(printed).toMatch(/Logit lens.*before layer 0.*after the last.*Hit@1/s);
  expect(printed).not.toMatch(/Direct attribution/);
  const { logit_lens: lens } = await cliJson<LensReport>([...run, '--only', 'logit_lens', '--skip', '2', '--json']);
  expect(lens!.prompts.map(({ row }) => row)).toEqual([2]);
});

test('neurons one by one with and without a head, and of every prompt', async () => {
  const asked = [...run, '--only', 'neuron_increase,direct_attribution', '--without', 'a1.h2', '--neurons', '--json'];
  const found = await cliJson<LensReport>(asked);
  expect(found.neuron_increase!.without).toEqual(['a1.h2']);
  expect(found.neuron_increase!.log_p_without).not.toEqual(found.neuron_increase!.log_p);
  expect(found.direct_attribution!.neurons!.map((layers) => layers.length)).toEqual([3, 3, 3]);
});

test('prompts without answers: what needs them is left out, and told', async () => {
  const { stdout, stderr, code } = await runCli([...bare, '--json']);
  expect(code).toBe(0);
  expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
    'logit_lens',
    'ov_qk',
    'head_detectors',
    'files',
    'edgewise',
  ]);
  expect(stderr).toMatch(/note: direct_attribution is left out: the task has prompts without right answers/);
});

test.each<[string, () => string[], RegExp]>([
  ['a part that there is not', () => [...run, '--only', 'logits'], /"logits" is no part.*logit_lens/],
  [
    'no answers',
    () => [...bare, '--only', 'direct_attribution'],
    /bare\.jsonl, line 1: has no right answer, which direct_attribution needs/,
  ],
  [
    'a layer that there is not',
    () => [...run, '--without', 'a7.h0'],
    /--without: "a7\.h0" is no head.*a0\.h0 to a2\.h4/,
  ],
  ['a head that there is not', () => [...run, '--without', 'a1.h5'], /--without: "a1\.h5" is no head/],
  ['an MLP for a head', () => [...run, '--without', 'm1'], /--without: "m1" is no head/],
  ['a distance past the positions', () => [...run, '--distance', '16'], /--distance: 16, expected 0 to 15/],
  ['a word past the vocabulary', () => [...run, '--words', '5,67'], /--words: 67, expected 0 to 66/],
  ['a word of a model without a tokenizer', () => [...run, '--words', 'Mary'], /--words: "Mary" is no token/],
  ['triggers without texts', () => [...run, '--only', 'triggers'], /triggers: no texts are given/],
  ['texts that are not there', () => [...run, '--text', inFolder('none.txt')], /none\.txt/],
  ['texts for a model without a tokenizer', () => [...run, '--text', inFolder('texts.txt')], /texts\.txt.*tokenizer/],
  ['empty texts', () => [...run, '--text', inFolder('empty.txt')], /empty\.txt: holds no text/],
  ['a circuit of another model', () => [...run, '--circuit', OTHER_CIRCUIT], /tasks-4l\.ioi\.acdc\.json/],
  ['no task', () => ['lens', '--model', TINY_MODEL], /--task: is needed/],
])('refused before an adapter is asked for: %s', async (_, args, message) => {
  await writeFile(inFolder('texts.txt'), 'a text\n');
  await writeFile(inFolder('empty.txt'), '\n \n');
  expectMistake(await runCli(args(), { env: NO_ADAPTER }), message);
});

test('the parts of the help are those that there are', async () => {
  const help = await cli(['lens', '--help']);
  for (const part of LENS_PARTS) expect(help).toContain(part);
});
