/**
 * The rules that change the way back, against what they mean in float64 (test/oracle/backward-rules.ts), and each on a
 * case that shows what it is for.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import type { Activation } from '../../src/model/spec.js';
import type { Port } from '../../src/circuit/nodes.js';
import type { Topology } from '../../src/circuit/topology.js';
import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { BACKWARD_MODES, type BackwardMode } from '../../src/attribute/methods.js';
import type { AttributionOptions } from '../../src/attribute/options.js';
import { mean } from '../oracle/metrics.js';
import { loadOracle } from '../oracle/model.js';
import { ORACLE_RULES } from '../oracle/backward-rules.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import { fixture, fixtureJson } from '../support/fixtures.js';
import { sharePairs } from '../support/tasks.js';
import { oracleAblation, oracleEvaluate, oracleTask } from '../support/oracle-task.js';
import { uploadModel } from '../support/evaluators.js';
import {
  everyEdge,
  largest,
  meanOver,
  oraclesOf,
  randomPairs,
  scoresOf,
  SMALL,
  smallModel,
  UNEVEN,
  type SmallModel,
} from '../support/attribution.js';

const device = useDevice();
/** Of the largest score. */
const TOLERANCE = 2e-5;

function expectScores(what: string, got: ArrayLike<number>, wanted: readonly number[]): void {
  const most = largest(wanted);
  expect(most, `${what}: largest score`).toBeGreaterThan(1e-4);
  expectClose(what, got, wanted, TOLERANCE * most);
}

const CASES: readonly (readonly [string, keyof typeof ORACLE_RULES, Partial<AttributionOptions>])[] = [
  ['relp', 'relp', { backward: 'relp' }],
  ['relp with frozen patterns', 'relpFrozenPatterns', { backward: 'relp', freezePatterns: true }],
  ['gim', 'gim', { backward: 'gim' }],
];

describe.each(['gelu-tanh', 'gelu', 'silu', 'relu'] as const)('%s', (activation: Activation) => {
  let model: SmallModel;
  beforeAll(async () => {
    model = await smallModel(device.gpu, { activation }, 8);
  });
  afterAll(() => model?.dispose());

  test.each(CASES)('%s', async (what, rules, options) => {
    const oracles = await oraclesOf(model.loaded, UNEVEN);
    const wanted = meanOver(oracles, (oracle) => {
      return oracle.edges(everyEdge(model), [{ weight: 1, rules: ORACLE_RULES[rules] }]);
    });
    expectScores(what, await scoresOf(model, UNEVEN, options), wanted);
  });
});

describe('rules elsewhere', () => {
  let model: SmallModel;
  beforeAll(async () => {
    model = await smallModel(device.gpu);
  });
  afterAll(() => model?.dispose());

  test('on the way of integrated gradients, and for nodes', async () => {
    const oracles = await oraclesOf(model.loaded, UNEVEN);
    const points = [1, 0.5].map((amount) => ({ amount, moved: [0], weight: 1 / 2, rules: ORACLE_RULES.relp }));
    const wanted = meanOver(oracles, (oracle) => oracle.writers(points));
    const options = {
      method: 'eap-ig-inputs',
      steps: 2,
      stepRule: 'left',
      granularity: 'node',
      backward: 'relp',
    } as const;
    expectScores('nodes', await scoresOf(model, UNEVEN, options), wanted);
  });

  test('frozen patterns leave edges into queries and keys without a score', async () => {
    const scores = await scoresOf(model, UNEVEN, { backward: 'relp', freezePatterns: true });
    for (const id of everyEdge(model)) {
      const port = model.topology.ports[model.topology.edge(id).port]!;
      if (port.kind === 'head' && port.branch !== 'v') expect(Math.abs(scores[id]!)).toBe(0);
    }
  });

  test("AtP*'s fix recomputes the pattern of edges into queries and keys, others are eap's", async () => {
    const oracles = await oraclesOf(model.loaded, UNEVEN);
    const got = await scoresOf(model, UNEVEN, { backward: 'atp-star' });
    const eap = await scoresOf(model, UNEVEN);
    const { topology } = model;
    const fixed = everyEdge(model).filter((id) => {
      const port = topology.ports[topology.edge(id).port]!;
      return port.kind === 'head' && port.branch !== 'v';
    });
    const wanted = meanOver(oracles, (oracle) => fixed.map((id) => oracle.fixedEdge(id)));
    expectScores(
      'fixed',
      fixed.map((id) => got[id]!),
      wanted,
    );
    const others = everyEdge(model).filter((id) => !fixed.includes(id));
    expectSame(
      'others',
      others.map((id) => got[id]!),
      others.map((id) => eap[id]!),
    );
  });

  test('gradient dropout: absolute scores of passes that leave out a layer each', async () => {
    const three = await smallModel(device.gpu, { layers: 3, heads: 2 }, 9);
    try {
      const { topology } = three;
      const oracles = await oraclesOf(three.loaded, UNEVEN);
      const values = everyEdge(three).filter((id) => {
        const port = topology.ports[topology.edge(id).port]!;
        return port.kind !== 'head' || port.branch === 'v';
      });
      const wanted = meanOver(oracles, (oracle) => {
        const passes = [0, 1, 2].map((without) => oracle.edges(values, [{ weight: 1, without }]));
        return values.map((id, i) => {
          const reached = topology.ports[topology.edge(id).port]!.kind === 'logits' ? 3 : 2;
          return passes.reduce((sum, scores) => sum + Math.abs(scores[i]!), 0) / reached;
        });
      });
      const got = await scoresOf(three, UNEVEN, { backward: 'atp-star', gradDrop: true });
      expectScores(
        'dropout',
        values.map((id) => got[id]!),
        wanted,
      );
    } finally {
      three.dispose();
    }
  });
});

/** A one-layer model whose attention patterns are nearly one-hot, and what some of its edges do. */
async function saturated(seed: number): Promise<LoadedModel> {
  const loaded = await randomModel(gpt2Spec({ ...SMALL, layers: 1 }), seed);
  return {
    ...loaded,
    weights: {
      async read(name) {
        const values = await loaded.weights.read(name);
        return /\.w[qk]$/.test(name) ? values.map((x) => 6 * x) : values;
      },
    },
  };
}

function intoPatterns(topology: Topology): number[] {
  return [...Array(topology.additionEdges).keys()].filter((id) => {
    const port = topology.ports[topology.edge(id).port]!;
    return port.kind === 'head' && port.branch !== 'v';
  });
}

/** Root of the sum of squared differences. */
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0));

describe('what each rule is for', () => {
  test("AtP*'s fix sees effects through a saturated softmax that the derivative does not, or sees far too large", async () => {
    const exact: number[] = [];
    const scores: Record<'plain' | 'atp-star', number[]> = { plain: [], 'atp-star': [] };
    for (const seed of [11, 12, 13, 14]) {
      const loaded = await saturated(seed);
      const pairs = randomPairs(4, 5, SMALL.vocab, seed);
      const model = await uploadModel(device.gpu, loaded);
      try {
        const edges = intoPatterns(model.topology);
        const task = oracleTask(await loadOracle(loaded), pairs);
        const cut = oracleAblation(task, 'resample');
        const full = EdgeSet.full(model.topology);
        const loss = (circuit: EdgeSet): number => mean(oracleEvaluate(task, circuit, cut)['logit-diff']);
        const clean = loss(full);
        exact.push(...edges.map((id) => loss(full.without(id)) - clean));
        for (const backward of ['plain', 'atp-star'] as const) {
          const all = await scoresOf(model, pairs, { backward });
          scores[backward].push(...edges.map((id) => all[id]!));
        }
      } finally {
        model.weights.dispose();
      }
    }
    const nothing = exact.map(() => 0);
    const size = distance(exact, nothing);
    expect(size).toBeGreaterThan(0.1);
    expect(distance(scores.plain, exact)).toBeGreaterThan(size);
    expect(distance(scores['atp-star'], exact)).toBeLessThan(0.5 * size);
  });

  test('gim passes a gradient through a saturated softmax', async () => {
    const ratios: number[] = [];
    for (const seed of [11, 12, 13, 14]) {
      const model = await uploadModel(device.gpu, await saturated(seed));
      try {
        const pairs = randomPairs(1, 3, SMALL.vocab, seed);
        const [plain, gim] = [await scoresOf(model, pairs), await scoresOf(model, pairs, { backward: 'gim' })];
        ratios.push(...intoPatterns(model.topology).map((id) => Math.abs(gim[id]!) / Math.abs(plain[id]!)));
      } finally {
        model.weights.dispose();
      }
    }
    // Although its gradients at queries and keys are divided by four.
    expect(ratios.toSorted((a, b) => a - b)[ratios.length >> 1]).toBeGreaterThan(10);
  });

  describe('on a trained model, against the effects of single cuts that the reference measured', () => {
    let topology: Topology;
    let exact: number[];
    const scores: Partial<Record<BackwardMode, ArrayLike<number>>> = {};
    beforeAll(async () => {
      const reference = await fixtureJson<{
        n: number;
        edge_order: string[];
        methods: { exact: { scores: number[] } };
      }>('share4l/reference/eap-ig/ioi.logit_diff.json');
      const model = await uploadModel(device.gpu, await openModel(await openModelDirectory(fixture('share4l'))));
      try {
        ({ topology } = model);
        exact = [];
        reference.edge_order.forEach((name, i) => (exact[topology.edgeId(name)!] = reference.methods.exact.scores[i]!));
        const pairs = await sharePairs('ioi.jsonl', reference.n);
        for (const backward of BACKWARD_MODES) scores[backward] = await scoresOf(model, pairs, { backward });
      } finally {
        model.weights.dispose();
      }
    });

    /** Correlation of scores and effects over the edges into some ports. */
    function agreement(backward: BackwardMode, into: (port: Port) => boolean): number {
      const edges = [...exact.keys()].filter((id) => into(topology.ports[topology.edge(id).port]!));
      expect(edges.length).toBeGreaterThan(10);
      const centred = (values: ArrayLike<number>): number[] => {
        const own = edges.map((id) => values[id]!);
        const centre = mean(own);
        return own.map((x) => x - centre);
      };
      const [a, b] = [centred(scores[backward]!), centred(exact)];
      const product = (x: number[], y: number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
    }

    test('relp where an MLP or a norm hides what an edge brings', () => {
      const mlp = ({ kind }: Port): boolean => kind === 'mlp';
      expect(agreement('plain', mlp)).toBeLessThan(0.3);
      expect(agreement('relp', mlp)).toBeGreaterThan(0.9);
      expect(agreement('relp', () => true)).toBeGreaterThan(agreement('plain', () => true) + 0.3);
    });

    test('gim over all edges', () => {
      expect(agreement('gim', () => true)).toBeGreaterThan(agreement('plain', () => true) + 0.3);
    });

    test.each(['q', 'k'] as const)('atp-star into %s ports', (branch) => {
      const into = (port: Port): boolean => port.kind === 'head' && port.branch === branch;
      expect(agreement('atp-star', into)).toBeGreaterThan(agreement('plain', into) + 0.3);
    });
  });
});
