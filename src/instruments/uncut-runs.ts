import { EdgewiseError } from '../base/errors.js';
import { bindRead, bindSet, rowOf, tapsOf, type BoundPart, type BoundRead } from '../block/place-parts.js';
import { PLACES, type Place } from '../block/places.js';
import { PLAIN_RULES } from '../block/rules.js';
import type { Topology } from '../circuit/topology.js';
import { paddedTokens } from '../evaluate/prompt-batch.js';
import { Arena } from '../gpu/arena.js';
import { GradientPass } from '../gradient/gradient-pass.js';
import type { ModelWeights } from '../model/weights.js';
import { firstGroup, mergedChanges, type Change, type PartOfLane } from './changes.js';
import { Recorded } from './recorded.js';
import { planUncut, worthwhileRuns } from './uncut-plan.js';
import { laneBatches } from './lane-batches.js';

/** A prompt that runs are made of. */
export interface RunPrompt {
  readonly ids: readonly number[];
  /** The token whose next-token prediction a run ends in. */
  readonly position: number;
}

/** One run: a prompt, what is changed on its way, and what is read of it. */
export interface Lane {
  /** Index of the prompt. */
  readonly prompt: number;
  readonly changes: readonly Change[];
  /** A place is read before it is changed. */
  readonly reads?: readonly PartOfLane[];
}

/** How a run ended. */
export interface LaneEnd<T> {
  readonly end: T;
  /** What was read, in the order of the lane's reads, each [heads, positions, columns]. */
  readonly reads: readonly Float32Array<ArrayBuffer>[];
}

export interface RunsOptions {
  /** Most bytes of activations on the device. */
  readonly budget: number;
  /** Most lanes at once that are worth room. */
  readonly lanes: number;
  /** Whether scores before the softmax are changed or read. Default false. */
  readonly scores?: boolean;
}

/**
 * Runs of the uncut model, some of whose places are read or changed on the way: the one executor of causal tracing,
 * activation patching, path patching, knockout and ablations. Several runs share a pass, one a row of prompts.
 *
 * A run computes only what comes after its first change: lanes are taken from the last layer to the first, and streams
 * before the first change of a batch stay as they are. Numbers do not depend on which lanes share a pass.
 *
 * Cost of a lane: at most a forward pass over its prompt.
 */
export class UncutRuns {
  readonly #pass: GradientPass;
  readonly #weights: ModelWeights;
  readonly #prompts: readonly RunPrompt[];
  /** Prompts whose tokens the pass holds, by slot. */
  #held: readonly number[] = [];
  /** The first writer group whose stream is not that of the unchanged prompts held. */
  #changedFrom = 0;

  /** @throws EdgewiseError of kind device where one prompt at a time does not fit the budget. */
  static async create(
    weights: ModelWeights,
    topology: Topology,
    prompts: readonly RunPrompt[],
    { budget, lanes, scores = false }: RunsOptions,
  ): Promise<UncutRuns> {
    const sequence = prompts.reduce((most, { ids }) => Math.max(most, ids.length), 1);
    const worthwhile = worthwhileRuns(weights, { prompts: lanes, sequence });
    const { shape } = planUncut(topology, weights, { prompts: worthwhile, sequence }, budget);
    const pass = await GradientPass.create(weights, topology, shape, { input: 'token', rules: PLAIN_RULES, scores });
    return new UncutRuns(pass, weights, prompts);
  }

  private constructor(pass: GradientPass, weights: ModelWeights, prompts: readonly RunPrompt[]) {
    this.#pass = pass;
    this.#weights = weights;
    this.#prompts = prompts;
  }

  get #allHeads(): number[] {
    return Array.from({ length: this.#weights.spec.heads }, (_, head) => head);
  }

  /** Tokens of the longest prompt: columns of scores and patterns. */
  get sequence(): number {
    return this.#pass.frame.shape.sequence;
  }

  get prompts(): readonly RunPrompt[] {
    return this.#prompts;
  }

  /**
   * Runs lanes, in any order.
   *
   * @param end what to take of the log-probabilities [V] at the measured position of a lane.
   * @param onDone is told of every batch: how many of its lanes are done.
   * @returns by lane, in their order.
   * @throws EdgewiseError of kind usage for places that an uncut run does not hold, and for values that do not fit.
   */
  async run<T>(
    lanes: readonly Lane[],
    end: (logProbs: Float32Array, lane: number) => T,
    onDone: (lanes: number) => void = () => {},
  ): Promise<LaneEnd<T>[]> {
    const { groups } = this.#pass.frame;
    const begins = lanes.map((lane) => {
      const parts = [...lane.changes, ...(lane.reads ?? [])];
      return parts.reduce((first, part) => Math.min(first, firstGroup(this.#pass.frame, part)), groups.length);
    });
    const ends: LaneEnd<T>[] = [];
    for (const { slots, chosen } of laneBatches(lanes, begins, this.#pass.frame.shape.prompts)) {
      await this.#runBatch(lanes, begins, { slots, chosen }, end, ends);
      onDone(chosen.filter((lane) => lane !== null).length);
    }
    return ends;
  }

  async #runBatch<T>(
    lanes: readonly Lane[],
    begins: readonly number[],
    { slots, chosen }: { readonly slots: readonly number[]; readonly chosen: readonly (number | null)[] },
    end: (logProbs: Float32Array, lane: number) => T,
    ends: LaneEnd<T>[],
  ): Promise<void> {
    const pass = this.#pass;
    const { shape, groups, tensors } = pass.frame;
    const { gpu, layout, spec } = this.#weights;
    this.#hold(slots);
    const begin = chosen.reduce<number>(
      (first, lane) => Math.min(first, lane === null ? first : begins[lane]!),
      groups.length,
    );
    const from = Math.min(begin, this.#changedFrom);
    const arena = new Arena(gpu);
    try {
      const reads = await this.#bindReads(arena, lanes, chosen, slots);
      const changes = await this.#bindChanges(arena, lanes, chosen, slots);
      const recording = gpu.record();
      const use = tapsOf(recording, [...reads.flat(), ...changes]);
      // Whatever happens from here on, these streams are not to be built on.
      this.#changedFrom = 0;
      pass.forward(recording, { side: 'clean', from, outputs: 'forget', ...use });
      const rows = Array.from({ length: shape.prompts }, (_, slot) => {
        return rowOf(shape, slot, this.#prompts[slots[slot] ?? slots[0]!]!.position);
      });
      pass.logProbabilities(recording, rows, use.taps);
      const ended = recording.readback(tensors.logits);
      const copies = reads.map((ofSlot) => ofSlot.map(({ values }) => recording.readback(values)));
      recording.submit();
      this.#changedFrom = begin;
      const logProbs = new Float32Array(await ended());
      for (const [slot, lane] of chosen.entries()) {
        if (lane === null) continue;
        const values = await Promise.all(
          copies[slot]!.map(async (copy, i) => valuesOf(reads[slot]![i]!, await copy())),
        );
        const start = slot * layout.vocabStride;
        ends[lane] = { end: end(logProbs.subarray(start, start + spec.vocab), lane), reads: values };
      }
    } finally {
      arena.dispose();
    }
  }

  /** Uploads the tokens of the slots' prompts unless the pass holds them. */
  #hold(slots: readonly number[]): void {
    if (slots.length === this.#held.length && slots.every((prompt, slot) => prompt === this.#held[slot])) return;
    const { shape, tensors } = this.#pass.frame;
    const ids = slots.map((prompt) => this.#prompts[prompt]!.ids);
    this.#weights.gpu.upload(tensors.cleanIds, paddedTokens(shape, ids));
    this.#held = slots;
    this.#changedFrom = 0;
  }

  #bindReads(
    arena: Arena,
    lanes: readonly Lane[],
    chosen: readonly (number | null)[],
    slots: readonly number[],
  ): Promise<BoundRead[][]> {
    return Promise.all(
      chosen.map((lane, slot) =>
        Promise.all(
          (lane === null ? [] : (lanes[lane]!.reads ?? [])).map(({ place, layer, heads, positions, columns }) => {
            const rows = this.#rowsOf(slot, slots[slot]!, place === 'logits', positions);
            const part = { place, layers: [layer], rows, ...(heads && { heads }), ...(columns && { columns }) };
            return bindRead(arena, this.#pass, part);
          }),
        ),
      ),
    );
  }

  /** Changes of equal kind, of all lanes together. */
  #bindChanges(
    arena: Arena,
    lanes: readonly Lane[],
    chosen: readonly (number | null)[],
    slots: readonly number[],
  ): Promise<BoundPart[]> {
    const all = chosen.flatMap((lane, slot) =>
      (lane === null ? [] : lanes[lane]!.changes).map((change) => ({
        change: PLACES[change.place].heads ? { ...change, heads: change.heads ?? this.#allHeads } : change,
        rows: this.#rowsOf(slot, slots[slot]!, change.place === 'logits', change.positions),
      })),
    );
    return Promise.all(
      mergedChanges(all).map(({ part, values, how }) => bindSet(arena, this.#pass, part, values, how)),
    );
  }

  /** @throws EdgewiseError of kind usage for positions past the end of the prompt. */
  #rowsOf(slot: number, prompt: number, ofPrompts: boolean, positions?: readonly number[]): number[] {
    if (ofPrompts) return [slot];
    const { shape } = this.#pass.frame;
    const { length } = this.#prompts[prompt]!.ids;
    const wrong = positions?.find((position) => !(position >= 0 && position < length));
    if (wrong !== undefined) {
      throw new EdgewiseError('usage', `position ${wrong}`, `prompt ${prompt} has positions 0 to ${length - 1}`);
    }
    return (positions ?? Array.from({ length }, (_, t) => t)).map((position) => rowOf(shape, slot, position));
  }

  /** Numbers in a row of a place. @throws EdgewiseError of kind usage for places that an uncut run does not hold. */
  columnsOf(place: Place, layer: number): number {
    return this.#pass.view(place, layer).columns;
  }

  /** Reads of whole places of a run, by their places. @param length tokens of its prompt. */
  recorded(
    parts: readonly Pick<PartOfLane, 'place' | 'layer'>[],
    reads: readonly Float32Array<ArrayBuffer>[],
    length: number,
  ): Recorded {
    return new Recorded(parts, reads, length, this.#weights.spec.heads);
  }

  dispose(): void {
    this.#pass.dispose();
  }
}

/** Without the padding at the end of a buffer. */
function valuesOf({ values: { shape } }: BoundRead, data: ArrayBuffer): Float32Array<ArrayBuffer> {
  return new Float32Array(data).slice(
    0,
    shape.reduce((product, n) => product * n, 1),
  );
}
