import type { ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';

/** Where the checkpoint keeps a neutral tensor: a whole tensor, or some columns (the last axis) of one. */
export interface TensorPlace {
  readonly tensor: string;
  /** Shape of the checkpoint's tensor. */
  readonly shape: readonly number[];
  readonly columns?: { readonly from: number; readonly to: number };
}

/** One model family: how it words its config and how it names and lays out its weights. */
export interface ModelFamily {
  /** `model_type` of the configs that it reads. */
  readonly modelType: string;

  /**
   * The model that a config describes, as if it were tied and had MLPs unless the config says otherwise: only the
   * checkpoint tells.
   *
   * @param json parsed config.json.
   * @param where its name, for messages.
   * @param ignored keys that the user says do not change the model's numbers.
   * @throws EdgewiseError naming the key, where one is unknown, missing or has a value that is not understood.
   */
  parseConfig(json: unknown, where: string, ignored?: readonly string[]): ModelSpec;

  /** Prefix that this checkpoint puts before all names but the unembedding's. */
  prefix(has: (tensor: string) => boolean): string;

  /** Name of the untied unembedding. */
  readonly unembed: string;

  /** Place of every tensor of `weightTable(spec)`, the unembedding apart. */
  places(spec: ModelSpec, prefix: string): ReadonlyMap<TensorName, TensorPlace>;

  /** Tensors that checkpoints may hold besides the weights and that change nothing, such as causal masks. */
  isBuffer(tensor: string): boolean;
}
