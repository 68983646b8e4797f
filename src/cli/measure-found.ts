import { counted } from '../base/text.js';
import type { Circuit } from '../circuit/circuit.js';
import type { CircuitDetails } from '../circuit/details.js';
import type { MeasuredEdges } from '../evaluate/measured-edges.js';
import type { Discovery } from '../run/discovery.js';
import type { Engine } from '../run/engine.js';
import type { MethodPlan } from '../run/methods/definition.js';
import type { Task } from '../task/types.js';
import { detailsTooLarge } from './folder/details-limit.js';
import type { OtherPrompts } from './report/discover-report.js';
import { note } from './report/progress.js';
import type { RunBars } from './report/run-progress.js';
import type { NamedTaskReader } from './session.js';

/** What is measured of circuits that were found, as flags say it. */
export interface MeasuringFlags {
  /** Undefined where neither --details nor --no-details is given. */
  readonly details?: boolean;
  /** Undefined where neither --in-circuit nor --no-in-circuit is given. */
  readonly inCircuit?: boolean;
  readonly dropIdle: boolean;
}

export interface Measuring {
  readonly engine: Engine;
  readonly task: Task;
  readonly plan: MethodPlan;
  readonly flags: MeasuringFlags;
  readonly reader: NamedTaskReader;
  readonly bars: RunBars;
}

/** Most edges of a circuit chosen from scores that are measured without being asked for. */
export const EFFECTS_LIMIT = 1000;

/**
 * What the edges of a circuit are worth in it, where that is wanted: as told, otherwise unless it takes much longer
 * than the method did, which is said. A search has tested more edges than it kept.
 */
export async function measuredEdges(
  { circuit, selection }: Discovery,
  { engine, task, plan, flags, bars }: Measuring,
): Promise<MeasuredEdges | undefined> {
  const size = circuit.kept.additionSize;
  const isLong = selection !== null && size > EFFECTS_LIMIT && !flags.dropIdle;
  if (flags.inCircuit === undefined && isLong) {
    note(
      `the ${counted(size, 'edge')} are not measured in the circuit, which takes as many tests; --in-circuit does it`,
    );
  }
  if (!(flags.inCircuit ?? !isLong)) return undefined;
  return engine.measureEdges(task, circuit, plan.caches, flags.dropIdle, (progress) =>
    bars.show({ ...progress, unit: 'passes', measured: progress.done }),
  );
}

/**
 * The details of a circuit, where they are wanted: as told, otherwise unless they would become large, which is said.
 */
export async function detailsOf(
  discovery: Discovery,
  measured: MeasuredEdges | undefined,
  { engine, task, plan, flags, reader: { tokenText }, bars }: Measuring,
): Promise<CircuitDetails | undefined> {
  const found = { ...discovery, ...measured };
  const remark = flags.details === undefined ? detailsTooLarge(task, found.circuit) : undefined;
  if (remark !== undefined) note(remark);
  if (!(flags.details ?? remark === undefined)) return undefined;
  return engine.inspect(task, found, { ...plan.caches, ...(tokenText && { tokenText }) }, ({ done, total }) =>
    bars.show({ part: 'measuring details', done, total, unit: 'passes', measured: done }),
  );
}

/** How faithful a circuit is on prompts that it was not found on. */
export async function checkedOn(others: Task, circuit: Circuit, { engine, plan }: Measuring): Promise<OtherPrompts> {
  const { faithfulness } = await engine.evaluate(others, circuit, plan.caches, ['faithfulness']);
  return { prompts: others.pairs.length, skip: others.skip, faithfulness };
}
