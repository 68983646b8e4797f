import { Command, Option } from 'commander';
import { dirname } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { detailsFit, parseDetails, readableFormats } from '../../files/index.js';
import { circuitPaths } from '../../node/circuit-files.js';
import { readCircuitText } from '../../node/open-files.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import type { InspectedCircuit } from '../../run/inspection.js';
import { isRunOf } from '../../run/identity.js';
import { openCircuitRun, type CircuitRun, type CircuitRunFlags } from '../circuit-run.js';
import { withClaims } from '../folder/claimed-folders.js';
import { DETAILS_LIMIT, detailsTooLarge } from '../folder/details-limit.js';
import { InspectionFolder } from '../folder/inspection-folder.js';
import {
  adapterOption,
  devicesOption,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  nonEmpty,
  orTheCircuits,
  patchOptions,
  promptOptions,
  taskOption,
  tileOption,
  weightsOption,
} from '../options/options.js';
import { inspectionReport } from '../report/inspect-report.js';
import { note } from '../report/progress.js';
import { RunBars } from '../report/run-progress.js';
import { withEngine } from '../session.js';

interface Flags extends CircuitRunFlags {
  /** Undefined where neither --details nor --no-details is given. */
  readonly details?: boolean;
  readonly out?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description(
      'Measure what each edge of a circuit is worth in it, how good its strongest edges are alone, and what its nodes do.',
    )
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(taskOption())
    .option(
      '--circuit <path>',
      `the circuit, in a file of any format that is read, or its folder: ${readableFormats()}`,
    )
    .addOption(metricOption(METRIC_NAMES, orTheCircuits));
  for (const option of promptOptions(orTheCircuits)) command.addOption(option);
  for (const option of patchOptions(orTheCircuits)) command.addOption(option);
  return command
    .addOption(
      new Option(
        '--details',
        'write details.json: answers, attention, what each node does and is worth, effects per prompt, connected circuits',
      ).default(undefined, `unless it takes more than ${DETAILS_LIMIT} MB`),
    )
    .option('--no-details', 'do not write details.json')
    .addOption(
      new Option('--out <folder>', 'where circuit.json and details.json go')
        .argParser(nonEmpty)
        .default(undefined, 'beside the circuit'),
    )
    .option('--force', 'replace another circuit.json or details.json in the folder', false)
    .addOption(adapterOption())
    .addOption(devicesOption())
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nWhat it costs: a test for each kept edge, and two for each point of its curve.\nFor details.json two forward passes over the prompts, a test for each node and\nfor each of at most 100 connected circuits, and a forward pass for each edge\ninto queries and keys; those into different heads of a layer share one.\n\nAn option that is not given is as the circuit was found. A note on stderr says\nwhere a given one differs. circuit.json is a copy of the file, with in_circuit,\nidle and curve under "edgewise".\n\nExamples:\n  edgewise inspect --model tasks-4l --task ioi --circuit edited.gexf \\\n    --out runs/edited\n  edgewise inspect --model gpt2 --task ioi --prompts 32 \\\n    --circuit ioi-eap-ig.json --out runs/ioi --json',
    )
    .action(inspect);
}

async function inspect(flags: Flags): Promise<void> {
  const run = await openCircuitRun(flags);
  const { opened, path, read, task, reader, options } = run;
  for (const one of read.notes) note(`note: ${one}`);
  refuseScores(run);
  const { circuit, file } = read;
  const results = new InspectionFolder(flags.out ?? dirname(path), { path, circuit, view: file.view });
  await withClaims([results.folder], async () => {
    const replaced = await results.assertUsable(flags.force);
    const promptEffects = await decisionEffects(run);
    const remark = flags.details === undefined ? detailsTooLarge(task, circuit) : undefined;
    if (remark !== undefined) note(remark);
    const bars = new RunBars();
    const { measured, details } = await withEngine(opened.model, flags, async (engine) => {
      const found = await engine.measureEdges(task, circuit, options, false, (progress) =>
        bars.show({ ...progress, unit: 'passes', measured: progress.done }),
      );
      if (!(flags.details ?? remark === undefined)) return { measured: found, details: undefined };
      const { tokenText } = reader;
      const inspected = await engine.inspect(
        task,
        { ...found, promptEffects },
        { ...options, ...(tokenText && { tokenText }) },
        ({ done, total }) => bars.show({ part: 'measuring details', done, total, unit: 'passes', measured: done }),
      );
      return { measured: found, details: inspected };
    });
    const files = await results.write(measured.circuit, details);
    const report = { measured, task, options, files, replaced: replaced.filter((one) => files.includes(one)) };
    process.stdout.write(inspectionReport(report, flags.json));
  });
}

/** @throws EdgewiseError of kind circuit where the file only scores edges. */
function refuseScores({ path, read: { file, circuit } }: CircuitRun): void {
  const { kept, topology, effects, provenance } = circuit;
  // Files of other programs that only score edges keep all of them, or none.
  const all = kept.additionSize === topology.additionEdges || kept.additionSize === 0;
  const scored = effects.some((effect) => Number.isFinite(effect));
  if (file.scores === undefined && (provenance !== null || !all || !scored)) return;
  const what = 'scores edges and chooses none; choose some first: edgewise import --select top:200 --out <folder>';
  throw new EdgewiseError('circuit', path, what);
}

/** Effects per prompt at the decision, where details of this very run lie beside the circuit. */
async function decisionEffects({
  path,
  read,
  opened,
  task,
  options,
}: CircuitRun): Promise<NonNullable<InspectedCircuit['promptEffects']>> {
  const { circuit } = read;
  const { details } = await circuitPaths(path);
  if (details === null || !isRunOf(opened.model, task, circuit, options.metric)) return {};
  try {
    const beside = parseDetails(await readCircuitText(details), details);
    return detailsFit(beside, circuit) && beside.prompts.length === task.pairs.length ? beside.edges : {};
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    note(`note: ${error.message}; nothing of it is kept`);
    return {};
  }
}
