import { BACKWARD_MODES } from '../../src/attribute/methods.js';
import { edgeEnds } from '../../src/circuit/edge-ends.js';
import type { EdgeSet } from '../../src/circuit/edge-set.js';
import { greedyEdges } from '../../src/discover/greedy.js';
import { select } from '../../src/discover/select.js';
import {
  pessimisticArea,
  rankEdges,
  rocOfRanking,
  rocPoint,
  trapezoidArea,
  type Truth,
} from '../../src/evaluate/roc.js';
import type { Engine } from '../../src/run/engine.js';
import { planDiscovery, type AskedDiscovery } from '../../src/run/methods/index.js';
import { planScoring } from '../../src/run/methods/scores.js';
import { SCORING_METHODS, SCORING_METHOD_NAMES, type ScoringMethod } from '../../src/run/scoring-methods.js';
import type { Task } from '../../src/task/types.js';
import type { Recipe } from '../../src/truth/recipe.js';

/** A constructed model on a device, its task, and its true edges. */
export interface Subject {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly task: Task;
  readonly circuit: EdgeSet;
  readonly truth: Truth;
}

/** What a method found: one circuit, and the areas under the curve of all its circuits. */
export interface Found {
  readonly edges: readonly number[];
  readonly area: number;
  readonly pessimisticArea: number;
}

export type Method = (subject: Subject) => Promise<Found>;

/** Thresholds of a search, as shares of what the behaviour is worth: metric of the empty circuit less the model's. */
const SHARES = [0.8, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
/** The one whose circuit is told. */
const SHARE = 0.05;

const SEARCHES: Readonly<Record<string, AskedDiscovery>> = {
  acdc: {},
  'acdc --abs': { absolute: true },
  'acdc --metric kl': { metric: 'kl' },
  screened: { method: 'screened' },
  'screened --abs': { method: 'screened', absolute: true },
};

/**
 * Every method, by how the command line asks for it. A search is told by its circuit at a twentieth of the behaviour's
 * worth, and its curve has a point for each threshold. A method that scores is told by the circuit of as many edges as
 * are true, and its curve has a point for each number of edges.
 */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...Object.entries(SEARCHES).map(([name, asked]): [string, Method] => [name, (subject) => search(subject, asked)]),
  ['exact --signed', (subject) => choose(subject, { method: 'exact' }, 'signed')],
  ...SCORING_METHOD_NAMES.flatMap(variants),
]);

function variants(method: ScoringMethod): [string, Method][] {
  const plain: [string, Method] = [method, (subject) => choose(subject, { method }, 'absolute')];
  const greedy: [string, Method] = [`${method} --greedy`, (subject) => choose(subject, { method }, 'greedy')];
  const rules = BACKWARD_MODES.filter((mode) => mode !== 'plain').map((backward): [string, Method] => [
    `${method} --backward ${backward}`,
    (subject) => choose(subject, { method, backward }, 'absolute'),
  ]);
  switch (method) {
    case 'eap':
      return [plain, ...rules];
    case 'exact':
    case 'eap-ig-inputs':
      return [plain, greedy];
    default:
      return [plain];
  }
}

async function search({ engine, recipe, task, circuit, truth }: Subject, asked: AskedDiscovery): Promise<Found> {
  const options = { metric: recipe.metric, ...asked };
  const { clean, corrupted } = await engine.evaluate(
    task,
    circuit,
    { metric: options.metric, ablation: 'resample', input: 'token' },
    ['metric'],
  );
  const found: (readonly number[])[] = [];
  for (const share of SHARES) {
    const plan = planDiscovery(engine.model, task, { ...options, threshold: share * (corrupted - clean) });
    const { chosen } = await plan.run(engine, {});
    found.push(additionEdges(chosen[0]!.circuit.kept));
  }
  const points = found.map((edges) => rocPoint(edges, truth));
  return {
    edges: found[SHARES.indexOf(SHARE)]!,
    area: trapezoidArea(points),
    pessimisticArea: pessimisticArea(points),
  };
}

async function choose(
  { engine, recipe, task, truth }: Subject,
  asked: AskedDiscovery & { readonly method: ScoringMethod },
  order: 'absolute' | 'signed' | 'greedy',
): Promise<Found> {
  const { takes } = SCORING_METHODS[asked.method];
  const options = { ...asked, ...(takes.includes('metric') && { metric: recipe.metric }) };
  const scores = await planScoring(engine.model, task, options).run(engine, {});
  const { kept } = select(scores, {
    rule: order === 'greedy' ? 'greedy' : 'top',
    edges: truth.isTrue.size,
    absolute: order !== 'signed',
    prune: true,
  });
  const ranking =
    order === 'greedy'
      ? greedyEdges(scores, scores.values.map(Math.abs), truth.edges).taken
      : rankEdges(scores.values, edgeEnds(engine.topology), truth.edges, order === 'absolute');
  const { trapezoidArea: area, pessimisticArea: pessimistic } = rocOfRanking(ranking, truth);
  return { edges: additionEdges(kept), area, pessimisticArea: pessimistic };
}

export function additionEdges(kept: EdgeSet): number[] {
  return [...kept].filter((edge) => edge < kept.topology.additionEdges);
}
