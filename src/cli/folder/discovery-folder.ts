import { basename, join } from 'node:path';
import type { CircuitDetails } from '../../circuit/details.js';
import type { MeasuredEdges } from '../../evaluate/measured-edges.js';
import { CIRCUIT_WRITERS, writeDetails, writeScoresJson, writeTrace } from '../../files/index.js';
import type { Discovery } from '../../run/discovery.js';
import type { Discoveries, MethodPlan } from '../../run/methods/definition.js';
import { assertUsable, removeParts, SCORES_FILE, writeResult } from './result-folder.js';
import { assertResumes, removeJournals } from './search-journal.js';
import { THRESHOLDS_FILE, thresholdsJson } from './thresholds-file.js';

/** A circuit with the files that were written of it. */
export interface WrittenDiscovery {
  readonly discovery: Discovery;
  /** What its edges are worth in it, where that was measured. */
  readonly measured: MeasuredEdges | undefined;
  readonly files: readonly string[];
}

/** Folders of a run at several thresholds. */
const PART = 'threshold-';
const isPart = (name: string): boolean => name.startsWith(PART);

/** The folder that a run's results go to: one for each circuit where several thresholds were asked for. */
export class DiscoveryFolder {
  readonly #folder: string;
  readonly #plan: MethodPlan;
  readonly #dropIdle: true | null;
  readonly #force: boolean;
  readonly #sparse: boolean;

  /**
   * @param flags dropIdle is done to the circuits that are found: it makes another result, not another search. sparse
   *   makes circuit.json list their edges alone.
   */
  constructor(
    folder: string,
    plan: MethodPlan,
    { dropIdle, force, sparse }: Record<'dropIdle' | 'force' | 'sparse', boolean>,
  ) {
    this.#folder = folder;
    this.#plan = plan;
    this.#dropIdle = dropIdle || null;
    this.#force = force;
    this.#sparse = sparse;
  }

  /** Where the table of all searches lies, if the run makes several. */
  get table(): string | undefined {
    const { thresholds, edges, faithfulness } = this.#plan.asked;
    return thresholds || typeof edges === 'number' || faithfulness !== undefined
      ? join(this.#folder, THRESHOLDS_FILE)
      : undefined;
  }

  /** Every folder that is written into. */
  get folders(): readonly string[] {
    return [this.#folder, ...(this.#plan.asked.thresholds ?? []).map((threshold) => this.#part(threshold))];
  }

  /**
   * Makes sure, before any work, that the results can be written.
   *
   * @throws EdgewiseError of kind usage where the folder holds something else, or a journal of another run.
   */
  async assertUsable(resume: boolean): Promise<void> {
    const { identity, asked } = this.#plan;
    const run = { ...identity, ...asked };
    const dropIdle = this.#dropIdle;
    await assertUsable(this.#folder, { ...run, dropIdle }, this.#force, (name) => this.#several && isPart(name));
    for (const threshold of asked.thresholds ?? []) {
      await assertUsable(this.#part(threshold), { ...identity, threshold, dropIdle }, this.#force);
    }
    if (resume) await assertResumes(this.#folder, run);
  }

  /** Writes every circuit with what belongs to it, and then removes what was there to save the work. */
  async write(
    { chosen, all }: Discoveries,
    measured: readonly (MeasuredEdges | undefined)[],
    details: readonly (CircuitDetails | undefined)[],
  ): Promise<WrittenDiscovery[]> {
    const written: WrittenDiscovery[] = [];
    const table = this.table && thresholdsJson(this.#plan, all, chosen);
    for (const [i, discovery] of chosen.entries()) {
      const { trace, scores, selection } = discovery;
      const circuit = measured[i]?.circuit ?? discovery.circuit;
      const files = await writeResult(this.#part(circuit.provenance!.threshold), {
        ...(!this.#several && { [THRESHOLDS_FILE]: table }),
        'circuit.json': CIRCUIT_WRITERS.json(circuit, { sparse: this.#sparse }),
        'circuit.gexf': CIRCUIT_WRITERS.gexf(circuit),
        ...(!selection && { 'trace.jsonl': writeTrace(trace) }),
        [SCORES_FILE]: scores ? writeScoresJson(scores) : undefined,
        'details.json': details[i] && writeDetails(details[i]),
      });
      written.push({
        discovery,
        measured: measured[i],
        files: files.filter((path) => basename(path) !== THRESHOLDS_FILE),
      });
    }
    if (this.#several) await writeResult(this.#folder, { [THRESHOLDS_FILE]: table });
    if (this.#force) {
      const parts = this.#plan.asked.thresholds?.map((threshold) => basename(this.#part(threshold))) ?? [];
      await removeParts(this.#folder, (name) => isPart(name) && !parts.includes(name));
    }
    await removeJournals(this.#folder);
    return written;
  }

  get #several(): boolean {
    return Boolean(this.#plan.asked.thresholds);
  }

  #part(threshold: number | null): string {
    return this.#several ? join(this.#folder, `${PART}${threshold}`) : this.#folder;
  }
}
