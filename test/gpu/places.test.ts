/** Parts of runs, read and set, against the float64 oracle with the same places. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bindRead,
  bindSet,
  rowOf,
  tapsOf,
  type BoundPart,
  type BoundRead,
  type PlacePart,
  type PlaceValues,
} from '../../src/block/place-parts.js';
import { PLACES, type Place } from '../../src/block/places.js';
import { LOWEST_SCORE } from '../../src/block/attention.js';
import { PLAIN_RULES } from '../../src/block/rules.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { paddedIds, uploadPrompts } from '../../src/evaluate/prompt-batch.js';
import { GradientPass } from '../../src/gradient/gradient-pass.js';
import { Arena } from '../../src/gpu/arena.js';
import { createScratch } from '../../src/pass/pass-frame.js';
import { PatchedPass } from '../../src/pass/patched-pass.js';
import { metricValue } from '../oracle/metrics.js';
import { loadOracle, runWithRules, type OracleModel, type PassRules } from '../oracle/model.js';
import { logSoftmax } from '../oracle/ops.js';
import { SMALL, smallModel, UNEVEN, type SmallModel } from '../support/attribution.js';
import { expectClose, expectSame, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';

const device = useDevice();
const TOLERANCE = 2e-5;
const SHAPE = { prompts: UNEVEN.length, sequence: Math.max(...UNEVEN.map(({ clean }) => clean.length)) };
const { layers: LAYERS, heads: HEADS, headWidth: HEAD_WIDTH } = SMALL;
const WIDTH = HEADS * HEAD_WIDTH;
const METRIC_ROWS = UNEVEN.map(({ position }, n) => rowOf(SHAPE, n, position));
/** Places that an uncut run has going forwards. */
const FORWARD = (Object.keys(PLACES) as Place[]).filter(
  (place) => !place.endsWith(' input') && !place.endsWith(' inputs'),
);

let model: SmallModel;
let oracle: OracleModel;
beforeAll(async () => {
  model = await smallModel(device.gpu);
  oracle = await loadOracle(model.loaded);
});
afterAll(() => model?.dispose());

/** Uses an uncut pass, whose prompts are the clean ones. */
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

/** Runs a pass with some parts bound. @returns log-probabilities at the metric positions [N, V padded]. */
async function run(
  pass: GradientPass,
  parts: readonly BoundPart[],
  side: 'clean' | 'corrupted' = 'clean',
): Promise<Float32Array> {
  const recording = device.gpu.record();
  const use = tapsOf(recording, parts);
  pass.forward(recording, { side, from: 0, outputs: 'forget', ...use });
  pass.logProbabilities(recording, METRIC_ROWS, use.taps);
  recording.submit();
  return new Float32Array(await device.gpu.read(pass.frame.tensors.logits));
}

async function valuesOf({ values }: BoundRead): Promise<Float32Array<ArrayBuffer>> {
  const size = values.shape.reduce((product, n) => product * n, 1);
  return new Float32Array(await device.gpu.read(values)).slice(0, size);
}

/** Log-probabilities of the oracle at the metric positions, prompt by prompt, with rules made for each. */
function oracleLogProbs(rules: (n: number) => PassRules): number[][] {
  const { vocab } = model.loaded.spec;
  return UNEVEN.map(({ clean, position }, n) => {
    const { logits } = runWithRules(oracle, clean, rules(n));
    return [...logSoftmax(logits.subarray(position * vocab, (position + 1) * vocab))];
  });
}

function expectLogProbs(what: string, got: Float32Array, wanted: readonly (readonly number[])[]): void {
  const stride = model.weights.layout.vocabStride;
  wanted.forEach((row, n) => {
    expectClose(`${what}, prompt ${n}`, got.subarray(n * stride, n * stride + row.length), row, TOLERANCE, 'relative');
  });
}

/** Compares a read of a whole place with what the oracle has there, at the real tokens. */
function expectPlace(place: Place, got: Float32Array, { shape }: BoundRead['values']): void {
  const [layers, heads, rows, columns] = shape as [number, number, number, number];
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
          const what = `${place} of layer ${layer}, head ${head}, prompt ${n}, token ${t}`;
          const square = place === 'scores' || place === 'pattern';
          const real = square ? t + 1 : width;
          const wanted = values.subarray(t * width, t * width + real);
          expectClose(what, got.subarray(at, at + real), wanted, TOLERANCE, 'relative');
          const hidden = new Float32Array(columns - real).fill(place === 'scores' ? LOWEST_SCORE : 0);
          if (square) expectSame(`${what}, hidden`, got.subarray(at + real, at + columns), hidden);
        }
        return undefined;
      },
    });
    expect(seen.size, `${place}: layers and heads of the oracle`).toBe(layers * heads);
  });
}

describe('an uncut run', () => {
  test.each(FORWARD)('%s: read as in the oracle, and neither that nor writing it back changes a bit', (place) =>
    withPass(async (pass, arena) => {
      const plain = await run(pass, []);
      const read = await bindRead(arena, pass, { place });
      expectSame('while it is read', await run(pass, [read]), plain);
      const values = await valuesOf(read);
      expectPlace(place, values, read.values);
      const written = await bindSet(arena, pass, { place }, read.values);
      expectSame('written back from the device', await run(pass, [written]), plain);
      // Noise of 0, too.
      const added = await bindSet(arena, pass, { place }, 0, 'add');
      expectSame('0 added', await run(pass, [added]), plain);
      // And the read is of what was set.
      const half = await bindSet(arena, pass, { place }, 0.5);
      await run(pass, [half, read]);
      expectSame('0.5 everywhere', await valuesOf(read), new Float32Array(values.length).fill(0.5));
    }),
  );

  const rng = randomNumbers(21);
  const noise = rng.normals(3 * WIDTH);
  const direction = rng.normals(WIDTH);
  const rows = [rowOf(SHAPE, 0, 1), rowOf(SHAPE, 0, 3), rowOf(SHAPE, 2, 2)];
  type Case = readonly [string, PlacePart, PlaceValues, 'set' | 'add'];
  const all = Array.from({ length: SHAPE.prompts * SHAPE.sequence }, (_, row) => row);
  const CASES: readonly Case[] = [
    ['noise added to some token embeddings', { place: 'embedding', rows }, noise, 'add'],
    ['a direction added at every row', { place: 'residual', layers: [1] }, direction, 'add'],
    [
      'a stream of the last layer',
      { place: 'residual', layers: [LAYERS], rows: METRIC_ROWS.slice(0, 1) },
      direction,
      'set',
    ],
    ['constant mixed values', { place: 'mixed', layers: [0], heads: [1] }, 0.25, 'set'],
    [
      'a knocked-out edge',
      { place: 'scores', layers: [1], heads: [2], rows: [rowOf(SHAPE, 0, 4)], columns: [1] },
      -Infinity,
      'set',
    ],
    [
      'keys knocked out in all layers',
      { place: 'scores', rows: all.filter((row) => row % SHAPE.sequence > 1), columns: [0, 2] },
      -Infinity,
      'set',
    ],
    ['a pattern of 0.5', { place: 'pattern', layers: [0], heads: [0, 2], rows, columns: [0, 1] }, 0.5, 'set'],
    ['some dimensions of queries', { place: 'queries', heads: [2], columns: [0, 3] }, -0.75, 'set'],
    ['keys moved', { place: 'keys', layers: [1], rows }, 0.5, 'add'],
    ['no values', { place: 'values', layers: [1], heads: [0] }, 0, 'set'],
    ['no output of a head', { place: 'head outputs', layers: [0], heads: [2], rows }, 0, 'set'],
    ['an attention output', { place: 'attention output', layers: [0], rows }, direction, 'set'],
    ['no MLP', { place: 'mlp output', layers: [0] }, 0, 'set'],
    ['some logits', { place: 'logits', rows: [1], columns: [4, 5, 9] }, 2, 'add'],
  ];

  /** The same change in the oracle. */
  function changed({ place, layers, heads, rows: some, columns }: PlacePart, given: PlaceValues, how: 'set' | 'add') {
    return (n: number): PassRules => ({
      place(name, layer, head, values) {
        if (name !== place || !(layers?.includes(layer) ?? true) || !(heads?.includes(head) ?? true)) return undefined;
        const { clean, position } = UNEVEN[n]!;
        const width = values.length / clean.length;
        const result = values.slice();
        for (let t = 0; t < clean.length; t++) {
          const row = place === 'logits' ? n : rowOf(SHAPE, n, t);
          if (!(some?.includes(row) ?? true) || (place === 'logits' && t !== position)) continue;
          for (let c = 0; c < width; c++) {
            if (!(columns?.includes(c) ?? true)) continue;
            const list = given as Float32Array;
            const value =
              typeof given === 'number'
                ? given
                : list.length === width
                  ? list[c]!
                  : list[some!.indexOf(row) * width + c]!;
            const at = t * width + c;
            const isHidden = (place === 'scores' || place === 'pattern') && c > t;
            if (!isHidden) result[at] = how === 'add' ? result[at]! + value : value;
          }
        }
        return result;
      },
    });
  }

  test.each(CASES)('set: %s', (what, part, values, how) =>
    withPass(async (pass, arena) => {
      const plain = await run(pass, []);
      const got = await run(pass, [await bindSet(arena, pass, part, values, how)]);
      expect([...got]).not.toEqual([...plain]);
      expectLogProbs(what, got, oracleLogProbs(changed(part, values, how)));
    }),
  );

  test('a residual row from another run', () =>
    withPass(async (pass, arena) => {
      const part = { place: 'residual', layers: [1], rows: [rowOf(SHAPE, 2, 1)] } as const;
      const other = await bindRead(arena, pass, part);
      await run(pass, [other], 'corrupted');
      const restored = await bindSet(arena, pass, part, other.values);
      const got = await run(pass, [restored]);
      const { corrupted } = UNEVEN[2]!;
      let row = new Float64Array(0);
      runWithRules(oracle, corrupted, {
        place(name, layer, _, values) {
          if (name === 'residual' && layer === 1) row = values.slice(WIDTH, 2 * WIDTH);
          return undefined;
        },
      });
      const wanted = oracleLogProbs(changed(part, Float32Array.from(row), 'set'));
      expectLogProbs('restored', got, wanted);
      expectLogProbs(
        'not the plain run',
        await run(pass, []),
        oracleLogProbs(() => ({})),
      );
      expect(Math.abs(wanted[2]![0]! - oracleLogProbs(() => ({}))[2]![0]!)).toBeGreaterThan(1e-3);
    }));

  test('parts that do not exist, values that do not fit, and runs without a way back are refused by name', () =>
    withPass(async (pass, arena) => {
      const refused = async (part: PlacePart, values: PlaceValues, message: RegExp): Promise<void> => {
        await expect(bindSet(arena, pass, part, values)).rejects.toThrow(message);
      };
      await refused({ place: 'mixed', heads: [HEADS] }, 0, /place mixed: head 3, expected 0 to 2/);
      await refused({ place: 'residual', layers: [LAYERS + 1] }, 0, /place residual: layer 3, expected 0 to 2/);
      await refused({ place: 'residual', heads: [0] }, 0, /place residual: has no heads/);
      await refused({ place: 'keys', rows: [1, 1] }, 0, /place keys: row 1, 1: one is there twice/);
      await refused({ place: 'keys' }, -Infinity, /place keys: a value of -Infinity, expected a finite number/);
      await refused({ place: 'scores' }, Number.NaN, /place scores: a value of NaN, expected a finite number/);
      await refused(
        { place: 'embedding', rows: [0, 1] },
        new Float32Array(7),
        /place embedding: 7 values, expected 30/,
      );
      await refused({ place: 'mlp input' }, 0, /place mlp input: is the residual stream/);
      const end = await pass.bindMetric(arena, 'logit-diff', UNEVEN, METRIC_ROWS);
      await run(pass, [await bindSet(arena, pass, { place: 'mixed' }, 0)]);
      const back = (): void => pass.backward(device.gpu.record(), end, { until: 0 });
      expect(back).toThrow(/gradient pass: a run in which a place was set has no way back/);
      await run(pass, []);
      expect(back).not.toThrow();
      const plain = await GradientPass.create(model.weights, model.topology, SHAPE, {
        input: 'token',
        rules: PLAIN_RULES,
      });
      try {
        await expect(bindRead(arena, plain, { place: 'scores' })).rejects.toThrow(
          /place scores: this pass was not set up/,
        );
      } finally {
        plain.dispose();
      }
    }));
});

describe('gradients at places', () => {
  const STEP = 1e-4;
  const metric = (rules: (n: number) => PassRules): number => {
    const { vocab } = model.loaded.spec;
    return UNEVEN.reduce((sum, { clean, position, correct, wrong }, n) => {
      const { logits } = runWithRules(oracle, clean, rules(n));
      const row = logits.subarray(position * vocab, (position + 1) * vocab);
      return sum + metricValue('logit-diff', { logits: row, clean: row, correct, wrong });
    }, 0);
  };

  test.each(FORWARD.filter((place) => place !== 'scores' && place !== 'logits'))(
    '%s: the derivative along a direction',
    (place) =>
      withPass(async (pass, arena) => {
        const read = await bindRead(arena, pass.gradients, { place });
        const end = await pass.bindMetric(arena, 'logit-diff', UNEVEN, METRIC_ROWS);
        await run(pass, []);
        const recording = device.gpu.record();
        pass.backward(recording, end, { until: 0, ...tapsOf(recording, [read]) });
        recording.submit();
        const got = await valuesOf(read);
        const [layers, heads, rows, columns] = read.values.shape as [number, number, number, number];
        for (let layer = 0; layer < layers; layer++) {
          const along = randomNumbers(layer + 3).normals(heads * rows * columns);
          const moved = (step: number): number =>
            metric((n) => ({
              place(name, l, head, values) {
                if (name !== place || l !== layer) return undefined;
                const width = values.length / UNEVEN[n]!.clean.length;
                return values.map((x, i) => {
                  const [t, c] = [Math.floor(i / width), i % width];
                  if (place === 'pattern' && c > t) return x;
                  return x + step * along[(head * rows + rowOf(SHAPE, n, t)) * columns + c]!;
                });
              },
            }));
          const wanted = (moved(STEP) - moved(-STEP)) / (2 * STEP);
          let sum = 0;
          for (let i = 0; i < along.length; i++) sum += along[i]! * got[layer * along.length + i]!;
          expect(Math.abs(wanted), `${place}, layer ${layer}`).toBeGreaterThan(1e-3);
          expectClose(`${place}, layer ${layer}`, [sum], [wanted], 1e-4, 'relative');
        }
      }),
  );
});

describe('a pass of circuits, with every edge kept', () => {
  const HELD: readonly Place[] = [
    'embedding',
    'queries',
    'keys',
    'values',
    'pattern',
    'mixed',
    'head outputs',
    'mlp output',
  ];

  async function withPatched<T>(
    use: (
      pass: PatchedPass,
      arena: Arena,
      logits: (parts: readonly BoundPart[]) => Promise<Float32Array>,
    ) => Promise<T>,
  ): Promise<T> {
    const arena = new Arena(device.gpu);
    const { weights, topology } = model;
    const shape = { ...SHAPE, circuits: 2, cutSums: 0 };
    const pass = await PatchedPass.create(createScratch(arena, weights, topology, shape, 'token'));
    try {
      const [batch] = uploadPrompts(arena, weights, topology, shape, UNEVEN, { directEdges: false, resample: true });
      const bound = await pass.bind(arena, batch!.clean);
      return await use(pass, arena, async (parts) => {
        const recording = device.gpu.record();
        pass.encodeWhole(recording, bound, EdgeSet.full(topology), tapsOf(recording, parts));
        recording.submit();
        return new Float32Array(await device.gpu.read(pass.tensors.normed)).slice(
          0,
          SHAPE.prompts * 4 * weights.layout.width4,
        );
      });
    } finally {
      pass.dispose();
      arena.dispose();
    }
  }

  test.each(HELD)('%s: read as in the oracle, set as it was without a changed bit', (place) =>
    withPatched(async (pass, arena, logits) => {
      const plain = await logits([]);
      const read = await bindRead(arena, pass, { place });
      expectSame('while it is read', await logits([read]), plain);
      const values = await valuesOf(read);
      expectPlace(place, values, read.values);
      expectSame('written back', await logits([await bindSet(arena, pass, { place }, read.values)]), plain);
      const other = await logits([await bindSet(arena, pass, { place, layers: [0] }, 0.5), read]);
      expect([...other]).not.toEqual([...plain]);
      expectSame('the run after it', await logits([]), plain);
    }),
  );

  test('other places are refused by name', () =>
    withPatched(async (pass, arena) => {
      for (const place of (Object.keys(PLACES) as Place[]).filter((name) => !HELD.includes(name))) {
        await expect(bindRead(arena, pass, { place })).rejects.toThrow(
          new RegExp(`place ${place}: a pass of circuits does not`),
        );
      }
    }));
});
