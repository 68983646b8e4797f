/** What `trace`, `patch-path` and `knockout` print and write. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstrument, type InstrumentResult } from '../../src/files/index.js';
import { cli, cliJson, expectMistake, runCli, useFolder } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const inFolder = (name: string): string => join(folder.path, name);
/** Width of the tiny model's stream. */
const WIDTH = 30;
let model: string[];

beforeAll(async () => {
  const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(3));
  model = ['--model', TINY_MODEL, '--task', task];
});

async function write(name: string, content: unknown): Promise<string> {
  await writeFile(inFolder(name), JSON.stringify(content));
  return inFolder(name);
}

test('a trace of one prompt with given noise: JSON, the same as a file, and a picture; equal runs write equal bytes', async () => {
  const noise = await write(
    'noise.json',
    [0, 1].map((s) => [1, 2].map((t) => Array(WIDTH).fill(0.1 * (s + t)))),
  );
  const args = ['trace', ...model, '--row', '1', '--positions', '1..3', '--noise', noise, '--windows', '1,2'];
  const [out, svg] = [inFolder('trace.json'), inFolder('trace.svg')];
  const got = await cliJson<InstrumentResult<'causal-tracing'>>([...args, '--json', '--out', out, '--svg', svg]);
  expect(got).toMatchObject({ row: 1, noised: [1, 2], samples: 2, nu: null, seed: null });
  expect(got.embed.length).toBe(5);
  expect(got.resid_post.map((layers) => layers.length)).toEqual([3, 3, 3, 3, 3]);
  expect(Object.keys(got.mlp_out!)).toEqual(['1', '2']);
  // Before the noise there is nothing to restore.
  expect([got.embed[0], ...got.resid_post[0]!]).toEqual([got.low, got.low, got.low, got.low]);
  const text = await readFile(out, 'utf8');
  expect(JSON.parse(text)).toEqual(got);
  expect(parseInstrument(text, out).instrument).toBe('causal-tracing');
  expect(text).not.toContain(folder.path);
  expect(await readFile(svg, 'utf8')).toMatch(/^<\?xml[\s\S]*Causal tracing of prompt 1/);
  await cli([...args, '--out', inFolder('again.json')]);
  expect(await readFile(inFolder('again.json'), 'utf8')).toBe(text);
});

test('traces of all prompts by role, drawn noise by its seed', async () => {
  const args = ['trace', ...model, '--samples', '2', '--windows', '1', '--json'];
  const got = await cliJson<InstrumentResult<'causal-tracing-averaged'>>(args);
  expect(got.roles).toContain('changed');
  expect(got.prompts).toBe(3);
  const other = await cliJson<InstrumentResult<'causal-tracing-averaged'>>([...args, '--seed', '5']);
  expect(other.high).toBe(got.high);
  expect(other.low).not.toBe(got.low);
});

test('activations patched in both directions, and a vector added', async () => {
  for (const direction of ['denoising', 'noising']) {
    const args = ['trace', ...model, '--patch', direction, '--prompts', '2', '--json'];
    const { normalised } = await cliJson<InstrumentResult<'activation-patching'>>(args);
    expect(normalised.z.map((layer) => layer.map((row) => row.length))).toEqual(Array(3).fill(Array(5).fill(5)));
    // Before the first difference nothing changes; the whole first stream is everything.
    expect(normalised.resid_pre[0]![0]).toBe(0);
  }
  const steer = ['trace', ...model, '--patch', 'steer', '--place', 'residual', '--layer', '1', '--json'];
  const add = await write('vector.json', Array(WIDTH).fill(0.5));
  const none = await cliJson<InstrumentResult<'steering'>>([...steer, '--add', add, '--scale', '0']);
  expect(none.steered).toEqual(none.base);
  const some = await cliJson<InstrumentResult<'steering'>>([...steer, '--add', add, '--positions', '1']);
  expect(some.steered.metric).not.toBe(some.base.metric);
});

test('a path, by a head and by its three ports', async () => {
  const args = ['patch-path', ...model, '--senders', 'a0.h1,m0', '--json', '--receivers'];
  const whole = await cliJson<InstrumentResult<'path-patching'>>([...args, 'a1.h2']);
  expect(whole.receivers).toEqual(['a1.h2<q>', 'a1.h2<k>', 'a1.h2<v>']);
  expect(await cliJson([...args, 'a1.h2<q>,a1.h2<k>,a1.h2<v>'])).toEqual(whole);
  expect(whole.per_prompt.length).toBe(3);
  expect(await cli(args.slice(0, -2).concat('--receivers', 'logits', '--mlps', 'frozen'))).toMatch(/MLPs frozen/);
});

test('attention blocked at given positions and by role, heads ablated', async () => {
  const blocked = await write('blocked.json', [[0], [1, 2], []]);
  const args = ['knockout', ...model, '--json'];
  const given = await cliJson<InstrumentResult<'knockout'>>([...args, '--blocked', blocked, '--window', 'all']);
  expect(given.layers.length).toBe(1);
  expect(given.layers[0]!.p_per_prompt[2]).toBe(given.base.p_per_prompt[2]);
  const roles = await cliJson<InstrumentResult<'knockout'>>([...args, '--head', '1']);
  expect(roles.roles!.map(({ layers }) => layers.length)).toEqual(roles.roles!.map(() => 3));
  const heads = await cliJson<InstrumentResult<'node-ablation'>>([...args, '--ablate', 'heads', '--with', 'mean']);
  expect(heads.rows.map(({ node }) => node).slice(0, 6)).toEqual([
    'a0.h0',
    'a0.h1',
    'a0.h2',
    'a0.h3',
    'a0.h4',
    'a1.h0',
  ]);
});

describe('mistakes are one line', () => {
  const MISTAKES: readonly (readonly [string[], RegExp])[] = [
    [['trace', '--row', '9'], /--row: 9, expected 0 to 2: pairs has 3 prompts/],
    [
      ['trace', '--row', '0', '--positions', '3..9'],
      /--positions: position 5, but prompt 0 of pairs has positions 0 to 4/,
    ],
    [['trace', '--row', '0', '--subject', 'Mary'], /--subject: "Mary" is not in prompt 0 of pairs/],
    [['trace', '--positions', '4..2'], /Expected positions from 0 as a\.\.b/],
    [['trace', '--patch', 'noising', '--seed', '1'], /--seed: says nothing with --patch noising/],
    [['trace', '--metric', 'kl'], /--metric: says nothing without --patch/],
    [['trace', '--noise', 'x.json'], /--noise: is for one prompt; give --row too/],
    [['trace', '--patch', 'steer', '--place', 'residual'], /--add: is needed with --patch steer/],
    [['patch-path', '--senders', 'a0.h9', '--receivers', 'logits'], /--senders: the model has no a0\.h9/],
    [['patch-path', '--senders', 'a2.h0', '--receivers', 'a1.h0<q>'], /receivers: a1\.h0<q> comes before every sender/],
    [['patch-path', '--senders', 'a0.h0,m2', '--receivers', 'a1.h0<q>'], /senders: m2 comes after every receiver/],
    [['patch-path', '--senders', 'a0.h0'], /--receivers: is needed/],
    [['knockout', '--window', '9'], /--window: 9, but the model has 3 layers/],
    [['knockout', '--head', '5'], /--head: 5, expected 0 to 4/],
    [['knockout', '--with', 'mean'], /--with: says nothing without --ablate/],
  ];
  test.each(MISTAKES)('%j', async ([command, ...options], message) => {
    expectMistake(await runCli([command!, ...model, ...options]), message);
  });

  test('in the files that options name', async () => {
    const refused = async (args: readonly string[], message: RegExp): Promise<void> =>
      expectMistake(await runCli(args), message);
    const trace = ['trace', ...model, '--row', '0', '--positions', '1', '--noise'];
    await refused([...trace, await write('n1.json', [[[1, 2]]])], /n1\.json: sample 0, position 0 has 2 entries/);
    await refused([...trace, inFolder('missing.json')], /missing\.json/);
    const knock = ['knockout', ...model, '--blocked'];
    await refused([...knock, await write('b1.json', [[0]])], /b1\.json: has 1 entries for the 3 prompts of pairs/);
    await refused([...knock, await write('b2.json', [[0], [9], []])], /prompt 1: key 9, expected 0 to 4/);
    const all = await write('b3.json', [[0], [0, 1, 2, 3, 4], []]);
    await refused([...knock, all], /prompt 1: every key is blocked/);
    const steer = ['trace', ...model, '--patch', 'steer', '--place', 'residual', '--add'];
    await refused([...steer, await write('v1.json', [1, 2])], /place residual: a vector of 2 numbers, expected 30/);
    await refused([...steer, await write('v2.json', { a: 1 })], /v2\.json: expected a JSON array of finite numbers/);
  });
});
