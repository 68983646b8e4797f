import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import type { SenderHeads } from '../../circuit/run-identity.js';
import type { Engine, InspectedCircuit } from '../../run/engine.js';
import { topologyOf, type DiscoveryOptions } from '../../run/identity.js';
import type { Task } from '../../task/types.js';
import type { GradientOptions } from '../options/gradient-options.js';
import { detailsTooLarge } from '../folder/details-limit.js';
import type { ModelOptions, PatchingOptions, TaskOptions } from '../options/options.js';
import { note, progressBar } from '../report/progress.js';
import type { OpenedModel, TaskReader } from '../session.js';

/** Options of `discover`, as commander hands them over. */
export interface DiscoverOptions extends ModelOptions, TaskOptions, PatchingOptions, GradientOptions {
  readonly method: string;
  readonly threshold?: readonly number[];
  readonly edges?: number;
  readonly greedy: boolean;
  readonly signed: boolean;
  readonly screen?: number;
  readonly retest?: number;
  readonly compare: boolean;
  readonly batch?: number;
  readonly predict?: string;
  readonly directEdges: boolean;
  readonly senderHeads?: SenderHeads;
  readonly abs: boolean;
  /** Undefined where neither --details nor --no-details is given. */
  readonly details?: boolean;
  readonly out?: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

/** What every method of `discover` starts from: files read and checked, nothing on a device. */
export interface Discovering {
  readonly options: DiscoverOptions;
  readonly opened: OpenedModel;
  readonly reader: TaskReader;
  readonly task: Task;
  readonly search: DiscoveryOptions;
  readonly folder: string;
}

/** Threshold of a search where none is given. */
export const DEFAULT_THRESHOLD = 0.05;

/** @throws EdgewiseError of kind usage where more edges are asked for than there are. */
export function refuseTooMany({ options: { edges = 0, directEdges }, opened }: Discovering): void {
  const topology = topologyOf(opened.model);
  const most = directEdges ? topology.edgeCount : topology.additionEdges;
  if (edges > most) throw new EdgewiseError('usage', '--edges', `got ${edges}, the model has ${most}`);
}

/** details.json of a circuit, where it is wanted: as told; otherwise unless it would become large, which is said. */
export async function detailsOf(
  engine: Engine,
  { options, task, search, reader }: Discovering,
  found: InspectedCircuit,
): Promise<CircuitDetails | undefined> {
  if (!detailsWanted(options.details, task, found.circuit)) return undefined;
  const { tokenText } = reader;
  const bar = progressBar('measuring details');
  try {
    return await engine.inspect(task, found, { ...search, ...(tokenText && { tokenText }) }, ({ done, total }) => {
      bar.update(done, total, `${done} of ${total} passes`);
    });
  } finally {
    bar.stop();
  }
}

function detailsWanted(told: boolean | undefined, task: Task, circuit: Circuit): boolean {
  if (told !== undefined) return told;
  const remark = detailsTooLarge(task, circuit);
  if (remark !== undefined) note(remark);
  return remark === undefined;
}
