import type { BosRule } from '../../base/bos-rule.js';
import type { ModelSpec } from '../spec.js';
import type { TensorName } from '../weight-table.js';

/** Where the checkpoint keeps a neutral tensor: a whole tensor or a part of one, perhaps transposed. */
export interface TensorPlace {
  readonly tensor: string;
  /** Shape of the checkpoint's tensor: a matrix, or a vector, which counts as one row. */
  readonly shape: readonly number[];
  /** All where it is left out. */
  readonly rows?: Slices;
  /** All where it is left out. */
  readonly columns?: Slices;
  /** The neutral tensor is the transposed part: linear layers are stored as [out, in]. */
  readonly transposed?: boolean;
}

/** Indices from..to - 1 of an axis, and the same again after every `every` indices, up to the axis' end. */
export interface Slices {
  readonly from: number;
  readonly to: number;
  /** The length of the axis where it is left out: one slice. */
  readonly every?: number;
}

/** How a checkpoint spells its names. */
export interface Naming {
  /** Before all names but the unembedding's. */
  readonly prefix: string;
  /** Of the unembedding where the checkpoint has one of its own. */
  readonly unembed: string;
}

/** One model family: how it words its config and how it names and lays out its weights. */
export interface ModelFamily {
  /** `model_type` of the configs that it reads. */
  readonly modelType: string;

  readonly bos: BosRule;

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

  /** The part of a config that describes the text model: all of it, but for models of several media. */
  textPart?(json: unknown): unknown;

  /** Spellings of checkpoints: the first under which there is an embedding holds, the last where there is none. */
  readonly namings: readonly Naming[];

  /** Name of the embedding, after the prefix. */
  readonly embed: string;

  /** Place of every tensor of `weightTable(spec)`, the unembedding apart. */
  places(spec: ModelSpec, naming: Naming): ReadonlyMap<TensorName, TensorPlace>;

  /** What whoever runs the model should know of how its config is taken. One sentence each. */
  remarks?(spec: ModelSpec): readonly string[];

  /** Whether a checkpoint may hold this tensor besides the text model's weights: causal masks, parts for images. */
  isBeside(tensor: string): boolean;
}
