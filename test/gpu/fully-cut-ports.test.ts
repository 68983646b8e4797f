/**
 * Under zero ablation a fully cut port is exactly its constant, after however many cuts, one at a time: anything left
 * over from sums and differences would be blown up by the norm.
 */
import { expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { INPUT_KINDS } from '../../src/circuit/run-identity.js';
import { acdcOrder } from '../../src/discover/acdc-order.js';
import { createScratch } from '../../src/pass/pass-frame.js';
import { PatchedPass } from '../../src/pass/patched-pass.js';
import { Arena } from '../../src/gpu/arena.js';
import { gpt2Spec, randomModel } from '../../src/model/random-model.js';
import { layerTensor } from '../../src/model/weight-table.js';
import { uploadPrompts } from '../../src/evaluate/prompt-batch.js';
import { uploadModel } from '../support/evaluators.js';
import { expectSame, useDevice } from '../support/gpu.js';
import { randomNumbers } from '../support/random.js';
import { pairsOf, UNEQUAL_PAIRS } from '../support/search-pairs.js';

const device = useDevice();
const spec = gpt2Spec({ layers: 3, heads: 2, headWidth: 7, mlpWidth: 21, vocab: 43, maxPositions: 9 });

test.each(INPUT_KINDS.flatMap((input) => [0, 3, 100].map((cutSums) => [input, cutSums] as const)))(
  'input %s, %d cutSums',
  async (input, cutSums) => {
    const loaded = await randomModel(spec, 9);
    const { weights, topology } = await uploadModel(device.gpu, loaded);
    const pairs = pairsOf(randomNumbers(9), spec.vocab, UNEQUAL_PAIRS);
    const shape = { prompts: pairs.length, sequence: 9, circuits: 2, cutSums };
    const arena = new Arena(device.gpu);
    const scratch = createScratch(arena, weights, topology, shape, input);
    const pass = await PatchedPass.create(scratch);
    try {
      const [batch] = uploadPrompts(arena, weights, topology, shape, pairs, { directEdges: false, resample: false });
      const bound = await pass.bind(arena, batch!.clean);
      const run = async (circuits: readonly EdgeSet[]): Promise<Float32Array> => {
        const recording = device.gpu.record();
        pass.encode(recording, bound, circuits);
        recording.submit();
        return new Float32Array(await device.gpu.read(pass.tensors.inputs));
      };
      // Cut one edge after the other, as a search does, but for one that keeps each node in use.
      const last = new Set([
        topology.additionEdge(topology.headWriter(2, 1), topology.logitsPort),
        topology.additionEdge(topology.mlpWriter(1), topology.headPort(2, 'v', 1)),
        topology.additionEdge(topology.mlpWriter(1), topology.logitsPort),
      ]);
      let circuit = EdgeSet.full(topology);
      const step = async (edge: number): Promise<Float32Array> => {
        const next = circuit.without(edge);
        const inputs = await run([next, circuit]); // the second slot stays one behind
        circuit = next;
        return inputs;
      };
      const cuts = acdcOrder(topology, 'descending', false).flatMap(({ edges }) => edges);
      for (const edge of cuts) if (!last.has(edge)) await step(edge);

      // m1 reads nothing but constants: what it writes depends on the position alone, not on the prompt.
      const width = 4 * weights.layout.width4;
      const writers = new Float32Array(await device.gpu.read(pass.writers));
      const row = (writer: number, prompt: number, t: number): Float32Array => {
        const at = ((writer * pairs.length + prompt) * shape.sequence + t) * width;
        return writers.subarray(at, at + width);
      };
      const m1 = topology.mlpWriter(1);
      pairs.forEach(({ position }, n) => {
        for (let t = 0; t <= Math.min(position, pairs[0]!.position); t++) {
          // Where the input writer holds the positions, nothing tells them apart either.
          const like = input === 'token' ? t : 0;
          expectSame(`m1, prompt ${n}, position ${t}`, row(m1, n, t), row(m1, 0, like));
        }
      });
      expect(row(m1, 0, 0).some((value) => value !== 0)).toBe(true);

      // The logits last: their input is then the positions (if they are constants) and the attentions' biases.
      let inputs = await step(topology.additionEdge(topology.headWriter(2, 1), topology.logitsPort));
      inputs = await step(topology.additionEdge(m1, topology.logitsPort));
      const bias = new Float64Array(spec.width);
      for (let l = 0; l < spec.layers; l++) {
        (await loaded.weights.read(layerTensor(l, 'bo'))).forEach((value, i) => (bias[i]! += value));
      }
      const positions = await loaded.weights.read('positions');
      pairs.forEach(({ position }, n) => {
        const own = input === 'token' ? positions.subarray(position * spec.width, (position + 1) * spec.width) : null;
        const constant = Float32Array.from({ length: width }, (_, i) => {
          return i < spec.width ? Math.fround(bias[i]!) + (own?.[i] ?? 0) : 0;
        });
        expectSame(`logits of prompt ${n}`, inputs.subarray(n * width, (n + 1) * width), constant);
      });
    } finally {
      pass.dispose();
      arena.dispose();
      weights.dispose();
    }
  },
);
