import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { RunPlan } from '../../src/evaluate/memory-plan.js';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';
import { fixture } from '../support/fixtures.js';
import { TINY_DIRECT_EDGES, TINY_EDGES, TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const TASKS = ['ioi', 'greater-than', 'induction', 'gendered-pronoun', 'docstring', 'agreement'];
const env = NO_ADAPTER;
const folder = useFolder();

describe('info', () => {
  test('of the adapter alone', async () => {
    const report = await cliJson<{ adapter: string; limits: Record<string, number> }>(['info']);
    expect(report.adapter).not.toBe('');
    expect(report.limits['maxStorageBufferBindingSize']).toBeGreaterThanOrEqual(2 ** 27);
    expect(await cli(['info'])).toContain(report.adapter);
  });

  test('of a model and a task', async () => {
    const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
    const args = ['info', '--model', TINY_MODEL, '--task', task, '--direct-edges'];
    const { model, plan } = await cliJson<{ model: object; plan: RunPlan }>(args);
    expect(model).toMatchObject({
      name: 'gpt2',
      layers: 3,
      edges: TINY_EDGES,
      edges_with_direct: TINY_EDGES + TINY_DIRECT_EDGES,
    });
    expect(plan.shape).toMatchObject({ prompts: 2, sequence: 5 });
    expect(plan.bytes).toBeGreaterThan(0);
    const text = await cli(args);
    expect(text).toContain('3 layers, 5 heads of width 6');
    expect(text).toContain('1 micro-batch of 2 prompts, each of up to 5 tokens');
    expect(text).not.toMatch(/\b0(\.0+)? [kMG]?B/);
    // Every row of the table, and their sum.
    for (const { name, shape, count } of plan.tensors) {
      if (shape.includes(0)) continue;
      const many = count > 1 ? `${count} x +` : '';
      expect(text).toMatch(new RegExp(`^  ${name} +\\[${shape.join(', ')}\\] +${many}[\\d.,]+ k?B$`, 'm'));
    }
    expect(plan.tensors.length).toBeGreaterThan(15);
    expect(plan.bytes).toBe(plan.tensors.reduce((sum, { bytes, count }) => sum + bytes * count, 0));
    expect(text.match(/^ {2}together, beside the weights: \d+ kB$/gm)).toHaveLength(2);
    expect(text).toMatch(/^methods that take gradients: 1 micro-batch of 2 prompts$/m);
  });

  test('of a run with means, which both hold', async () => {
    const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
    const args = ['info', '--model', TINY_MODEL, '--task', task];
    const plans = await cliJson<{ plan: RunPlan; gradient_plan: RunPlan }>([...args, '--ablation', 'mean-positional']);
    for (const { tensors } of [plans.plan, plans.gradient_plan]) {
      expect(tensors.find(({ name }) => name === 'means')!.bytes).toBeGreaterThan(1000);
    }
  });

  test('plans for as many circuits at once as a search on this adapter evaluates', async () => {
    const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
    const env = { EDGEWISE_CACHE: `${folder.path}/cache` };
    await cli(['info'], { env });
    const [stored] = await readdir(env.EDGEWISE_CACHE);
    const path = `${env.EDGEWISE_CACHE}/${stored}`;
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"fill":\d+/, '"fill":4'));
    const args = ['info', '--model', TINY_MODEL, '--task', task];
    const { fill, plan } = await cliJson<{ fill: number; plan: RunPlan }>(args, { env });
    expect([fill, plan.shape.circuits]).toEqual([4, 4]);
    expect(await cli(args, { env })).toContain('each of up to 5 tokens; 4 circuits at once');
  });

  test('of what does not fit says so with the numbers', async () => {
    const task = await writeRows(folder.path, 'pairs.jsonl', tinyRows(2));
    const args = ['info', '--model', TINY_MODEL, '--task', task, '--memory', '0.00001'];
    const message =
      /memory plan: the run takes 0\.\d+ MB one prompt at a time, the limit is 0\.01 MB \(2 prompts of 5 tokens\)$/;
    expectMistake(await runCli(args), message);
    const out = `${folder.path}/refused`;
    expectMistake(await runCli(['discover', ...args.slice(1), '--out', out]), message);
    expect(existsSync(out)).toBe(false);
  });
});

test('check passes and says how nearly', async () => {
  interface Checked {
    tile: string;
    passed: boolean;
    results: { tile: string; error: number }[];
  }
  const { tile, passed, results } = await cliJson<Checked>(['check']);
  expect(passed).toBe(true);
  expect(results.length).toBeGreaterThan(1);
  for (const { error } of results) expect(error).toBeLessThanOrEqual(1e-4);
  expect(results.filter((result) => result.tile === tile).length).toBeGreaterThan(1);
  expect(new Set(results.map((result) => result.tile)).size).toBeGreaterThan(1);
  expect(await cli(['check'])).toContain(`tile in use ${tile}`);
  expectMistake(await runCli(['check'], { env }), /no WebGPU adapter/);
  expectMistake(await runCli(['check', '--adapter', 'no such card']), /adapter 'no such card'/);
});

describe('tasks', () => {
  test('may be files without an extension', async () => {
    await writeRows(folder.path, 'pairs', tinyRows(1));
    const args = ['info', '--model', TINY_MODEL, '--task', 'pairs', '--json'];
    expect(JSON.parse(await cli(args, { cwd: folder.path }))).toMatchObject({ plan: { shape: { prompts: 1 } } });
  });

  test('are listed', async () => {
    const list = await cliJson<{ name: string; about: string }[]>(['tasks'], { env });
    expect(list.map(({ name }) => name).sort()).toEqual(TASKS.toSorted());
    const text = await cli(['tasks'], { env });
    for (const { name, about } of list) expect(text).toMatch(new RegExp(`^${name} +${about.slice(0, 10)}`, 'm'));
  });

  test('are printed as a template and as rows', async () => {
    const template = JSON.parse(await cli(['tasks', 'ioi'], { env })) as object;
    expect(template).toHaveProperty('templates');
    const rows = (await cli(['tasks', 'ioi', '--as', 'jsonl'], { env })).trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows)
      expect(Object.keys(JSON.parse(row) as object)).toEqual(['clean', 'corrupted', 'correct', 'wrong']);
  });
});

test('models are listed', async () => {
  const list = await cliJson<{ name: string; edges: number }[]>(['models'], { env });
  expect(list).toContainEqual(expect.objectContaining({ name: 'tasks-4l', layers: 4, heads: 8 }));
  const text = await cli(['models'], { env });
  expect(text).toMatch(/^tasks-4l +gpt2 +4 layers/m);
  expect(text).toMatch(/^tasks-4l-llama +llama +4 layers/m);
});

test('progress of a longer run goes to stderr', async () => {
  const args = ['discover', '--model', fixture('share4l'), '--task', fixture('share4l/ioi.jsonl'), '--prompts', '2'];
  const { stdout, stderr, code } = await runCli([...args, '--threshold', '9', '--json', '--out', `${folder.path}/run`]);
  expect(code, stderr).toBe(0);
  expect(Object.keys(JSON.parse(stdout) as object)).toEqual(
    expect.arrayContaining(['tested', 'kept', 'edges', 'initial', 'final', 'seconds', 'files']),
  );
  const [prompt, ...progress] = stderr.split('\n').filter(Boolean);
  expect(prompt).toMatch(/^prompt 1: "/);
  for (const line of progress) expect(line).toMatch(/^testing edges .* \d+ % {2}\d+ tested, \d+ kept/);
});
