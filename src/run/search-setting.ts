import type { EdgeSet } from '../circuit/edge-set.js';
import type { AttributionSettings, ScreeningRecord } from '../circuit/run-identity.js';
import type { TaskEvaluator } from '../evaluate/task-evaluator.js';
import type { LoadedModel } from '../model/load-model.js';
import type { Task } from '../task/types.js';
import type { Lifetime } from './lifetime.js';
import type { Caches } from './options.js';

/** A circuit that a search starts from, and what the provenance says of it. */
export interface SearchStart {
  readonly circuit: EdgeSet;
  readonly provenance: Partial<AttributionSettings> & {
    readonly method: string;
    readonly screening?: ScreeningRecord;
  };
}

/** What a search needs. */
export interface SearchSetting {
  readonly model: LoadedModel;
  readonly task: Task;
  readonly caches: Caches;
  readonly evaluator: TaskEvaluator;
  readonly adapter: string;
  readonly tile: string;
  /** Seconds that the caches took. */
  readonly preparation: number;
  /** The engine's life, without which the caches are of no use. Default: as long as the search's. */
  readonly engine?: Lifetime;
}
