import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plantedModel, plantedTask } from '../../../bench/planted/planted-model.js';
import { GPT2_SMALL, SMALL } from '../../../bench/planted/shapes.js';
import { drawPlan, plantedEdges } from '../../../bench/planted/plan.js';
import { writeModelFolder } from '../../../bench/planted/write-folder.js';
import { createRng } from '../../../src/base/rng.js';
import { Topology } from '../../../src/circuit/topology.js';
import { openModel, type LoadedModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { openTaskFile } from '../../../src/node/open-files.js';
import { loadTask } from '../../../src/task/load-task.js';
import { weightTable, type TensorName } from '../../../src/model/weight-table.js';
import { loadOracle, runModel } from '../../oracle/model.js';

test('prompts are equally long, differ in the three names only, and name the right answer', async () => {
  const planted = await plantedModel(SMALL, 1);
  const { pairs } = await plantedTask(planted, 8, 2);
  expect(pairs).toHaveLength(8);
  for (const { clean, corrupted, position, correct, wrong } of pairs) {
    expect([clean.length, corrupted.length, position]).toEqual([15, 15, 14]);
    expect(clean.flatMap((id, place) => (id === corrupted[place] ? [] : [place]))).toEqual([2, 4, 10]);
    expect(new Set([...clean, ...corrupted]).size).toBe(15 + 3 - 1);
    expect(clean[10]).toBe(wrong[0]);
    expect(new Set([clean[2], clean[4]])).toEqual(new Set([correct[0], wrong[0]]));
  }
});

test('equal seeds give equal weights in any order of reading, other seeds others', async () => {
  const [a, b, c] = await Promise.all([plantedModel(SMALL, 1), plantedModel(SMALL, 1), plantedModel(SMALL, 2)]);
  const names = [...weightTable(a.model.spec).keys()];
  const backwards = new Map<string, Buffer>();
  for (const name of names.toReversed()) backwards.set(name, await bytes(b.model, name));
  for (const name of names) {
    const values = await bytes(a.model, name);
    expect(values.equals(backwards.get(name)!), name).toBe(true);
    expect(values.equals(await bytes(c.model, name)), name).toBe(false);
  }
  expect(a.model.hash).toBe(b.model.hash);
  expect(a.model.hash).not.toBe(c.model.hash);
});

test('no weight is missing and no node is idle: nothing can be skipped for being zero', async () => {
  const { model } = await plantedModel(SMALL, 1);
  for (const name of weightTable(model.spec).keys()) {
    for (const value of await model.weights.read(name)) {
      if (value === 0 || !Number.isFinite(value)) expect.fail(`${name} holds ${value}`);
    }
  }
  const { pairs } = await plantedTask(await plantedModel(SMALL, 1), 2, 2);
  const oracle = await loadOracle(model);
  for (const { clean, corrupted } of pairs) {
    const [one, other] = [runModel(oracle, clean), runModel(oracle, corrupted)];
    one.writers.forEach((output, w) => {
      if (w === 0) return;
      const name = oracle.topology.writerName(w);
      expect(norm(output) / Math.sqrt(clean.length), name).toBeGreaterThan(0.01);
      const change = norm(output.map((value, i) => value - other.writers[w]![i]!));
      expect(change / norm(output), name).toBeGreaterThan(0.01);
    });
    one.patterns.forEach((pattern, i) => {
      const last = pattern.subarray(-clean.length);
      expect(Math.max(...last), `pattern ${i}`).toBeLessThan(1 - 1e-5);
      expect(Math.max(...last) * clean.length, `pattern ${i}`).toBeGreaterThan(1.2);
    });
  }
});

test('a written folder is the same model and the same prompts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-planted-'));
  try {
    const planted = await plantedModel(SMALL, 1);
    const task = await plantedTask(planted, 3, 2);
    await writeModelFolder(folder, planted.model, task);
    const read = await openModel(await openModelDirectory(folder));
    expect(read.spec).toEqual(planted.model.spec);
    for (const name of weightTable(read.spec).keys()) {
      expect((await bytes(read, name)).equals(await bytes(planted.model, name)), name).toBe(true);
    }
    const file = await openTaskFile(join(folder, `${task.name}.jsonl`));
    const { pairs } = await loadTask(file, { ...read.spec, tokenizer: null });
    expect(pairs).toHaveLength(3);
    pairs.forEach((pair, n) => expect(pair).toMatchObject(task.pairs[n]!));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the circuit in GPT-2 small's shape has the size it is meant to have", () => {
  const { layers, heads, design } = GPT2_SMALL;
  const topology = new Topology({ layers, heads, parallel: false });
  const plan = drawPlan(design, layers, heads, createRng(1));
  const planted = plan.heads.flat().filter((node) => node?.planted);
  expect(planted.length).toBeGreaterThanOrEqual(25);
  expect(planted.length).toBeLessThanOrEqual(30);
  expect(plan.mlps.filter((node) => node?.planted)).toHaveLength(9);
  const names = plantedEdges(plan, topology).map((edge) => topology.edgeName(edge));
  for (const branch of ['q', 'k', 'v']) {
    expect(names.filter((name) => name.endsWith(`<${branch}>`)).length, branch).toBeGreaterThan(30);
  }
});

async function bytes({ weights }: LoadedModel, name: TensorName): Promise<Buffer> {
  return Buffer.from((await weights.read(name)).buffer);
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
