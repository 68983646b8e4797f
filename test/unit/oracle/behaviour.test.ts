/** What nodes do: parts that add up, for every family. */
import { describe, expect, test } from 'vitest';
import { randomModel } from '../../../src/model/random-model.js';
import type { PromptPair } from '../../../src/task/types.js';
import { addedToStream, oracleBehaviour } from '../../oracle/behaviour.js';
import { oracleFlow } from '../../oracle/information-flow.js';
import { loadOracle, runModel } from '../../oracle/model.js';
import { matmulTransposed } from '../../oracle/ops.js';
import { oracleOv } from '../../oracle/ov.js';
import { SMALL_FAMILIES, smallSpec } from '../../support/families.js';

const PAIR: PromptPair = {
  clean: [3, 14, 15, 9, 2],
  corrupted: [3, 1, 7, 9, 2],
  position: 3,
  correct: [5],
  wrong: [21],
};

describe.each(SMALL_FAMILIES)('%s', async (family) => {
  const model = await loadOracle(await randomModel(smallSpec(family), 7));
  const { topology, spec } = model;
  const run = runModel(model, PAIR.clean);

  test('what writers add is the stream, less positions and biases', () => {
    const sum = run.writers
      .map((_, writer) => addedToStream(model, run, writer))
      .reduce((a, b) => a.map((x, i) => x + b[i]!));
    if (spec.positions.kind === 'learned') {
      model.tensor('positions').forEach((x, i) => (i < sum.length ? (sum[i]! += x) : 0));
    }
    for (let layer = 0; layer < spec.layers; layer++) {
      const bias = model.optional(layer, 'bo');
      if (bias) sum.forEach((_, i) => (sum[i]! += bias[i % spec.width]!));
    }
    const stream = run.ports[topology.logitsPort]!;
    sum.forEach((x, i) => {
      if (!(Math.abs(x - stream[i]!) <= 1e-11)) expect.fail(`[${i}]: ${x}, stream ${stream[i]}`);
    });
  });

  test('direct effects and constants are the logit difference before a cap', () => {
    const { direct, constants } = oracleBehaviour(model, run, PAIR);
    const cap = spec.logitSoftcap;
    const logit = (id: number): number => {
      const y = run.logits[PAIR.position * spec.vocab + id]!;
      return cap === null ? y : cap * Math.atanh(y / cap);
    };
    const wanted = logit(PAIR.correct[0]!) - logit(PAIR.wrong[0]!);
    expect(Math.abs(direct.reduce((a, x) => a + x, constants) - wanted)).toBeLessThan(1e-10 * (1 + Math.abs(wanted)));
  });

  test('shares of information flow add up to one at every port', () => {
    const flow = oracleFlow(model, run, PAIR);
    expect(flow).toHaveLength(topology.additionEdges);
    topology.ports.forEach((_, port) => {
      const first = topology.firstEdge(port);
      const sum = flow.slice(first, first + topology.fanIn(port)).reduce((a, x) => a + x, 0);
      expect(sum, topology.portName(port)).toBeCloseTo(1, 12);
    });
  });
});

test.each(['llama', 'qwen3', 'gemma', 'gemma2', 'olmo2'] as const)(
  '%s: the OV circuit is what a head of the first layer writes where its prompt is that word',
  async (family) => {
    const model = await loadOracle(await randomModel(smallSpec(family), 7));
    const { width, embeddingScale, preNorms, postNorms, norm, tied } = model.spec;
    const [word, head] = [4, 2];
    const embedding = model.tensor('embed').subarray(word * width, (word + 1) * width);
    const square = embedding.reduce((sum, x) => sum + (embeddingScale * x) ** 2 / width, 0);
    const scale = preNorms ? 1 / Math.sqrt(square + norm.epsilon) : 1;
    const written = runModel(model, [word]).writers[model.topology.headWriter(0, head)]!;
    const gains = model.finalNorm.gain.map((x, i) => x * (postNorms ? model.norm(0, 'postnorm1').gain[i]! : 1));
    const wanted = matmulTransposed(
      written.map((x, i) => (x / scale) * gains[i]!),
      model.tensor(tied ? 'embed' : 'unembed'),
      width,
    );
    const [got] = oracleOv(model, 0, head, [word]);
    got!.forEach((x, id) => expect(x).toBeCloseTo(wanted[id]!, 10));
  },
);
