/**
 * What cut edges carry in the literal evaluator: direct edges, ablations other than resample, where positions belong.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { openModel } from '../../../src/model/load-model.js';
import { openModelDirectory } from '../../../src/node/model-directory.js';
import { meanWriters, positionalMeanWriters, zeroWriters } from '../../oracle/ablation.js';
import { ablationValues, loadOracle, runCircuit, runModel, type OracleModel } from '../../oracle/model.js';
import { fixture } from '../../support/fixtures.js';
import { familyFixture } from '../../support/tasks.js';

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
