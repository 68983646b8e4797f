import { mean } from '../base/mean.js';
import type { EdgeSet } from '../circuit/edge-set.js';
import type { EvaluationCosts, PerPrompt } from '../circuit/evaluator.js';
import type { Topology } from '../circuit/topology.js';
import type { MetricName } from '../readout/metrics.js';
import type { Observation, ObservedRun, PromptValues } from './evaluator.js';
import type { TaskEvaluator } from './task-evaluator.js';

/**
 * Evaluates circuits on several devices, each of which has the weights and a share of the prompts. The devices work at
 * the same time. What is found of a prompt depends neither on the device nor on the prompts beside it, and the mean is
 * taken over all prompts in their order: the numbers are those of one device, to the bit.
 */
export class SplitEvaluator implements TaskEvaluator {
  readonly #parts: readonly TaskEvaluator[];

  /** @param parts one per device, in the order of their prompts; at least one. They are disposed of with this one. */
  constructor(parts: readonly TaskEvaluator[]) {
    this.#parts = parts;
  }

  get topology(): Topology {
    return this.#parts[0]!.topology;
  }

  get most(): number {
    return Math.min(...this.#parts.map(({ most }) => most));
  }

  /** Of the first share: the others are as large, or have a prompt less. */
  get costs(): EvaluationCosts {
    return this.#parts[0]!.costs;
  }

  async evaluate(circuits: readonly EdgeSet[], metrics: readonly MetricName[]): Promise<PromptValues[]> {
    const shares = await all(this.#parts.map((part) => part.evaluate(circuits, metrics)));
    return circuits.map((_, c) =>
      Object.fromEntries(metrics.map((name) => [name, shares.flatMap((values) => values[c]![name]!)])),
    );
  }

  async perPrompt(circuits: readonly EdgeSet[]): Promise<readonly PerPrompt[]> {
    const shares = await all(this.#parts.map((part) => part.perPrompt(circuits)));
    return circuits.map((_, c) => shares.flatMap((values) => values[c]!));
  }

  async metric(circuit: EdgeSet): Promise<number> {
    return mean((await this.perPrompt([circuit]))[0]!);
  }

  /** One device after the other: an observer may count the prompts that it was shown. */
  async observe<T>(circuit: EdgeSet, observe: (run: ObservedRun) => Observation<T>): Promise<T[]> {
    const results: T[] = [];
    for (const part of this.#parts) results.push(...(await part.observe(circuit, observe)));
    return results;
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}

/** Waits for all, also where one fails: what still runs would meet buffers that are gone. */
async function all<T>(pending: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(pending);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return ended.map((one) => (one as PromiseFulfilledResult<T>).value);
}

/**
 * Prompts in as many shares as there are devices, each a run of neighbours; sizes differ by one at most, and the first
 * is the largest. Where there are fewer prompts than devices, as many shares as prompts.
 */
export function sharesOf<T>(prompts: readonly T[], devices: number): (readonly T[])[] {
  const count = Math.max(1, Math.min(devices, prompts.length));
  const [size, larger] = [Math.floor(prompts.length / count), prompts.length % count];
  const start = (share: number): number => share * size + Math.min(share, larger);
  return Array.from({ length: count }, (_, share) => prompts.slice(start(share), start(share + 1)));
}
