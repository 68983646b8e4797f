/**
 * The literal evaluator against float64 values that were computed independently from the same checkpoints and agree
 * with the Hugging Face library (logits) and the reference EAP-IG (edges), for every family.
 */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { memorySource } from '../../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader, readTensor } from '../../../src/checkpoint/safetensors.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import type { PromptPair } from '../../../src/task/types.js';
import { zeroWriters } from '../../oracle/ablation.js';
import { OracleAttribution, type OraclePoint } from '../../oracle/attribution.js';
import { mean, metricValue } from '../../oracle/metrics.js';
import {
  ablationValues,
  runCircuit,
  runModel,
  type AblationValues,
  type OracleModel,
  type Pass,
} from '../../oracle/model.js';
import { publishedOracle } from '../../oracle/published-weights.js';
import { fixture } from '../../support/fixtures.js';
import {
  FAMILY_FIXTURES,
  familyCircuit,
  familyFixture,
  familyPairs,
  hasFamilyFixture,
  type FamilyFixture,
  type Outcome,
} from '../../support/tasks.js';

/** Rounding of the stored 12 digits and of other summation orders. */
const TOLERANCE = 1e-9;
/** Central differences. */
const SCORE_TOLERANCE = 1e-7;

const ALL_RUNS = process.env['EDGEWISE_ALL_RUNS'] === '1';

/** So many of a list, or `all` where all runs are asked for: spread over it, others for other offsets. */
function sample<T>(list: readonly T[], count: number, offset: number, all = list.length): T[] {
  const wanted = ALL_RUNS ? all : count;
  const stride = Math.max(1, Math.floor(list.length / wanted));
  return list.filter((_, i) => i % stride === offset % stride && Math.floor(i / stride) < wanted);
}

function expectClose(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance = TOLERANCE): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance * (1 + Math.abs(expected[i]!)))) {
      expect.fail(`${what}[${i}]: got ${got[i]}, expected ${expected[i]}`);
    }
  }
}

describe.each(FAMILY_FIXTURES)('%s', (name) => {
  describe.skipIf(!hasFamilyFixture(name))('against the reference', () => {
    const offset = FAMILY_FIXTURES.indexOf(name);
    let model: OracleModel;
    let expected: FamilyFixture;
    let pairs: PromptPair[];
    let clean: Pass[];
    let corrupted: Pass[];
    let zero: AblationValues[];

    beforeAll(async () => {
      model = await publishedOracle(await openModelDirectory(fixture(`families/${name}`)));
      expected = await familyFixture(name);
      pairs = familyPairs(expected);
      clean = pairs.map((pair) => runModel(model, pair.clean));
      corrupted = pairs.map((pair) => runModel(model, pair.corrupted));
      zero = pairs.map((pair) => ablationValues(model, zeroWriters(model, pair.clean.length)));
    });

    const lastRow = (pass: Pass): Float64Array => pass.logits.subarray(-model.spec.vocab);

    function outcome(passes: readonly Pass[]): Outcome {
      const inputs = passes.map((pass, n) => {
        const { correct, wrong } = pairs[n]!;
        return { logits: lastRow(pass), clean: lastRow(clean[n]!), correct, wrong };
      });
      const losses = inputs.map((input) => metricValue('logit-diff', input));
      return {
        logit_diff: losses.map((x) => -x),
        kl: inputs.map((input) => metricValue('kl', input)),
        metric: mean(losses),
      };
    }

    function expectOutcome(what: string, got: Outcome, wanted: Partial<Outcome>): void {
      if (wanted.logit_diff) expectClose(`${what} logit_diff`, got.logit_diff, wanted.logit_diff);
      if (wanted.kl) expectClose(`${what} kl`, got.kl, wanted.kl);
      if (wanted.metric !== undefined) expectClose(`${what} metric`, [got.metric], [wanted.metric]);
    }

    const circuit = (kept: EdgeSet, cut: readonly AblationValues[]): Pass[] =>
      pairs.map((pair, n) => runCircuit(model, pair.clean, kept, cut[n]!));

    test('edges and writers are named and ordered as in the fixture', () => {
      const { topology } = model;
      expect(Array.from({ length: topology.additionEdges }, (_, id) => topology.edgeName(id)).sort()).toEqual(
        [...expected.edges].sort(),
      );
      expect(topology.writers.map((_, writer) => topology.writerName(writer))).toEqual(expected.writers);
    });

    test('logits and writers of the untouched runs', async () => {
      expectOutcome('clean', outcome(clean), expected.clean);
      expectOutcome('corrupted', outcome(corrupted), { ...expected.corrupted, kl: expected.kl_clean_corrupted });
      const bytes = await readFile(fixture(`families/${name}/expected_arrays.safetensors`));
      const arrays = await readSafetensorsHeader(memorySource('expected_arrays', bytes));
      for (const [kind, passes] of Object.entries({ clean, corrupted })) {
        const logits = await readTensor(arrays.get(`logits_${kind}`)!);
        const writers = await readTensor(arrays.get(`writers_${kind}_p0`)!);
        const padded = expected.clean_ids[0]!.length * model.spec.vocab;
        passes.forEach((pass, n) => {
          const stored = logits.subarray(n * padded, n * padded + pass.logits.length);
          expectClose(`${kind} logits of prompt ${n}`, pass.logits, stored, 1e-6);
        });
        expectClose(
          `${kind} writers`,
          passes[0]!.writers.flatMap((x) => [...x]),
          writers,
          1e-6,
        );
      }
    });

    test('norms of the writers', () => {
      const norms = (of: (n: number, writer: number) => Float64Array): number[] =>
        model.topology.writers.map((_, writer) => Math.hypot(...pairs.flatMap((_pair, n) => [...of(n, writer)])));
      const got = {
        clean: norms((n, writer) => clean[n]!.writers[writer]!),
        corrupted: norms((n, writer) => corrupted[n]!.writers[writer]!),
        difference: norms((n, writer) => {
          const from = clean[n]!.writers[writer]!;
          return corrupted[n]!.writers[writer]!.map((x, i) => x - from[i]!);
        }),
      };
      // Those of the two runs include the padding after a prompt's end, which this evaluator never computes. There
      // both runs read the same tokens.
      const padded = expected.lengths.some((length) => length < expected.clean_ids[0]!.length);
      for (const kind of padded ? [] : (['clean', 'corrupted', 'difference'] as const)) {
        expectClose(`${kind} norms`, got[kind], expected.writer_norms[kind]);
      }
      if (padded) {
        expectClose('norm of the embeddings', [got.difference[0]!], [expected.writer_norms.difference[0]!]);
      }
    });

    test('all kept is the clean run and none kept the corrupted run, bit by bit', () => {
      const full = circuit(EdgeSet.full(model.topology), corrupted);
      expect(full.map((pass) => pass.logits)).toEqual(clean.map((pass) => pass.logits));
      expect(full.map((pass) => pass.writers)).toEqual(clean.map((pass) => pass.writers));
      const none = circuit(EdgeSet.empty(model.topology), corrupted);
      expect(none.map((pass) => pass.logits)).toEqual(corrupted.map((pass) => pass.logits));
      expectOutcome('all kept', outcome(full), expected.all_kept);
      expectOutcome('none kept', outcome(none), expected.none_kept);
    });

    test('random masks, resample', () => {
      for (const mask of sample(expected.masks, 3, offset)) {
        const kept = familyCircuit(model.topology, expected.edges, mask.keep);
        expectOutcome(`mask ${mask.keep}`, outcome(circuit(kept, corrupted)), mask);
      }
    });

    test('single cuts, resample', () => {
      const untouched = outcome(clean).metric;
      for (const cut of sample(expected.cuts, 5, offset)) {
        const got = outcome(circuit(EdgeSet.full(model.topology).without(model.topology.edgeId(cut.edge)!), corrupted));
        expectOutcome(`cut ${cut.edge}`, got, cut);
        expectClose(`cut ${cut.edge} delta`, [got.metric - untouched], [cut.delta]);
      }
    });

    test('random masks under zero ablation', () => {
      expectOutcome('none kept', outcome(circuit(EdgeSet.empty(model.topology), zero)), expected.none_kept_zero);
      expect(expected.masks_zero).toHaveLength(expected.masks.length);
      const masks = expected.masks.map(({ keep }, i) => ({ keep, wanted: expected.masks_zero[i]! }));
      for (const { keep, wanted } of sample(masks, 3, offset)) {
        const kept = familyCircuit(model.topology, expected.edges, keep);
        // A fully cut port is exactly its constant, so that a large noise_gain has no noise to amplify.
        expectOutcome(`zero mask ${keep}`, outcome(circuit(kept, zero)), wanted);
      }
    });

    test('scores of edges by EAP and EAP-IG', () => {
      const { topology } = model;
      const attributions = pairs.map(
        (pair, n) => new OracleAttribution(model, pair, corrupted[n]!.writers, 'logit-diff'),
      );
      const scores = (edges: readonly number[], points: readonly OraclePoint[]): number[] => {
        const all = attributions.map((attribution) => attribution.edges(edges, points));
        return edges.map((_, i) => mean(all.map((own) => own[i]!)));
      };
      /** Points on the way to the corrupted embedding, by how far they are from the clean one. */
      const steps = (amounts: readonly number[]): OraclePoint[] =>
        amounts.map((amount) => ({ amount, moved: [0], weight: 1 / amounts.length }));
      const check = (what: string, wanted: readonly number[], count: number, points: readonly OraclePoint[]): void => {
        const most = Math.max(...wanted.map(Math.abs));
        const chosen = sample([...wanted.keys()], count, offset, 10 * count);
        const got = scores(
          chosen.map((i) => topology.edgeId(expected.edges[i]!)!),
          points,
        );
        chosen.forEach((i, at) => {
          const error = Math.abs(got[at]! - wanted[i]!);
          const name = `${what} ${expected.edges[i]}`;
          if (!(error <= SCORE_TOLERANCE * most)) expect.fail(`${name}: got ${got[at]}, expected ${wanted[i]}`);
        });
      };
      const [right, left] = [steps([0.8, 0.6, 0.4, 0.2, 0]), steps([1, 0.8, 0.6, 0.4, 0.2])];
      if (model.spec.postNorms) {
        check('eap', expected.eap_through_norm!, 9, steps([0]));
        check('eap-ig right', expected.eap_ig_right_k5_through_norm!, 3, right);
      } else {
        check('eap', expected.eap, 6, steps([0]));
        check('eap-ig right', expected.eap_ig_right_k5, 1, right);
        check('eap-ig left', expected.eap_ig_left_k5, 1, left);
      }
    });

    test('cutting the inputs of a dead receiver changes nothing at all', () => {
      const { topology } = model;
      const dead = topology.headWriter(0, 1);
      const unread = EdgeSet.where(topology, (id) => {
        const edge = topology.edge(id);
        return !(edge.kind === 'addition' && edge.writer === dead) && id % 3 !== 0;
      });
      let cut = unread;
      for (const branch of ['q', 'k', 'v'] as const) {
        const port = topology.headPort(0, branch, 1);
        cut = cut.without(topology.additionEdge(0, port)).without(topology.directEdge(port));
      }
      expect(cut.size).toBeLessThan(unread.size);
      for (const values of [corrupted, zero]) {
        expect(circuit(cut, values).map((pass) => pass.logits)).toEqual(
          circuit(unread, values).map((pass) => pass.logits),
        );
      }
    });
  });
});
