/** ACDC against evaluators that are plain functions of the circuit. */
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { createRng } from '../../../src/base/rng.js';
import { Topology } from '../../../src/circuit/topology.js';
import { SENDER_HEADS } from '../../../src/circuit/run-identity.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import { acdc, type AcdcOptions, type AcdcProgress, type AcdcResult } from '../../../src/discover/acdc.js';
import type { Hint } from '../../../src/discover/guesses.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const full = EdgeSet.full(topology);
const OPTIONS: AcdcOptions = { threshold: 0.5, absolute: false, senderHeads: 'descending', directEdges: false };

/** @param most how many circuits it likes to be asked for at once. */
function evaluatorOf(metric: (circuit: EdgeSet) => number, most = 1): CircuitEvaluator {
  return {
    most,
    perPrompt(circuits) {
      expect(circuits.length).toBeGreaterThan(0);
      expect(circuits.length).toBeLessThanOrEqual(most);
      return Promise.resolve(circuits.map((circuit) => [metric(circuit)]));
    },
  };
}

/** A result without what tells how it was come by. */
const outcome = (result: AcdcResult): object => ({
  ...result,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  kept: [...result.kept],
});

/** Every cut edge adds its cost, 0 where none is given. Powers of two, so that sums are exact. */
function costs(table: Readonly<Record<string, number>>): (circuit: EdgeSet) => number {
  const entries = Object.entries(table).map(([name, cost]) => [idOf(name), cost] as const);
  return (circuit) => entries.reduce((sum, [edge, cost]) => sum + (circuit.has(edge) ? 0 : cost), 0);
}

function idOf(name: string, of = topology): number {
  const id = of.edgeId(name);
  if (id === undefined) throw new Error(`no edge ${name}`);
  return id;
}

const names = (edges: Iterable<number>, of = topology): string[] => [...edges].map((id) => of.edgeName(id));
const tested = (result: AcdcResult): string[] => names(result.steps.map((step) => step.edge));
const additions = (circuit: EdgeSet): string[] =>
  names(
    [...circuit].filter((id) => id < circuit.topology.additionEdges),
    circuit.topology,
  );

describe('the test of an edge', () => {
  test('removes below the threshold, keeps at it and above; removals move the metric that the next is compared with', async () => {
    const cost = {
      'm1->logits': 0.5,
      'a1.h1->logits': 0.25,
      'a1.h0->logits': 0.4375,
      'm0->logits': 0.75,
      'input->logits': -2,
    };
    const result = await acdc(evaluatorOf(costs(cost)), full, OPTIONS);
    expect(
      result.steps.slice(0, 7).map((step) => [topology.edgeName(step.edge), step.before, step.after, step.kept]),
    ).toEqual([
      ['m1->logits', 0, 0.5, true],
      ['a1.h1->logits', 0, 0.25, false],
      ['a1.h0->logits', 0.25, 0.6875, false],
      ['m0->logits', 0.6875, 1.4375, true],
      ['a0.h1->logits', 0.6875, 0.6875, false],
      ['a0.h0->logits', 0.6875, 0.6875, false],
      ['input->logits', 0.6875, -1.3125, false],
    ]);
    expect(result.steps.map(({ step }) => step)).toEqual(result.steps.map((_, i) => i));
    expect([result.initial, result.final]).toEqual([0, -1.3125]);
  });

  test('an effect of NaN keeps the edge and changes nothing else', async () => {
    const edge = idOf('a1.h1->logits');
    const cost = costs({ 'm0->logits': 0.75 });
    for (const absolute of [false, true]) {
      const result = await acdc(
        evaluatorOf((c) => (c.has(edge) ? cost(c) : Number.NaN)),
        full,
        { ...OPTIONS, absolute },
      );
      expect(result.steps[1]).toEqual({ step: 1, edge, before: 0, after: Number.NaN, kept: true });
      expect(result.steps[2]!.before).toBe(0);
      expect(
        names(
          [...result.kept].filter(
            (id) => id < topology.additionEdges && topology.edge(id).port === topology.logitsPort,
          ),
        ),
      ).toEqual(['m0->logits', 'a1.h1->logits']);
    }
  });

  test('absolute effects: an edge whose removal helps is kept', async () => {
    const cost = costs({ 'm1->logits': -0.75, 'a1.h1->logits': -0.25, 'm0->logits': 0.5, 'input->logits': -0.5 });
    const signed = await acdc(evaluatorOf(cost), full, OPTIONS);
    expect(additions(signed.kept)).toEqual(['m0->logits']);
    const absolute = await acdc(evaluatorOf(cost), full, { ...OPTIONS, absolute: true });
    expect(additions(absolute.kept)).toEqual(['input->logits', 'm0->logits', 'm1->logits']);
    expect(absolute.final).toBe(-0.25);
  });

  test.each([Number.NaN, Infinity, -Infinity])(
    'a threshold of %d is refused before anything is evaluated',
    async (threshold) => {
      const never = evaluatorOf(() => expect.fail('evaluated'));
      await expect(acdc(never, full, { ...OPTIONS, threshold })).rejects.toThrow(
        /^threshold: expected a finite number, got/,
      );
    },
  );
});

describe('dead receivers', () => {
  test('an unread MLP and unread heads lose their inputs untested, layer after layer', async () => {
    const result = await acdc(evaluatorOf(costs({ 'input->logits': 1 })), full, OPTIONS);
    expect(tested(result)).toEqual(names(acdcOrder(topology, 'descending', false)[0]!.edges));
    expect(additions(result.kept)).toEqual(['input->logits']);
    expect(result.untestedRemovals).toEqual(
      acdcOrder(topology, 'descending', false)
        .slice(1)
        .flatMap(({ edges }) => edges),
    );
    // Without direct edges in play all of them stay.
    expect(result.kept.size).toBe(1 + topology.directEdges);
  });

  test('with direct edges those of unread heads go untested, before the inputs of their ports', async () => {
    const options = { ...OPTIONS, directEdges: true };
    const result = await acdc(evaluatorOf(costs({ 'input->logits': 1 })), full, options);
    expect(names(result.kept)).toEqual(['input->logits']);
    expect(result.untestedRemovals).toEqual(
      acdcOrder(topology, 'descending', true)
        .slice(1)
        .flatMap(({ edges }) => edges),
    );
  });

  test('a port whose direct edge was cut loses its inputs untested; its head lives on', async () => {
    const cost = { 'a1.h0->logits': 1, 'a1.h0<v>->a1.h0': 1, 'm0->a1.h0<v>': 1, 'input->m0': 1 };
    const result = await acdc(evaluatorOf(costs(cost)), full, { ...OPTIONS, directEdges: true });
    expect(names(result.kept).sort()).toEqual(['a1.h0->logits', 'a1.h0<v>->a1.h0', 'input->m0', 'm0->a1.h0<v>']);
    const direct = tested(result).filter((name) => idOf(name) >= topology.additionEdges);
    expect(direct).toEqual(['a1.h0<v>->a1.h0', 'a1.h0<k>->a1.h0', 'a1.h0<q>->a1.h0']);
    expect(names(result.untestedRemovals)).toContain('m0->a1.h0<k>');
    expect(tested(result)).not.toContain('m0->a1.h0<k>');
    expect(tested(result)).toContain('m0->a1.h0<v>');
  });

  test('a head is alive as long as one port of a later layer or the MLP of its own reads it', async () => {
    for (const reader of ['m0', 'a1.h1<k>', 'm1', 'logits']) {
      const cost = {
        [`a0.h0->${reader}`]: 1,
        'm1->logits': 1,
        'a1.h1->logits': 1,
        'm0->logits': 1,
        'input->a0.h0<q>': 1,
      };
      const result = await acdc(evaluatorOf(costs(cost)), full, OPTIONS);
      expect(additions(result.kept)).toContain('input->a0.h0<q>');
      expect(tested(result)).toContain('input->a0.h0<q>');
      expect(names(result.untestedRemovals)).toContain('input->a0.h1<q>');
    }
  });

  test('tested, removed untested and kept make up all edges', async () => {
    const cost = { 'm1->logits': 1, 'a0.h1->m1': 1, 'm0->m1': 1, 'a0.h1<q>->a0.h1': 1, 'input->a0.h1<q>': 1 };
    const result = await acdc(evaluatorOf(costs(cost)), full, { ...OPTIONS, directEdges: true });
    const all = [...result.steps.map((step) => step.edge), ...result.untestedRemovals].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: topology.edgeCount }, (_, id) => id));
    expect(
      result.steps
        .filter((step) => step.kept)
        .map((step) => step.edge)
        .sort((a, b) => a - b),
    ).toEqual([...result.kept]);
  });
});

test('effects per prompt: of kept edges alone, against the circuit at their test; decisions are made on the mean', async () => {
  // Two prompts that disagree: the mean effects are 1, 0.25, and 0.75 beside a removal that moved both prompts.
  const first = costs({ 'm1->logits': 4, 'a1.h1->logits': -1, 'm0->logits': 2 });
  const second = costs({ 'm1->logits': -2, 'a1.h1->logits': 1.5, 'm0->logits': -0.5 });
  const values = (circuit: EdgeSet): number[] => [first(circuit), second(circuit)];
  const evaluator: CircuitEvaluator = {
    most: 1,
    perPrompt: (circuits) => Promise.resolve(circuits.map(values)),
  };
  const result = await acdc(evaluator, full, OPTIONS);
  expect(additions(result.kept)).toEqual(['m0->logits', 'm1->logits']);
  expect([...result.promptEffects]).toEqual([
    [idOf('m1->logits'), [4, -2]],
    [idOf('m0->logits'), [2, -0.5]],
  ]);
});

describe('tests made ahead', () => {
  // Neither additive nor monotone: what an edge costs depends on the parity of what was cut before it.
  const metric = (circuit: EdgeSet): number => {
    let value = 0;
    let cut = 0;
    for (let id = 0; id < topology.edgeCount; id++)
      if (!circuit.has(id)) value += ((id * 37 + cut++ * 11) % 16) / 16 - 0.25;
    return value;
  };

  test.each(SENDER_HEADS)('decide as one after the other, whatever is guessed (heads %s)', async (senderHeads) => {
    const options = { ...OPTIONS, senderHeads, directEdges: true, threshold: 0.125 };
    const one = await acdc(evaluatorOf(metric), full, options);
    expect(one.steps.some((step) => step.kept)).toBe(true);
    expect(one.steps.some((step) => !step.kept)).toBe(true);
    expect(one.evaluations).toBe(one.steps.length);
    const removed = new Map(one.steps.map((step) => [step.edge, !step.kept]));
    const rng = createRng(1);
    const hints: Record<string, Hint> = {
      none: () => 0,
      removed: () => -6,
      kept: () => 6,
      right: (edge) => ((removed.get(edge) ?? true) ? -6 : 6),
      'right but for one in ten': (edge) => ((removed.get(edge) ?? true) !== (edge % 10 === 3) ? -6 : 6),
      random: () => 12 * rng.next() - 6,
    };
    const cost: Record<string, number> = {};
    for (const [name, hint] of Object.entries(hints)) {
      for (const most of [1, 2, 7, 32]) {
        const several = await acdc(evaluatorOf(metric, most), full, options, { hint });
        expect(outcome(several), `${name}, ${most} at once`).toEqual(outcome(one));
        cost[`${name} ${most}`] = several.evaluations;
      }
    }
    expect(cost['right 32']).toBe(one.steps.length);
    expect(cost['removed 32']).toBeGreaterThan(one.steps.length);
  });

  test('several are asked for at once', async () => {
    const asked: number[] = [];
    const evaluator: CircuitEvaluator = {
      most: 4,
      perPrompt: (circuits) => {
        asked.push(circuits.length);
        return Promise.resolve(circuits.map(() => [0]));
      },
    };
    const result = await acdc(evaluator, full, OPTIONS);
    // Nothing is kept: every guess is right, across the borders of receivers too.
    expect(result.steps.length).toBe(topology.fanIn(topology.logitsPort));
    expect(asked).toEqual([1, 4, 3]);
  });
});

test('an OR gate under zero ablation: of two sufficient paths the one tested last stays', async () => {
  const gate = new Topology({ layers: 1, heads: 2, parallel: false });
  const path = (circuit: EdgeSet, head: number): boolean =>
    circuit.has(idOf(`input->a0.h${head}<v>`, gate)) && circuit.has(idOf(`a0.h${head}->logits`, gate));
  const metric = (circuit: EdgeSet): number => (path(circuit, 0) || path(circuit, 1) ? 0 : 1);
  const found = async (senderHeads: AcdcOptions['senderHeads']): Promise<string[]> =>
    additions((await acdc(evaluatorOf(metric), EdgeSet.full(gate), { ...OPTIONS, senderHeads })).kept);
  expect(await found('descending')).toEqual(['input->a0.h0<v>', 'a0.h0->logits']);
  expect(await found('ascending')).toEqual(['input->a0.h1<v>', 'a0.h1->logits']);
});

test('starting from a circuit: edges that it lacks are neither tested nor counted as removed', async () => {
  const lacking = ['m1->logits', 'm0->a1.h0<q>', 'a1.h1<k>->a1.h1'].map((name) => idOf(name));
  const start = lacking.reduce((circuit, edge) => circuit.without(edge), full);
  const reports: AcdcProgress[] = [];
  const options = { ...OPTIONS, threshold: -1, directEdges: true };
  const result = await acdc(evaluatorOf(costs({ 'm1->logits': 4 })), start, options, {
    onProgress: (report) => reports.push(report),
  });
  expect(result.initial).toBe(4);
  // Everything else is kept at this threshold, but for the inputs of the MLP that nothing reads and of the port that
  // was cut.
  const dead = names(EdgeSet.full(topology)).filter((name) => /->m1$|->a1\.h1<k>$/.test(name));
  expect(names(result.untestedRemovals).sort()).toEqual(dead.sort());
  expect([...result.kept]).toEqual([...start].filter((edge) => !result.untestedRemovals.includes(edge)));
  expect(tested(result)).toHaveLength(result.kept.size);
  const last = reports.at(-1)!;
  expect(last).toEqual({
    tested: result.kept.size,
    measured: result.kept.size,
    kept: result.kept.size,
    decided: topology.edgeCount,
    total: topology.edgeCount,
  });
  expect(reports.every((report, i) => i === 0 || report.decided >= reports[i - 1]!.decided)).toBe(true);
});
