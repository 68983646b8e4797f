import { createRng, type Rng } from '../base/rng.js';
import { gpt2Spec } from '../model/random-model.js';
import type { ModelSpec } from '../model/spec.js';
import { layerTensor, weightTable, type LayerTensor, type TensorName } from '../model/weight-table.js';
import { orthonormal, type Direction } from './directions.js';

/** Sizes of a constructed model. */
export interface Sizes {
  readonly layers: number;
  readonly vocab: number;
  /** Tokens of every prompt. */
  readonly tokens: number;
}

/** A head's score rises by `score` where the query has `query` and the key has `key`. Their norms count. */
export interface Match {
  readonly query: Direction | 'always';
  readonly key: Direction;
  readonly score: number;
}

/** A head adds `weight` times what its value has of `from` to `to`. Default weight 1. */
export interface Move {
  readonly from: Direction;
  readonly to: Direction;
  readonly weight?: number;
}

/** A hidden unit of an MLP: `gelu(scale * (what the stream has of from - knee))`, written to directions. */
export interface Unit {
  readonly from: Direction;
  readonly scale: number;
  readonly knee: number;
  readonly to: readonly { readonly direction: Direction; readonly weight: number }[];
}

const HEADS = 4;
const HEAD_WIDTH = 16;
const MLP_WIDTH = 32;

/**
 * Length of a constant direction that every position embedding has. Layer norm divides by the stream's length, which is
 * then nearly this constant, whatever the nodes write: a norm changes what a circuit passes on by less than 1 %.
 */
const CONSTANT = 32;

/*
 * Idle nodes: attention at random, outputs as large as the circuit's in directions that no circuit reads, and small
 * ones (LEAK, a norm) in all directions. Nodes of the circuit read and write as much at random beside what they pass
 * on.
 */
const IDLE_TOKEN = 0.7;
const IDLE_POSITION = 0.3;
const IDLE_SCORES = 0.6;
const IDLE_VALUES = 0.25;
const IDLE_OUTPUT = 0.7;
const IDLE_UNITS = 0.7;
const LEAK = 0.02;
const LEAST_IDLE = 4;

/**
 * The weights of a constructed model, planted piece by piece: what tokens and positions mean, what a head looks for and
 * moves, what an MLP computes, what the unembedding reads. Each meaning has a direction of the residual stream of its
 * own. Heads and hidden units that were given no part are idle: they work at random beside the circuit.
 */
export class Blueprint {
  readonly spec: ModelSpec;
  readonly #rng: Rng;
  readonly #tensors: ReadonlyMap<TensorName, Float32Array<ArrayBuffer>>;
  readonly #constant: Direction;
  /** Directions that mean nothing so far. */
  readonly #free: Direction[];
  readonly #planted = new Set<string>();
  /** Hidden units that have a part, per layer. */
  readonly #units: number[];

  constructor({ layers, vocab, tokens }: Sizes, seed: number) {
    this.spec = gpt2Spec({
      layers,
      heads: HEADS,
      headWidth: HEAD_WIDTH,
      mlpWidth: MLP_WIDTH,
      vocab,
      maxPositions: tokens,
      tied: false,
    });
    const { width } = this.spec;
    this.#rng = createRng(seed);
    this.#tensors = new Map(
      [...weightTable(this.spec)].map(([name, shape]) => [
        name,
        new Float32Array(shape.reduce((product, n) => product * n, 1)),
      ]),
    );
    // Layer norm takes away the mean, so no meaning may have one.
    const mean = new Float64Array(width).fill(1 / Math.sqrt(width));
    [this.#constant, ...this.#free] = orthonormal(width - 1, width, this.#rng, [mean]) as [Direction, ...Direction[]];
    this.#units = new Array<number>(layers).fill(0);
    for (const [name, values] of this.#tensors) if (name.endsWith('gain')) values.fill(CONSTANT / Math.sqrt(width));
    for (let p = 0; p < tokens; p++) this.position(p, this.#constant, CONSTANT);
  }

  /** `count` directions that mean nothing else. */
  directions(count: number): Direction[] {
    if (this.#free.length < count + LEAST_IDLE) throw new Error('the stream is too narrow for so many meanings');
    return this.#free.splice(0, count);
  }

  direction(): Direction {
    return this.directions(1)[0]!;
  }

  /** A token means something. */
  token(id: number, direction: Direction, weight = 1): void {
    addTo(this.#row('embed', id), direction, weight);
  }

  /** A position means something. No edge carries positions. */
  position(position: number, direction: Direction, weight = 1): void {
    addTo(this.#row('positions', position), direction, weight);
  }

  /** The logit of a token has `weight` times what the last residual has of a direction. */
  answer(id: number, direction: Direction, weight: number): void {
    addTo(this.#row('unembed', id), direction, weight);
  }

  /** The same constant in the logit of a token in every prompt. */
  answerAlways(id: number, logit: number): void {
    this.answer(id, this.#constant, logit / CONSTANT);
  }

  /** What a head looks for, and what it moves. Each entry takes one of its dimensions. */
  head(layer: number, head: number, matches: readonly Match[], moves: readonly Move[]): void {
    if (Math.max(matches.length, moves.length) > HEAD_WIDTH) throw new Error(`a head has ${HEAD_WIDTH} dimensions`);
    this.#planted.add(`${layer}.${head}`);
    const first = head * HEAD_WIDTH;
    matches.forEach(({ query, key, score }, i) => {
      // Scores are divided by the root of a head's width; the query and the key have the root of a score each.
      const size = Math.sqrt(Math.abs(score) * Math.sqrt(HEAD_WIDTH));
      const asked = Math.sign(score) * size;
      if (query === 'always') this.#layer(layer, 'bq')[first + i]! += asked;
      else this.#addToColumn(layer, 'wq', first + i, query, asked);
      this.#addToColumn(layer, 'wk', first + i, key, size);
    });
    moves.forEach(({ from, to, weight = 1 }, i) => {
      this.#addToColumn(layer, 'wv', first + i, from, 1);
      addTo(this.#layerRow(layer, 'wo', first + i), to, weight);
    });
  }

  /** Hidden units of a layer's MLP. */
  units(layer: number, units: readonly Unit[]): void {
    for (const { from, scale, knee, to } of units) {
      const unit = this.#units[layer]!++;
      if (unit >= MLP_WIDTH) throw new Error(`an MLP has ${MLP_WIDTH} hidden units`);
      this.#addToColumn(layer, 'win', unit, from, scale);
      this.#layer(layer, 'bin')[unit] = -scale * knee;
      for (const { direction, weight } of to) addTo(this.#layerRow(layer, 'wout', unit), direction, weight);
    }
  }

  /** Gives all that has no part its idle work. Nothing can be planted afterwards. */
  finish(): ReadonlyMap<TensorName, Float32Array<ArrayBuffer>> {
    const { layers, vocab, maxPositions } = this.spec;
    for (let id = 0; id < vocab; id++) this.#addIdle(this.#row('embed', id), IDLE_TOKEN);
    for (let p = 0; p < maxPositions; p++) this.#addIdle(this.#row('positions', p), IDLE_POSITION);
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < HEADS; head++) this.#idleHead(layer, head);
      this.#idleUnits(layer);
    }
    return this.#tensors;
  }

  #idleHead(layer: number, head: number): void {
    const idle = !this.#planted.has(`${layer}.${head}`);
    for (let i = head * HEAD_WIDTH; i < (head + 1) * HEAD_WIDTH; i++) {
      for (const tensor of ['wq', 'wk'] as const) this.#addReading(layer, tensor, i, idle ? IDLE_SCORES : LEAK);
      this.#addReading(layer, 'wv', i, idle ? IDLE_VALUES : LEAK);
      const row = this.#layerRow(layer, 'wo', i);
      if (idle) this.#addIdle(row, IDLE_OUTPUT);
      this.#addLeak(row);
    }
  }

  #idleUnits(layer: number): void {
    for (let unit = 0; unit < MLP_WIDTH; unit++) {
      const idle = unit >= this.#units[layer]!;
      this.#addReading(layer, 'win', unit, idle ? IDLE_UNITS : LEAK);
      const row = this.#layerRow(layer, 'wout', unit);
      if (idle) this.#addIdle(row, IDLE_OUTPUT / Math.sqrt(MLP_WIDTH));
      if (idle) this.#addLeak(row, 1 / Math.sqrt(MLP_WIDTH));
    }
  }

  /** A random row of about this norm, in directions that mean nothing. */
  #addIdle(row: Float32Array, norm: number): void {
    const deviation = norm / Math.sqrt(this.#free.length);
    for (const direction of this.#free) addTo(row, direction, deviation * this.#rng.normal());
  }

  #addLeak(row: Float32Array, share = 1): void {
    const deviation = (share * LEAK) / Math.sqrt(row.length);
    for (let i = 0; i < row.length; i++) row[i]! += deviation * this.#rng.normal();
  }

  /** Random numbers in a column of a matrix, but nothing of the constant direction. */
  #addReading(layer: number, tensor: LayerTensor, column: number, deviation: number): void {
    const reading = Float64Array.from({ length: this.spec.width }, () => deviation * this.#rng.normal());
    const constant = reading.reduce((sum, value, i) => sum + value * this.#constant[i]!, 0);
    this.#addToColumn(layer, tensor, column, reading, 1);
    this.#addToColumn(layer, tensor, column, this.#constant, -constant);
  }

  #addToColumn(layer: number, tensor: LayerTensor, column: number, direction: Direction, weight: number): void {
    const values = this.#layer(layer, tensor);
    const columns = values.length / direction.length;
    for (let r = 0; r < direction.length; r++) values[r * columns + column]! += weight * direction[r]!;
  }

  #layer(layer: number, tensor: LayerTensor): Float32Array {
    return this.#tensors.get(layerTensor(layer, tensor))!;
  }

  #layerRow(layer: number, tensor: LayerTensor, row: number): Float32Array {
    return this.#row(layerTensor(layer, tensor), row);
  }

  #row(tensor: TensorName, row: number): Float32Array {
    const { width } = this.spec;
    return this.#tensors.get(tensor)!.subarray(row * width, (row + 1) * width);
  }
}

/** row += weight direction */
function addTo(row: Float32Array, direction: Direction, weight: number): void {
  for (let i = 0; i < row.length; i++) row[i]! += weight * direction[i]!;
}

/** One match for each pair of directions. */
export function matchEach(queries: readonly Direction[], keys: readonly Direction[], score: number): Match[] {
  return queries.map((query, i) => ({ query, key: keys[i]!, score }));
}

/** One move for each pair of directions. */
export function moveEach(from: readonly Direction[], to: readonly Direction[], weight = 1): Move[] {
  return from.map((one, i) => ({ from: one, to: to[i]!, weight }));
}
