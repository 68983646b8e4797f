/** What is said of circuits that were found again and again: against stored results of three tasks. */
import { describe, expect, test } from 'vitest';
import { createCircuit, type Circuit } from '../../../src/circuit/circuit.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { Topology } from '../../../src/circuit/topology.js';
import { CIRCUIT_WRITERS, openCircuit } from '../../../src/files/index.js';
import { stabilityCard } from '../../../src/stability/card.js';
import { stabilityOf, withStability, type FoundCircuit, type MadeControl } from '../../../src/stability/report.js';
import { fixtureJson } from '../../support/fixtures.js';

const topology = new Topology({ layers: 4, heads: 4, parallel: false });

interface Stored {
  readonly n: number;
  readonly circuits: readonly (readonly number[])[];
  readonly full_sample_circuit: readonly number[];
  readonly jaccard: { readonly mean: number };
  readonly dice: { readonly mean: number };
  readonly inclusion: { readonly edges: readonly (readonly [number, number, number, number])[] };
  readonly jaccard_with_full: readonly number[];
}

function found(ids: readonly number[], scores?: Float64Array): FoundCircuit {
  const kept = EdgeSet.of(topology, [...EdgeSet.empty(topology), ...ids]);
  const circuit: Circuit = createCircuit({
    topology,
    width: 32,
    kept,
    effects: new Float64Array(topology.edgeCount).fill(1),
    steps: new Int32Array(topology.edgeCount).fill(-1),
    untestedRemovals: [],
    directTested: false,
    provenance: null,
    imported: { positive: 'helps', selection: null },
  });
  return { circuit, scores };
}

const NONE: MadeControl = 'it was not asked for';
const named = (one: FoundCircuit, i: number) => ({ ...one, name: `draw ${i + 1}` });

describe.each(['ioi', 'induction', 'greater_than'])('%s', (task) => {
  test('agreement, counts and intervals are the stored ones', async () => {
    const stored = await fixtureJson<Stored>(`share4l/reference/tests/stability.${task}.json`);
    const { edge_order: order } = await fixtureJson<{ edge_order: string[] }>(
      'share4l/reference/eap-ig/ioi.logit_diff.json',
    );
    const ids = (indices: readonly number[]): number[] => indices.map((index) => topology.edgeId(order[index]!)!);
    const draws = stored.circuits.map((circuit, i) => named(found(ids(circuit)), i));
    const made = stabilityOf('prompts', found(ids(stored.full_sample_circuit)), draws, NONE);
    expect(made.agreement.jaccard!.mean).toBeCloseTo(stored.jaccard.mean, 10);
    expect(made.agreement.dice!.mean).toBeCloseTo(stored.dice.mean, 10);
    expect(made.agreement.spearman).toBeNull();
    expect(made.withFull).toBeCloseTo(stored.jaccard_with_full.reduce((a, b) => a + b, 0) / 20, 10);
    const counted = [...made.inclusions].filter(([, { count }]) => count > 0);
    expect(counted).toHaveLength(stored.inclusion.edges.length);
    for (const [index, count, lower, upper] of stored.inclusion.edges) {
      const inclusion = made.inclusions.get(topology.edgeId(order[index]!)!)!;
      expect([inclusion.count, inclusion.of]).toEqual([count, 20]);
      expect(inclusion.lower).toBeCloseTo(lower, 9);
      expect(inclusion.upper).toBeCloseTo(upper, 9);
    }
    const { core, contingent, noise } = made.kinds;
    expect(core.length + contingent.length + noise.length).toBe(counted.length);
    expect(core).toHaveLength(counted.filter(([, { count }]) => count === 20).length);
    expect(noise).toHaveLength(counted.filter(([, { count }]) => count <= 5).length);
  });
});

test('scores are compared with their signs, by rank', () => {
  const scores = (...values: number[]) =>
    Float64Array.from({ length: topology.additionEdges }, (_, id) => values[id] ?? id);
  const draws = [
    found([0], scores(-5)),
    found([0], scores(-5)),
    found(
      [1],
      scores().map((value) => -value),
    ),
  ].map(named);
  const { spearman } = stabilityOf('prompts', found([0], scores(-5)), draws, NONE).agreement;
  expect([spearman!.lowest, spearman!.highest]).toEqual([-1, 1]);
});

test('the null control is told beside the agreement', () => {
  const draws = [found([0, 1, 2]), found([0, 1, 3])].map(named);
  const control = { ...found([0, 50, 51]), shuffled: 'answers', unchanged: 1 } as const;
  const made = stabilityOf('prompts', found([0, 1, 2]), draws, control);
  expect(made.control).toMatchObject({
    edges: 3,
    shared: 1,
    jaccard: 1 / 5,
    dice: 1 / 3,
    coreShared: 1,
    spearman: null,
  });
  expect(made.control!.byChance).toBeCloseTo(9 / 479 / (6 - 9 / 479), 12);
  const card = stabilityCard(made).join('\n');
  expect(card).toContain('3 edges in the circuit: 2 are found every time, the typical one 2 of 2 times');
  expect(card).toContain('Two such searches share 50 % of their edges');
  expect(card).toContain('shares 20 % with the circuit (0 % by chance) and 1 of the 2 core edges');
  expect(card).toContain('That is 30 % less than two searches of the task share');
  expect(card).toContain('1 prompt got what it had');
  const same = stabilityOf('prompts', found([0, 1, 2]), draws, {
    ...found([0, 1, 2]),
    shuffled: 'answers',
    unchanged: 0,
  });
  expect(stabilityCard(same).join('\n')).toContain('does not tell which prompt has which answer');
  // 299 of 301 edges are shared, and 300 of 302: less, but not by a per cent.
  const first = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
  const near = [found([...first(300), 301]), found([...first(300), 302])].map(named);
  const barely = stabilityOf('prompts', found([...first(299), 301]), near, {
    ...found([...first(299), 302]),
    shuffled: 'answers',
    unchanged: 0,
  });
  expect(barely.control!.jaccard).toBeLessThan(barely.agreement.jaccard!.mean);
  expect(stabilityCard(barely).join('\n')).toContain('share hardly more than that');
  expect(stabilityCard(stabilityOf('orders', found([0]), draws, NONE)).at(-1)).toContain('no null control: it was not');
});

describe('in a file', () => {
  const draws = [found([0, 1, 2]), found([0, 1, 3])].map(named);
  const made = stabilityOf('prompts', found([0, 1, 4]), draws, NONE);
  const marked = withStability(made.full, made);

  test('circuit.json gives back how often each edge was found', () => {
    const text = CIRCUIT_WRITERS.json(marked);
    const { edgewise } = JSON.parse(text) as { edgewise: { stability: Record<string, number[]> } };
    expect(edgewise.stability[topology.edgeName(0)]!.slice(0, 2)).toEqual([2, 2]);
    expect(edgewise.stability[topology.edgeName(4)]!.slice(0, 2)).toEqual([0, 2]);
    const { circuit, notes } = openCircuit(text, 'c.json');
    expect(circuit.stability).toEqual(marked.stability);
    expect(notes).toEqual([]);
    expect(CIRCUIT_WRITERS.json(circuit)).toBe(text);
  });

  test.each([
    ['an edge that is kept is not in it', (all: Record<string, unknown>) => delete all[topology.edgeName(0)]],
    ['an edge that the model does not have', (all: Record<string, unknown>) => (all['a9.h9->logits'] = [1, 2, 0, 1])],
    ['more times than there were', (all: Record<string, unknown>) => (all[topology.edgeName(0)] = [3, 2, 0, 1])],
    ['bounds on the wrong side', (all: Record<string, unknown>) => (all[topology.edgeName(0)] = [1, 2, 0.6, 1])],
    ['no number', (all: Record<string, unknown>) => (all[topology.edgeName(0)] = [1, 2, null, 1])],
  ])('is left out with a note: %s', (_, change) => {
    const json = JSON.parse(CIRCUIT_WRITERS.json(marked)) as { edgewise: { stability: Record<string, unknown> } };
    change(json.edgewise.stability);
    const { circuit, notes } = openCircuit(JSON.stringify(json), 'c.json');
    expect(circuit.stability).toBeUndefined();
    expect(notes.join()).toContain('edgewise.stability');
  });

  test.each(['gexf', 'graphml', 'node-link'] as const)('%s has columns of confidence, where it is known', (format) => {
    const text = CIRCUIT_WRITERS[format](marked);
    for (const name of ['confidence', 'confidence_low', 'confidence_high']) expect(text).toContain(name);
    expect(CIRCUIT_WRITERS[format](made.full)).not.toContain('confidence');
  });
});
