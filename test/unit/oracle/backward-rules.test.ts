/** The rules that change the way back: what they leave as it is, and what they are for, for every family. */
import { describe, expect, test } from 'vitest';
import { randomModel } from '../../../src/model/random-model.js';
import { ORACLE_RULES } from '../../oracle/backward-rules.js';
import { softcapSlope } from '../../oracle/gradient-ops.js';
import { embed, loadOracle, runModel, runWithRules, type OracleModel } from '../../oracle/model.js';
import { attentionMix, attentionScores, causalSoftmax } from '../../oracle/ops.js';
import { pass, type PassRules } from '../../oracle/pass.js';
import { scoreRule } from '../../oracle/sublayers.js';
import { SMALL_FAMILIES, smallSpec, type SmallFamily } from '../../support/families.js';
import { randomNumbers } from '../../support/random.js';

const IDS = [3, 14, 15, 9, 2, 6];
const STEP = 1e-5;

const open = async (family: SmallFamily, changes = {}): Promise<OracleModel> =>
  loadOracle(await randomModel(smallSpec(family, changes), 6));

function expectNear(what: string, got: Float64Array, wanted: Float64Array, tolerance: number): void {
  const most = wanted.reduce((a, x) => Math.max(a, Math.abs(x)), 0);
  expect(most).toBeGreaterThan(0);
  got.forEach((x, i) => {
    if (!(Math.abs(x - wanted[i]!) <= tolerance * most)) expect.fail(`${what}[${i}]: got ${x}, expected ${wanted[i]}`);
  });
}

/** Change of the logits where the input writer is stretched. */
function byStretching(model: OracleModel, rules: PassRules): Float64Array {
  const logits = (step: number): Float64Array =>
    pass(
      model,
      IDS.length,
      (writer, compute) => (writer === 0 ? embed(model, IDS).map((x) => x * (1 + step)) : compute()),
      () => undefined,
      rules,
    ).logits;
  const [up, down] = [logits(STEP), logits(-STEP)];
  return up.map((x, i) => (x - down[i]!) / (2 * STEP));
}

describe.each(SMALL_FAMILIES)('%s', (family) => {
  test.each(Object.keys(ORACLE_RULES) as (keyof typeof ORACLE_RULES)[])('%s leaves the run as it is', async (name) => {
    const model = await open(family);
    const base = runModel(model, IDS);
    expectNear('logits', runWithRules(model, IDS, ORACLE_RULES[name](model, base)).logits, base.logits, 1e-12);
  });
});

describe('relp', () => {
  // Without biases and with constant patterns the logits are what the embeddings hand on.
  const CASES: readonly SmallFamily[] = ['llama', 'mistral', 'qwen3', 'gemma', 'gemma3_text', 'olmo2', 'phi3'];

  test.each(CASES)('%s: relevance is conserved', async (family) => {
    const model = await open(family);
    const base = runModel(model, IDS);
    expectNear('stretched', byStretching(model, ORACLE_RULES.relpFrozenPatterns(model, base)), base.logits, 1e-8);
  });

  test("with the derivative of the gate's activation it is not", async () => {
    const model = await open('llama');
    const base = runModel(model, IDS);
    const { norm, product, attend } = ORACLE_RULES.relpFrozenPatterns(model, base);
    const got = byStretching(model, { norm: norm!, product: product!, attend: attend! });
    const off = got.reduce((most, x, i) => Math.max(most, Math.abs(x - base.logits[i]!)), 0);
    expect(off).toBeGreaterThan(0.01);
  });
});

describe('gim', () => {
  test.each(['gemma2', 'mistral', 'qwen3'] as const)('%s: a head against its formula', async (family) => {
    const model = await open(family);
    const { topology } = model;
    const { headWidth, attention } = model.spec;
    const base = runModel(model, IDS);
    const length = IDS.length;
    const [layer, head] = [0, 3];
    const rule = scoreRule(model, layer);
    const [q, k, v] = (['q', 'k', 'v'] as const).map((branch) => {
      return base.projections[topology.headPort(layer, branch, head)]!;
    }) as [Float64Array, Float64Array, Float64Array];
    const random = randomNumbers(3);
    const [dq, dk, dv] = [q, k, v].map((x) => Float64Array.from(random.normals(x.length))) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const { attend } = ORACLE_RULES.gim(model, base);
    const moved = (step: number): Float64Array => {
      const along = (x: Float64Array, d: Float64Array): Float64Array => x.map((value, i) => value + step * d[i]!);
      return attend!(topology.headWriter(layer, head), along(q, dq), along(k, dk), along(v, dv));
    };
    const [up, down] = [moved(STEP), moved(-STEP)];

    const scores = attentionScores(q, k, headWidth, rule);
    const soft = causalSoftmax(scores.map((x) => x / 2));
    const product = (a: Float64Array, b: Float64Array, i: number, j: number): number =>
      rule.scale *
      Array.from({ length: headWidth }, (_, c) => a[i * headWidth + c]! * b[j * headWidth + c]!).reduce(
        (s, x) => s + x,
        0,
      );
    const change = scores.map((score, at) => {
      const [i, j] = [Math.floor(at / length), at % length];
      if (score === -Infinity) return 0;
      return (softcapSlope(score, attention.softcap) * (product(dq, k, i, j) + product(q, dk, i, j))) / 4;
    });
    const pattern = change.map((value, at) => {
      const row = Math.floor(at / length) * length;
      let mean = 0;
      for (let j = 0; j < length; j++) mean += soft[row + j]! * change[row + j]!;
      return soft[at]! * (value - mean);
    });
    const fromPattern = attentionMix(pattern, v, headWidth);
    const fromValues = attentionMix(base.patterns[head]!, dv, headWidth);
    expectNear(
      'mixed values',
      up.map((x, i) => (x - down[i]!) / (2 * STEP)),
      fromPattern.map((x, i) => x + fromValues[i]! / 2),
      1e-7,
    );
  });
});
