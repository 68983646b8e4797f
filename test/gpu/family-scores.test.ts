/**
 * Scores of every family on small random models: every way back and every method against central differences of the
 * metric in float64, edges into every kind of port among them; direct effects, promoted tokens and attention patterns
 * after their definitions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttributionOptions } from '../../src/attribute/options.js';
import { writerGroups } from '../../src/block/groups.js';
import type { Topology } from '../../src/circuit/topology.js';
import { inspectNodes } from '../../src/inspect/inspect-nodes.js';
import { ovTokens } from '../../src/inspect/ov-tokens.js';
import { randomModel } from '../../src/model/random-model.js';
import type { SeedMetric } from '../../src/readout/metrics.js';
import type { PromptPair } from '../../src/task/types.js';
import type { OraclePoint } from '../oracle/attribution.js';
import { ORACLE_RULES } from '../oracle/backward-rules.js';
import { oracleBehaviour } from '../oracle/behaviour.js';
import { oracleFlow } from '../oracle/information-flow.js';
import { loadOracle, runModel } from '../oracle/model.js';
import { oracleOv } from '../oracle/ov.js';
import { largest, meanOver, oraclesOf, scoresOf, type SmallModel } from '../support/attribution.js';
import { uploadModel } from '../support/evaluators.js';
import { SMALL_FAMILIES, smallSpec } from '../support/families.js';
import { expectClose, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf } from '../support/search-pairs.js';

const device = useDevice();
/** Of the largest score. */
const TOLERANCE = 5e-5;
const CLEAN: readonly OraclePoint[] = [{ weight: 1 }];

/** Long enough for the windows of the small models to hide keys. */
const SHAPES = [
  { length: 6, difference: 1, position: 5 },
  { length: 4, difference: 0, position: 2 },
];

/** Every family has a third of these, and every one is had by a third of the families; all with EDGEWISE_ALL_RUNS=1. */
const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';

describe.each(SMALL_FAMILIES)('%s', { timeout: 300_000 }, (family) => {
  const offset = SMALL_FAMILIES.indexOf(family);
  /** The family, for tests that it has; nothing for those that others have. */
  const share = (index: number): readonly string[] => (ALL_RUNS || (offset + index) % 3 === 0 ? [family] : []);
  const shared = <T>(index: number, cases: readonly T[]): readonly T[] => (share(index).length > 0 ? cases : []);
  let model: SmallModel;
  let pairs: PromptPair[];
  let edges: number[];

  beforeAll(async () => {
    const spec = smallSpec(family, { layers: 2 });
    const loaded = await randomModel(spec, 20 + offset);
    const uploaded = await uploadModel(device.gpu, loaded);
    model = { ...uploaded, loaded, dispose: () => uploaded.weights.dispose() };
    pairs = pairsOf(randomNumbers(30 + offset), spec.vocab, SHAPES);
    edges = someEdges(model.topology, offset);
  });
  afterAll(() => model?.dispose());

  const expectEdges = async (
    what: string,
    options: Partial<AttributionOptions> & { readonly metric?: SeedMetric },
    points: readonly OraclePoint[],
  ): Promise<void> => {
    const oracles = await oraclesOf(model.loaded, pairs, { metric: 'logit-diff', ablation: 'resample', ...options });
    const wanted = meanOver(oracles, (oracle) => oracle.edges(edges, points));
    const got = await scoresOf(model, pairs, options);
    expectNear(
      what,
      edges.map((id) => got[id]!),
      wanted,
    );
  };

  const expectNear = (what: string, got: readonly number[], wanted: readonly number[]): void => {
    const most = largest(wanted);
    expect(most, `${what}: largest`).toBeGreaterThan(1e-5);
    expectClose(what, got, wanted, TOLERANCE * most);
  };

  test('eap', () => expectEdges('eap', {}, CLEAN));

  test.each(shared(0, ['prob-diff', 'nll'] as const))('eap, %s', (metric) => expectEdges(metric, { metric }, CLEAN));

  test.each(share(1))('eap, zero ablation', () => expectEdges('zero', { ablation: 'zero' }, CLEAN));

  test.each(share(2))('eap-ig-inputs and the divergence', () =>
    expectEdges(
      'kl',
      { method: 'eap-ig-inputs', metric: 'kl', steps: 2, stepRule: 'left' },
      [1, 0.5].map((amount) => ({ amount, moved: [0], weight: 1 / 2 })),
    ),
  );

  test.each(share(3))('eap-ig-activations: every group moved by itself', async () => {
    const groups = writerGroups(model.topology);
    const points = groups.map(({ firstWriter, writers }) => {
      const moved = Array.from({ length: writers }, (_, i) => firstWriter + i);
      return { moved, amount: 0.5, weight: 1, only: moved };
    });
    const options = { method: 'eap-ig-activations', scope: 'group', steps: 1, stepRule: 'midpoint' } as const;
    await expectEdges('activations', options, points);
  });

  test.each(
    shared(2, [
      ['relp', 'relp', { backward: 'relp' }],
      ['relp with frozen patterns', 'relpFrozenPatterns', { backward: 'relp', freezePatterns: true }],
      ['gim', 'gim', { backward: 'gim' }],
    ] as const),
  )('%s', (_, rules, options) => expectEdges(rules, options, [{ weight: 1, rules: ORACLE_RULES[rules] }]));

  test.each(share(0))('nodes and neurons', async () => {
    const oracles = await oraclesOf(model.loaded, pairs);
    expectNear(
      'nodes',
      [...(await scoresOf(model, pairs, { granularity: 'node' }))],
      meanOver(oracles, (oracle) => oracle.writers(CLEAN)),
    );
    const neurons = await scoresOf(model, pairs, { granularity: 'neuron' });
    const { width } = model.weights.spec;
    const column = offset % width;
    expectNear(
      'neurons',
      model.topology.writers.map((_, writer) => neurons[writer * width + column]!),
      meanOver(oracles, (oracle) => oracle.writers(CLEAN, column)),
    );
  });

  test.each(share(1))("AtP*'s fix of edges into queries and keys", async () => {
    const oracles = await oraclesOf(model.loaded, pairs);
    const got = await scoresOf(model, pairs, { backward: 'atp-star' });
    const { topology } = model;
    const fixed = edges.filter((id) => {
      const port = topology.ports[topology.edge(id).port]!;
      return port.kind === 'head' && port.branch !== 'v';
    });
    expectNear(
      'fixed',
      fixed.map((id) => got[id]!),
      meanOver(oracles, (oracle) => fixed.map((id) => oracle.fixedEdge(id))),
    );
  });

  test.each(share(2))('information flow', async () => {
    const oracle = await loadOracle(model.loaded);
    const flows = pairs.map((pair) => oracleFlow(oracle, runModel(oracle, pair.clean), pair));
    const wanted = flows[0]!.map((_, id) => flows.reduce((sum, flow) => sum + flow[id]!, 0) / pairs.length);
    const got = await scoresOf(model, pairs, { method: 'information-flow' });
    expectNear('flow', [...got], wanted);
  });

  test.each(share(3))('direct effects, promoted tokens, attention', async () => {
    const { weights, topology } = model;
    const asked = topology.writers.map((_, writer) => writer);
    const found = await inspectNodes(weights, topology, pairs, asked, { input: 'token', budget: 1e9 });
    const oracle = await loadOracle(model.loaded);
    const passes = pairs.map((pair) => runModel(oracle, pair.clean));
    const behaviours = pairs.map((pair, n) => oracleBehaviour(oracle, passes[n]!, pair));
    expectNear('constants', [...found.constants, 1], [...behaviours.map(({ constants }) => constants), 1]);
    for (const writer of asked) {
      const wanted = behaviours.map(({ direct }) => direct[writer]!);
      expectClose(`direct effects of writer ${writer}`, found.direct[writer]!, wanted, 2e-5);
      const logits = Array.from({ length: weights.spec.vocab }, (_, id) =>
        behaviours.reduce((sum, behaviour) => sum + behaviour.logits[writer]![id]! / pairs.length, 0),
      );
      const best = logits.indexOf(Math.max(...logits));
      expect(found.nodes[writer]!.promotes[0]!.id, `token of writer ${writer}`).toBe(best);
      const node = topology.writers[writer]!;
      if (node.kind !== 'head') continue;
      pairs.forEach((_, n) => {
        const pattern = passes[n]!.patterns[node.layer * topology.heads + node.head]!;
        expectClose(`pattern of writer ${writer}`, found.nodes[writer]!.attention![n]!, pattern, 1e-5);
      });
    }
  });

  test.each(share(4))('what heads write for tokens', async () => {
    const words = [3, 8, 21, 5];
    const heads = [
      { layer: 0, head: 1 },
      { layer: 1, head: 3 },
    ];
    const found = await ovTokens(model.weights, heads, words, 1e8);
    const oracle = await loadOracle(model.loaded);
    heads.forEach(({ layer, head }, i) => {
      oracleOv(oracle, layer, head, words).forEach((logits, w) => {
        const best = logits.indexOf(Math.max(...logits));
        const [first] = found[i]!.promotes[w]!;
        expect(first!.id).toBe(best);
        expectClose('logit', [first!.logit], [logits[best]!], 2e-5 * (1 + Math.abs(logits[best]!)));
      });
      const own = oracleOv(oracle, layer, head, words).map((logits, w) => logits[words[w]!]!);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      expectClose('copying', [found[i]!.copying.diagonalMean], [mean], 2e-5 * (1 + Math.abs(mean)));
    });
  });
});

/** Some edges into every kind of port of every layer. */
function someEdges(topology: Topology, seed: number): number[] {
  const rng = randomNumbers(seed);
  const kinds = new Map<string, number[]>();
  topology.ports.forEach((port, p) => {
    const kind = port.kind === 'head' ? `${port.layer} ${port.branch}` : `${port.kind}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), p]);
  });
  const edges = [...kinds.values()].flatMap((ports) =>
    Array.from({ length: 5 }, () => {
      const port = ports[rng.below(ports.length)]!;
      return topology.firstEdge(port) + rng.below(topology.fanIn(port));
    }),
  );
  return [...new Set(edges)];
}
