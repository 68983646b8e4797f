/** ACDC that takes over measurements: those of a neighbouring threshold, or those of an earlier run. */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import {
  acdc,
  type AcdcAids,
  type AcdcOptions,
  type AcdcProgress,
  type AcdcResult,
} from '../../../src/discover/acdc.js';
import type { Measurement } from '../../../src/discover/journal.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const full = EdgeSet.full(topology);
const at = (threshold: number): AcdcOptions => ({
  threshold,
  absolute: false,
  senderHeads: 'descending',
  directEdges: true,
});

/** Every cut edge adds a cost of its own. */
function metric(circuit: EdgeSet): number {
  let value = 0;
  for (let id = 0; id < topology.edgeCount; id++) if (!circuit.has(id)) value += ((id * 37) % 16) / 16 - 0.25;
  return value;
}

const evaluatorOf = (most = 1): CircuitEvaluator => ({
  most,
  perPrompt: (circuits) => Promise.resolve(circuits.map((circuit) => [metric(circuit)])),
});

/** A result without what tells how it was come by. */
const outcome = (result: AcdcResult): object => ({
  ...result,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  kept: [...result.kept],
});

test('a neighbouring threshold: its measurements are taken over until a decision differs, and never after', async () => {
  const neighbour = await acdc(evaluatorOf(), full, at(0.125));
  for (const threshold of [-1, 0.0625, 0.125, 0.1875, 0.5, 2]) {
    const alone = await acdc(evaluatorOf(), full, at(threshold));
    const beside = await acdc(evaluatorOf(), full, at(threshold), { neighbour });
    expect(outcome(beside)).toEqual(outcome(alone));
    const different = alone.steps.findIndex((step, i) => step.kept !== neighbour.steps[i]?.kept);
    const shared = different === -1 ? alone.steps.length : different + 1;
    expect(beside.evaluations).toBe(alone.steps.length - shared);
    if (threshold === 0.1875) expect(shared).toBeGreaterThan(1);
  }
});

test('a journal: from any point on, the search goes on to the same result and measures nothing twice', async () => {
  const options = at(0.125);
  const all: Measurement[] = [];
  const whole = await acdc(evaluatorOf(), full, options, {
    journal: { earlier: [], record: (measurement) => all.push(measurement) },
  });
  expect(all.map(({ edge }) => edge)).toEqual(whole.steps.map(({ edge }) => edge));
  for (const done of [0, 1, 7, all.length - 1, all.length]) {
    const further: Measurement[] = [];
    const journal = { earlier: all.slice(0, done), record: (m: Measurement) => further.push(m) };
    const resumed = await acdc(evaluatorOf(3), full, options, { journal });
    expect(outcome(resumed)).toEqual(outcome(whole));
    expect(further).toEqual(all.slice(done));
  }
  const shuffled = { earlier: [all[1]!, all[0]!], record: () => {} };
  await expect(acdc(evaluatorOf(), full, options, { journal: shuffled })).rejects.toThrow('journal: its test 0 is of');
});

test('progress counts as measured only what no journal and no neighbour held', async () => {
  const reported = async (threshold: number, aids: AcdcAids): Promise<AcdcProgress[]> => {
    const reports: AcdcProgress[] = [];
    await acdc(evaluatorOf(3), full, at(threshold), { ...aids, onProgress: (report) => reports.push(report) });
    return reports;
  };
  const neighbour = await acdc(evaluatorOf(), full, at(0.125));
  const { measurements } = neighbour;
  const total = measurements.length;
  const nothing = await reported(0.125, {});
  expect(nothing.every(({ tested, measured }) => measured === tested)).toBe(true);
  const record = (): void => {};
  for (const done of [1, 7, total]) {
    const reports = await reported(0.125, { journal: { earlier: measurements.slice(0, done), record } });
    for (const { tested, measured } of reports) expect(measured).toBe(Math.max(0, tested - done));
    expect(reports[0]).toMatchObject({ tested: 1, measured: 0 });
    expect(reports.at(-1)).toMatchObject({ tested: total, measured: total - done });
  }
  expect((await reported(0.125, { neighbour })).at(-1)).toMatchObject({ tested: total, measured: 0 });
  const other = await acdc(evaluatorOf(), full, at(-0.0625));
  const shared = 1 + other.steps.findIndex((step, i) => step.kept !== neighbour.steps[i]?.kept);
  expect(shared).toBeGreaterThan(1);
  for (const { tested, measured } of await reported(-0.0625, { neighbour })) {
    expect(measured).toBe(Math.max(0, tested - shared));
  }
  // A journal that reaches beyond what the neighbour shares.
  const journal = { earlier: other.measurements.slice(0, shared + 2), record };
  expect((await reported(-0.0625, { neighbour, journal })).at(-1)).toMatchObject({
    tested: other.steps.length,
    measured: other.steps.length - shared - 2,
  });
});
