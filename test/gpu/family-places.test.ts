/**
 * Places of uncut runs of models with pieces that GPT-2 lacks: read as in the float64 oracle, written back without a
 * change of a bit, and set with the oracle's result.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindRead, bindSet, rowOf, tapsOf, type BoundPart } from '../../src/block/place-parts.js';
import { PLACES, type Place } from '../../src/block/places.js';
import { PLAIN_RULES } from '../../src/block/rules.js';
import { paddedIds } from '../../src/evaluate/prompt-batch.js';
import { GradientPass } from '../../src/gradient/gradient-pass.js';
import { Arena } from '../../src/gpu/arena.js';
import { randomModel } from '../../src/model/random-model.js';
import { loadOracle, runWithRules, type OracleModel } from '../oracle/model.js';
import { logSoftmax } from '../oracle/ops.js';
import { UNEVEN, type SmallModel } from '../support/attribution.js';
import { uploadModel } from '../support/evaluators.js';
import { smallSpec } from '../support/families.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';

const device = useDevice();
const TOLERANCE = 2e-5;
const SHAPE = { prompts: UNEVEN.length, sequence: Math.max(...UNEVEN.map(({ clean }) => clean.length)) };
const METRIC_ROWS = UNEVEN.map(({ position }, n) => rowOf(SHAPE, n, position));
const FORWARD = (Object.keys(PLACES) as Place[]).filter(
  (place) => !place.endsWith(' input') && !place.endsWith(' inputs'),
);

describe.each(['qwen3', 'gemma2', 'phi', 'olmo2'] as const)('%s', (family) => {
  let model: SmallModel;
  let oracle: OracleModel;
  beforeAll(async () => {
    const loaded = await randomModel(smallSpec(family, { layers: 2 }), 13);
    const uploaded = await uploadModel(device.gpu, loaded);
    model = { ...uploaded, loaded, dispose: () => uploaded.weights.dispose() };
    oracle = await loadOracle(loaded);
  });
  afterAll(() => model?.dispose());

  async function withPass<T>(use: (pass: GradientPass, arena: Arena) => Promise<T>): Promise<T> {
    const arena = new Arena(device.gpu);
    const options = { input: 'token', rules: PLAIN_RULES, scores: true } as const;
    const pass = await GradientPass.create(model.weights, model.topology, SHAPE, options);
    try {
      for (const side of ['clean', 'corrupted'] as const) {
        device.gpu.upload(pass.frame.tensors[`${side}Ids`], paddedIds(SHAPE, UNEVEN, side));
      }
      return await use(pass, arena);
    } finally {
      pass.dispose();
      arena.dispose();
    }
  }

  async function run(pass: GradientPass, parts: readonly BoundPart[]): Promise<Float32Array> {
    const recording = device.gpu.record();
    const use = tapsOf(recording, parts);
    pass.forward(recording, { side: 'clean', from: 0, outputs: 'forget', ...use });
    pass.logProbabilities(recording, METRIC_ROWS, use.taps);
    recording.submit();
    return new Float32Array(await device.gpu.read(pass.frame.tensors.logits));
  }

  test.each(FORWARD)('%s', (place) =>
    withPass(async (pass, arena) => {
      const plain = await run(pass, []);
      const read = await bindRead(arena, pass, { place });
      expectSame('while it is read', await run(pass, [read]), plain);
      const [layers, heads, rows, columns] = read.values.shape as [number, number, number, number];
      const got = new Float32Array(await device.gpu.read(read.values));
      const isSquare = place === 'scores' || place === 'pattern';
      UNEVEN.forEach(({ clean, position }, n) => {
        const seen = new Set<string>();
        runWithRules(oracle, clean, {
          place(name, layer, head, values) {
            if (name !== place) return undefined;
            seen.add(`${layer} ${head}`);
            const width = values.length / clean.length;
            for (let t = 0; t < clean.length; t++) {
              if (place === 'logits' && t !== position) continue;
              const row = place === 'logits' ? n : rowOf(SHAPE, n, t);
              const at = ((layer * heads + head) * rows + row) * columns;
              // Hidden keys have a score of minus infinity in the oracle, which a device need not know.
              for (let c = 0; c < (isSquare ? t + 1 : width); c++) {
                const wanted = values[t * width + c]!;
                if (wanted === -Infinity) expect(got[at + c]).toBe(Math.fround(-3.4e38));
                else
                  expectClose(
                    `${place} ${layer} ${head}, ${n}, ${t}, ${c}`,
                    [got[at + c]!],
                    [wanted],
                    TOLERANCE,
                    'relative',
                  );
              }
            }
            return undefined;
          },
        });
        expect(seen.size).toBe(layers * heads);
      });
      expectSame('written back', await run(pass, [await bindSet(arena, pass, { place }, read.values)]), plain);
      if (isSquare) return; // what hidden keys are set to reaches nothing, and the oracle hides them
      const half = await run(pass, [await bindSet(arena, pass, { place }, 0.5)]);
      const { vocabStride } = model.weights.layout;
      UNEVEN.forEach(({ clean, position }, n) => {
        const { logits } = runWithRules(oracle, clean, {
          place: (name, _layer, _head, values) => (name === place ? values.map(() => 0.5) : undefined),
        });
        const { vocab } = model.loaded.spec;
        const wanted = logSoftmax(logits.subarray(position * vocab, (position + 1) * vocab));
        expectClose('set', half.subarray(n * vocabStride, n * vocabStride + vocab), wanted, TOLERANCE, 'relative');
      });
    }),
  );
});
