/**
 * The literal evaluator against float64 values that were computed independently from the same checkpoints and agree
 * with the Hugging Face library (logits) and the reference EAP-IG (edges).
 */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { Topology } from '../../../src/circuit/topology.js';
import { memorySource } from '../../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader, readTensor } from '../../../src/checkpoint/safetensors.js';
import { openModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { meanWriters, positionalMeanWriters, zeroWriters } from '../../oracle/ablation.js';
import { mean, metricValue } from '../../oracle/metrics.js';
import {
  ablationValues,
  loadOracle,
  runCircuit,
  runModel,
  type AblationValues,
  type OracleModel,
  type Pass,
} from '../../oracle/model.js';
import { fixture } from '../../support/fixtures.js';
import { familyFixture, type FamilyFixture, type Outcome } from '../../support/tasks.js';

/** Rounding of the stored 12 digits and of other summation orders. */
const TOLERANCE = 1e-9;

function expectClose(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance = TOLERANCE): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance * (1 + Math.abs(expected[i]!)))) {
      expect.fail(`${what}[${i}]: got ${got[i]}, expected ${expected[i]}`);
    }
  }
}

/** `keep` in the fixture's order of edges, all direct edges kept. */
function maskSet(topology: Topology, names: readonly string[], keep: string): EdgeSet {
  const kept = names.filter((_, i) => keep[i] === '1').map((name) => topology.edgeId(name)!);
  return EdgeSet.of(topology, [...EdgeSet.empty(topology), ...kept]);
}

describe.each(['gpt2', 'gpt2_f16', 'gpt2_hub', 'gpt2_invlayer', 'gpt2_pad'])('%s', (name) => {
  let model: OracleModel;
  let expected: FamilyFixture;
  let cleanIds: (readonly number[])[];
  let clean: Pass[];
  let corrupted: Pass[];
  let zero: AblationValues[];

  beforeAll(async () => {
    model = await loadOracle(await openModel(await openModelDirectory(fixture(`families/${name}`))));
    expected = await familyFixture(name);
    cleanIds = expected.clean_ids.map((ids, prompt) => ids.slice(0, expected.lengths[prompt]));
    clean = cleanIds.map((ids) => runModel(model, ids));
    corrupted = expected.corrupted_ids.map((ids, prompt) => runModel(model, ids.slice(0, expected.lengths[prompt])));
    zero = cleanIds.map((ids) => ablationValues(model, zeroWriters(model, ids.length)));
  });

  const lastRow = (pass: Pass): Float64Array => pass.logits.subarray(-model.spec.vocab);

  function outcome(passes: readonly Pass[]): Outcome {
    const inputs = passes.map((pass, prompt) => ({
      logits: lastRow(pass),
      clean: lastRow(clean[prompt]!),
      correct: [expected.correct[prompt]!],
      wrong: [expected.wrong[prompt]!],
    }));
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
    cleanIds.map((ids, prompt) => runCircuit(model, ids, kept, cut[prompt]!));

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
      passes.forEach((pass, prompt) => {
        const stored = logits.subarray(prompt * padded, prompt * padded + pass.logits.length);
        expectClose(`${kind} logits of prompt ${prompt}`, pass.logits, stored, 1e-6);
      });
      expectClose(
        `${kind} writers`,
        passes[0]!.writers.flatMap((x) => [...x]),
        writers,
        1e-6,
      );
      const norms = model.topology.writers.map((_, writer) =>
        Math.hypot(...passes.flatMap((pass) => [...pass.writers[writer]!])),
      );
      // The fixture's norms include the padding after a prompt's end, which this evaluator never computes.
      if (name !== 'gpt2_pad')
        expectClose(`${kind} norms`, norms, expected.writer_norms[kind as 'clean' | 'corrupted']);
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
    expected.masks.forEach((mask, i) => {
      expectOutcome(`mask ${i}`, outcome(circuit(maskSet(model.topology, expected.edges, mask.keep), corrupted)), mask);
    });
  });

  test('single cuts, resample', () => {
    const untouched = outcome(clean).metric;
    for (const cut of expected.cuts) {
      const got = outcome(circuit(EdgeSet.full(model.topology).without(model.topology.edgeId(cut.edge)!), corrupted));
      expectOutcome(`cut ${cut.edge}`, got, cut);
      expectClose(`cut ${cut.edge} delta`, [got.metric - untouched], [cut.delta]);
    }
  });

  test('random masks under zero ablation', () => {
    expectOutcome('none kept', outcome(circuit(EdgeSet.empty(model.topology), zero)), expected.none_kept_zero);
    expect(expected.masks_zero).toHaveLength(expected.masks.length);
    expected.masks_zero.forEach((wanted, i) => {
      const kept = maskSet(model.topology, expected.edges, expected.masks[i]!.keep);
      expectOutcome(`zero mask ${i}`, outcome(circuit(kept, zero)), wanted);
    });
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

describe('direct edges, other ablations and options', () => {
  let tokens: OracleModel;
  let sums: OracleModel;
  let ids: readonly (readonly number[])[];
  let corruptedIds: readonly (readonly number[])[];

  beforeAll(async () => {
    const loaded = await openModel(await openModelDirectory(fixture('families/gpt2')));
    tokens = await loadOracle(loaded);
    sums = await loadOracle(loaded, 'token+position');
    const expected = await familyFixture('gpt2');
    ids = expected.clean_ids;
    corruptedIds = expected.corrupted_ids;
  });

  test('a cut direct edge carries the corrupted projection, whatever its port reads', () => {
    const { topology } = tokens;
    const corrupted = runModel(tokens, corruptedIds[0]!);
    const port = topology.headPort(1, 'k', 2);
    const direct = EdgeSet.full(topology).without(topology.directEdge(port));
    const pass = runCircuit(tokens, ids[0]!, direct, corrupted);
    expect(pass.projections[port]).toEqual(corrupted.projections[port]);
    expect(pass.ports[port]).toEqual(runModel(tokens, ids[0]!).ports[port]);

    let additions = EdgeSet.full(topology);
    for (let writer = 0; writer < topology.fanIn(port); writer++) {
      additions = additions.without(topology.additionEdge(writer, port));
    }
    expect(runCircuit(tokens, ids[0]!, additions, corrupted).logits).toEqual(pass.logits);
  });

  test('the pass with every writer at its corrupted value gives the corrupted projections', () => {
    const corrupted = runModel(tokens, corruptedIds[0]!);
    expect(ablationValues(tokens, corrupted.writers).projections).toEqual(corrupted.projections);
  });

  test('under zero ablation projections see constants only', () => {
    const positions = tokens.tensor('positions').subarray(0, 9 * 30);
    const zero = ablationValues(tokens, zeroWriters(tokens, 9));
    const pass = runCircuit(tokens, ids[0]!, EdgeSet.empty(tokens.topology), zero);
    expect(pass.ports[0]).toEqual(positions);
    const zeroSums = ablationValues(sums, zeroWriters(sums, 9));
    const noPositions = runCircuit(sums, ids[0]!, EdgeSet.empty(sums.topology), zeroSums);
    expect(noPositions.ports[0]).toEqual(new Float64Array(9 * 30));
    expect(zeroSums.projections[0]).not.toEqual(zero.projections[0]);
  });

  test('where the positions belong changes nothing under resample ablation', () => {
    const kept = EdgeSet.where(tokens.topology, (id) => id % 3 !== 0);
    const keptSums = EdgeSet.of(sums.topology, kept);
    const a = runCircuit(tokens, ids[0]!, kept, runModel(tokens, corruptedIds[0]!)).logits;
    const b = runCircuit(sums, ids[0]!, keptSums, runModel(sums, corruptedIds[0]!)).logits;
    expectClose('logits', a, b, 1e-11);
  });

  test('means: over one prompt by position they are that prompt, over all they are constant', () => {
    const passes = ids.map((prompt) => runModel(tokens, prompt));
    const full = EdgeSet.empty(tokens.topology);
    const own = ablationValues(tokens, positionalMeanWriters(tokens, passes.slice(0, 1)));
    expect(runCircuit(tokens, ids[1]!, full, own).logits).toEqual(passes[0]!.logits);

    const mean = meanWriters(tokens, passes, ids, 9);
    const byPosition = positionalMeanWriters(tokens, passes);
    for (const [writer, values] of mean.entries()) {
      for (let i = 0; i < 30; i++) {
        let sum = 0;
        for (let position = 0; position < 9; position++) sum += byPosition[writer]![position * 30 + i]!;
        expectClose(`mean of writer ${writer}`, [values[i]!, values[8 * 30 + i]!], [sum / 9, sum / 9]);
      }
    }
  });

  test('a leading beginning-of-text token is left out of the mean', () => {
    const prompt = [tokens.spec.bosTokenId!, 1, 2];
    const pass = runModel(tokens, prompt);
    const [input] = meanWriters(tokens, [pass], [prompt], 1);
    const embed = tokens.tensor('embed');
    expectClose(
      'input',
      input!,
      Array.from({ length: 30 }, (_, i) => (embed[30 + i]! + embed[60 + i]!) / 2),
    );
  });
});
