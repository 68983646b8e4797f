import { createRng } from '../../src/base/rng.js';
import { sha256 } from '../../src/base/sha256.js';
import { topologyOf } from '../../src/run/identity.js';
import type { LoadedModel, WeightReader } from '../../src/model/load-model.js';
import { gpt2Spec } from '../../src/model/random-model.js';
import type { ModelSpec } from '../../src/model/spec.js';
import { weightTable } from '../../src/model/weight-table.js';
import type { PromptPair, Task } from '../../src/task/types.js';
import { orthonormal } from '../../src/truth/directions.js';
import { drawChannels } from './channels.js';
import { drawPlan, plantedEdges, type CircuitDesign, type Plan } from './plan.js';
import { plantedWeights } from './weights.js';

export interface PlantedShape {
  readonly name: string;
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly mlpWidth: number;
  readonly vocab: number;
  readonly maxPositions: number;
  /** Dimensions of a name's code, and number of names. */
  readonly codeWidth: number;
  readonly design: CircuitDesign;
}

export interface PlantedModel {
  readonly model: LoadedModel;
  readonly plan: Plan;
  /** Edge ids of the circuit that was planted. */
  readonly edges: readonly number[];
  readonly names: readonly number[];
  /** The token that begins prompts. */
  readonly start: number;
}

/**
 * A model of GPT-2's architecture in which a circuit of indirect-object identification was planted, see roles.ts. All
 * other nodes have random weights, and many of them do weakly what the circuit's do: effects of edges thin out without
 * a gap, as those of trained models do. Equal shapes and seeds give equal weights.
 */
export async function plantedModel(shape: PlantedShape, seed: number): Promise<PlantedModel> {
  const spec = gpt2Spec(shape);
  const rng = createRng(seed);
  const channels = drawChannels(spec.width, shape.codeWidth, rng);
  const start = spec.vocab - 1;
  const names = {
    start,
    ids: rng.sample(
      Array.from({ length: start }, (_, id) => id),
      shape.codeWidth,
    ),
    codes: orthonormal(shape.codeWidth, shape.codeWidth, rng),
  };
  const plan = drawPlan(shape.design, spec.layers, spec.heads, rng);
  const weights = plantedWeights({ spec, channels, plan, names }, seed);
  const model = { name: `planted-${shape.name}-${seed}`, spec, hash: await hashWeights(spec, weights), weights };
  return { model, plan, edges: plantedEdges(plan, topologyOf(model)), names: names.ids, start };
}

/** SHA-256 of the description's and every tensor's SHA-256: of what the weights are, however they were made. */
async function hashWeights(spec: ModelSpec, weights: WeightReader): Promise<string> {
  const digests = [await sha256(JSON.stringify(spec))];
  for (const name of weightTable(spec).keys()) {
    digests.push(await sha256(new Uint8Array((await weights.read(name)).buffer)));
  }
  return sha256(digests.join('\n'));
}

const TOKENS = 15;
/** Places of the first two names and of the one that comes again. */
const FIRST = 2;
const SECOND = 4;
const AGAIN = 10;

/**
 * Prompt pairs of 15 tokens: two names, one of them again, then the end; the answer is the other one. Corrupted prompts
 * have three other names. Equal seeds give equal pairs.
 */
export async function plantedTask({ model, names, start }: PlantedModel, prompts: number, seed: number): Promise<Task> {
  const rng = createRng(seed);
  const others = Array.from({ length: model.spec.vocab }, (_, id) => id).filter(
    (id) => id !== start && !names.includes(id),
  );
  const pairs = Array.from({ length: prompts }, (_, n): PromptPair => {
    const clean = [start, ...rng.sample(others, TOKENS - 1)];
    const corrupted = [...clean];
    const [answer, twice, ...free] = rng.sample(names, 5) as [number, number, number, number, number];
    [clean[FIRST], clean[SECOND]] = n % 2 === 0 ? [answer, twice] : [twice, answer];
    clean[AGAIN] = twice;
    [FIRST, SECOND, AGAIN].forEach((place, i) => (corrupted[place] = free[i]!));
    return { clean, corrupted, position: TOKENS - 1, correct: [answer], wrong: [twice] };
  });
  const hash = await sha256(JSON.stringify(pairs));
  return { name: 'planted-ioi', source: `generated, seed ${seed}`, hash, pairs, skip: 0, tokenizer: null };
}
