/** The lanes of one pass. A slot is one of its rows of prompts. */
export interface LaneBatch {
  /** By slot the prompt whose tokens it holds. */
  readonly slots: readonly number[];
  /** By slot the lane that runs there; null where none is left for its prompt: it runs unchanged, in vain. */
  readonly chosen: readonly (number | null)[];
}

/**
 * Puts lanes into passes. The prompts of the slots change as rarely as they can, and lanes of one prompt come by
 * falling `begins`: a pass then finds every stream before its first change as the one before it left it.
 *
 * @param begins by lane the first writer group that it changes or reads.
 * @param slots how many prompts a pass holds.
 */
export function laneBatches(
  lanes: readonly { readonly prompt: number }[],
  begins: readonly number[],
  slots: number,
): LaneBatch[] {
  const waiting = new Map<number, number[]>();
  for (const [lane, { prompt }] of lanes.entries()) {
    const queue = waiting.get(prompt);
    if (queue) queue.push(lane);
    else waiting.set(prompt, [lane]);
  }
  // Sorting is stable.
  const queues = [...waiting].map(([prompt, queue]) => ({
    prompt,
    queue: queue.toSorted((a, b) => begins[b]! - begins[a]!),
  }));
  const batches: LaneBatch[] = [];
  for (let first = 0; first < queues.length; first += slots) {
    const block = queues.slice(first, first + slots);
    const times = Math.max(1, Math.floor(slots / block.length));
    const held = Array.from({ length: times }, () => block).flat();
    for (let next = 0; held.some(({ queue }) => next < queue.length); next += times) {
      batches.push({
        slots: held.map(({ prompt }) => prompt),
        chosen: held.map(({ queue }, slot) => queue[next + Math.floor(slot / block.length)] ?? null),
      });
    }
  }
  return batches;
}
