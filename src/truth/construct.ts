import { EdgewiseError } from '../base/errors.js';
import { createRng } from '../base/rng.js';
import { quote } from '../base/text.js';
import { memoryDirectory } from '../checkpoint/byte-source.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { Topology } from '../circuit/topology.js';
import { gpt2Config, gpt2Safetensors } from '../model/families/gpt2-files.js';
import { openModel, type LoadedModel } from '../model/load-model.js';
import { formatJsonl } from '../task/formats/jsonl.js';
import { loadTask, type TaskFile } from '../task/load-task.js';
import type { Task } from '../task/types.js';
import { Blueprint } from './blueprint.js';
import type { Recipe } from './recipe.js';
import { RECIPES } from './recipes/index.js';

const PROMPTS = 64;

/** A model whose circuit is known by construction, with its task. */
export interface Constructed {
  readonly recipe: Recipe;
  readonly model: LoadedModel;
  readonly task: Task;
  /** The true edges. Direct edges are all kept. */
  readonly truth: EdgeSet;
  /** The model as a Hugging Face GPT-2 folder, file by file. It has no tokenizer. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The task as JSON lines of token ids. */
  readonly taskFile: TaskFile;
}

/**
 * Builds a constructed model in a few milliseconds. Equal seeds give equal weights and prompts; the circuit is the same
 * for every seed, what lies beside it is not.
 *
 * @param name of RECIPES.
 * @throws EdgewiseError of kind usage for another name.
 */
export async function construct(name: string, seed = 1): Promise<Constructed> {
  const recipe = RECIPES.find((one) => one.name === name);
  if (!recipe) {
    const what = `is no constructed model, expected ${RECIPES.map((one) => one.name).join(', ')}`;
    throw new EdgewiseError('usage', quote(name), what);
  }
  const print = new Blueprint(recipe.sizes, seed);
  recipe.plant(print);
  const { spec } = print;
  const tensors = print.finish();
  const weights = gpt2Safetensors(spec, { read: async (tensor) => tensors.get(tensor)! });
  const files = new Map([
    ['config.json', new TextEncoder().encode(gpt2Config(spec))],
    ['model.safetensors', await joined(weights)],
  ]);
  const model = await openModel(memoryDirectory(name, files));
  const taskFile = taskFileOf(recipe, seed);
  const { vocab, maxPositions } = spec;
  const task = await loadTask(taskFile, { tokenizer: null, vocab, maxPositions });
  const topology = new Topology({ layers: spec.layers, heads: spec.heads, parallel: false });
  const truth = EdgeSet.of(topology, [...EdgeSet.empty(topology), ...edgeIds(topology, recipe.edges)]);
  return { recipe, model, task, truth, files, taskFile };
}

/** Ids of named edges. Recipes hold no other names. */
export function edgeIds(topology: Topology, names: readonly string[]): number[] {
  return names.map((edge) => {
    const id = topology.edgeId(edge);
    if (id === undefined) throw new Error(`no edge ${edge}`);
    return id;
  });
}

function taskFileOf({ name, pair }: Recipe, seed: number): TaskFile {
  const rng = createRng(seed);
  const rows = Array.from({ length: PROMPTS }, () => {
    const { clean, corrupted, correct, wrong } = pair(rng);
    return {
      clean_ids: [...clean],
      corrupted_ids: [...corrupted],
      correct_ids: [...correct],
      wrong_ids: [...wrong],
    };
  });
  return { name, source: `${name}.jsonl`, bytes: new TextEncoder().encode(formatJsonl(rows)) };
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) length += all.at(all.push(piece) - 1)!.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of all) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
