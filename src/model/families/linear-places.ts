import type { ModelSpec } from '../spec.js';
import { weightTable, type NormName, type TensorName } from '../weight-table.js';
import type { Naming, Slices, TensorPlace } from './family.js';

/** A module of a layer: a linear layer or a norm. */
type Module = 'q' | 'k' | 'v' | 'o' | 'gate' | 'in' | 'out' | NormName;

/** What a checkpoint calls the modules of a model whose linear layers are stored as [out, in]. */
export interface ModuleNames {
  /** A tensor. */
  readonly positions?: string;
  /** Modules, whose tensors are `weight` and `bias`. */
  readonly finalNorm: string;
  readonly layers: string;
  readonly modules: Readonly<Partial<Record<Module, string | PartOfModule>>>;
}

/** Some of the outputs of a linear layer that computes those of several. */
export interface PartOfModule {
  readonly name: string;
  /** Of the whole layer. */
  readonly outputs: number;
  readonly part: Slices;
}

/** Place of every tensor of `weightTable(spec)`, the unembedding apart. */
export function linearPlaces(
  spec: ModelSpec,
  { prefix, unembed }: Naming,
  embed: string,
  names: ModuleNames,
): ReadonlyMap<TensorName, TensorPlace> {
  const places = new Map<TensorName, TensorPlace>();
  for (const [name, shape] of weightTable(spec)) {
    const parts = name.split('.');
    if (name === 'unembed') continue;
    if (name === 'bu') places.set(name, { tensor: unembed.replace(/weight$/, 'bias'), shape });
    else if (name === 'embed') places.set(name, { tensor: `${prefix}${embed}`, shape });
    else if (name === 'positions') places.set(name, { tensor: `${prefix}${names.positions}`, shape });
    else if (parts[0] === 'normf') places.set(name, normPlace(`${prefix}${names.finalNorm}`, parts[1]!, shape));
    else places.set(name, layerPlace(`${prefix}${names.layers}.${parts[1]}`, names, parts.slice(2), shape));
  }
  return places;
}

/** @param tensor parts of a `LayerTensor`. */
function layerPlace(
  layer: string,
  { modules }: ModuleNames,
  [tensor, part]: readonly string[],
  shape: readonly number[],
): TensorPlace {
  if (part !== undefined) return normPlace(`${layer}.${modules[tensor as NormName] as string}`, part, shape);
  return linearPlace(layer, modules[tensor!.slice(1) as Module]!, tensor!.startsWith('w'), shape);
}

/** @param part `gain` or `bias`. */
function normPlace(module: string, part: string, shape: readonly number[]): TensorPlace {
  return { tensor: `${module}.${part === 'gain' ? 'weight' : 'bias'}`, shape };
}

/** @param shape of the neutral matrix [in, out], or of the bias. */
function linearPlace(
  layer: string,
  module: string | PartOfModule,
  isWeight: boolean,
  shape: readonly number[],
): TensorPlace {
  const whole = typeof module === 'string';
  const at = `${layer}.${whole ? module : module.name}`;
  const outputs = whole ? shape.at(-1)! : module.outputs;
  const part = whole ? undefined : module.part;
  return isWeight
    ? { tensor: `${at}.weight`, shape: [outputs, shape[0]!], ...(part && { rows: part }), transposed: true }
    : { tensor: `${at}.bias`, shape: [outputs], ...(part && { columns: part }) };
}
