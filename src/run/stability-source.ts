import type { AttributionSettings, RunIdentity } from '../circuit/run-identity.js';
import type { Rows } from '../stability/draws.js';
import type { NullTask } from '../stability/null-task.js';
import type { FoundCircuit } from '../stability/report.js';
import type { Task } from '../task/types.js';
import type { RunAids } from './aids.js';
import type { Engine } from './engine.js';
import type { AskedOfRun } from './methods/definition.js';
import type { AskedDiscovery } from './methods/index.js';

/** A search that is made again. What is not given is as in the search on all prompts. */
export interface Draw {
  readonly name: string;
  /** By their index, of the task's prompts. */
  readonly rows?: Rows;
  readonly task?: Task;
  readonly options?: Pick<AskedDiscovery, 'senderHeads' | 'threshold'>;
}

/** What makes the circuits, by the kind of method. */
export interface CircuitSource {
  /** What every circuit of the run has in its provenance, and what else the run was asked for. */
  readonly identity: Partial<RunIdentity & AttributionSettings>;
  readonly asked: AskedOfRun;
  /** Makes the circuit on all prompts, those of the draws, and that of the null control, in this order. */
  run(
    engine: Engine,
    aids: RunAids,
    draws: readonly Draw[],
    control: NullTask | null,
  ): Promise<{
    readonly full: FoundCircuit;
    readonly drawn: readonly (FoundCircuit & { readonly name: string })[];
    readonly control: FoundCircuit | null;
  }>;
}
