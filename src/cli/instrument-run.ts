import { EdgewiseError } from '../base/errors.js';
import { readStrictJson } from '../base/json/json-fields.js';
import { writeInstrument, type InstrumentFile } from '../files/index.js';
import { writeFileAtomically } from '../node/atomic-write.js';
import { readCircuitText } from '../node/open-files.js';
import { assertOutput } from '../node/output.js';
import { picturesOf } from '../pictures/instrument-pictures.js';
import { Instruments } from '../run/instruments.js';
import type { Topology } from '../circuit/topology.js';
import type { MetricName } from '../readout/metrics.js';
import { topologyOf } from '../run/identity.js';
import { DEFAULTS } from '../run/options.js';
import type { Task } from '../task/types.js';
import type { InstrumentFlags } from './options/instrument-options.js';
import { instrumentText } from './report/instrument-report.js';
import { note } from './report/progress.js';
import { RunBars } from './report/run-progress.js';
import { namedTaskReader, openModelArgument, readPrompts, required, tellPrompt, withEngine } from './session.js';

/** What a command has read before a device is needed. */
export interface InstrumentSetup {
  readonly task: Task;
  readonly topology: Topology;
  /** Width of the residual stream. */
  readonly width: number;
  readonly tokenText: (id: number) => string;
}

/** Prepares a run, and gives what does it. A mistake in a flag is found in the preparation. */
export type InstrumentPlan = (setup: InstrumentSetup) => Promise<InstrumentRun>;
export type InstrumentRun = (
  instruments: Instruments,
  onProgress: (done: number, total: number) => void,
) => Promise<InstrumentFile>;

/**
 * Runs an instrument as its flags say, and gives the result to standard output and to the files that they name.
 *
 * @param metric what the answers of the prompts are needed for.
 * @param part what the progress bar says.
 */
export async function runInstrument(
  flags: InstrumentFlags,
  metric: MetricName,
  part: string,
  plan: InstrumentPlan,
): Promise<void> {
  required(flags.task, '--task');
  for (const path of [flags.out, flags.svg]) if (path !== undefined) await assertOutput(path);
  const opened = await openModelArgument(flags);
  const reader = await namedTaskReader(opened, flags.bos ?? DEFAULTS.bos);
  const task = await readPrompts(reader, { ...flags, metric });
  tellPrompt(task);
  const tokenText = reader.tokenText ?? ((id: number) => `#${id}`);
  const { model } = opened;
  const run = await plan({ task, topology: topologyOf(model), width: model.spec.width, tokenText });
  const bars = new RunBars();
  const found = await withEngine(model, flags, (engine) =>
    run(new Instruments(engine), (done, total) => bars.show({ part, done, total, unit: 'passes', measured: done })),
  ).finally(() => bars.stop());
  await giveResult(found, flags);
}

/** Gives a result to standard output, and to the files that flags name. */
export async function giveResult(
  found: InstrumentFile,
  flags: Pick<InstrumentFlags, 'out' | 'svg' | 'json'>,
): Promise<void> {
  if (flags.out !== undefined) {
    await writeFileAtomically(flags.out, writeInstrument(found));
    note(`written: ${flags.out}`);
  }
  if (flags.svg !== undefined) {
    await writeFileAtomically(flags.svg, picturesOf(found).svg);
    note(`written: ${flags.svg}`);
  }
  process.stdout.write(flags.json ? writeInstrument(found) : instrumentText(found));
}

/** The JSON of a file that an option names. */
export async function jsonOfFile(path: string): Promise<unknown> {
  return readStrictJson(await readCircuitText(path), path);
}

/** @throws EdgewiseError of kind usage for a row that the task does not have. */
export function assertRow({ pairs, name }: Task, row: number): void {
  if (row < pairs.length) return;
  throw new EdgewiseError(
    'usage',
    '--row',
    `${row}, expected 0 to ${pairs.length - 1}: ${name} has ${pairs.length} prompts`,
  );
}
