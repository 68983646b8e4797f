import { Command, Option } from 'commander';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../../base/text.js';
import type { CircuitDetails } from '../../circuit/details.js';
import type { MeasuredEdges } from '../../evaluate/measured-edges.js';
import { SENDER_HEADS } from '../../circuit/run-identity.js';
import { parseScores } from '../../files/index.js';
import { readCircuitText } from '../../node/open-files.js';
import type { Discovery } from '../../run/discovery.js';
import { topologyOf } from '../../run/identity.js';
import {
  METHOD_NAMES,
  planDiscovery,
  refuseUnusedOfMethod,
  type AskedDiscovery,
  type MethodName,
} from '../../run/methods/index.js';
import { DEFAULTS } from '../../run/options.js';
import { DETAILS_LIMIT } from '../folder/details-limit.js';
import { DiscoveryFolder } from '../folder/discovery-folder.js';
import { withClaims } from '../folder/claimed-folders.js';
import { withJournals } from '../folder/run-journals.js';
import { assertNoJournal } from '../folder/search-journal.js';
import {
  flagOf,
  givenOptions,
  gradientOptions,
  isScoring,
  journalFlags,
  metricOf,
  type MethodFlags,
} from '../options/method-options.js';
import {
  adapterOption,
  batchOption,
  count,
  devicesOption,
  finiteNumber,
  ignoreConfigOption,
  jsonOption,
  kvPortsOption,
  keepBeforeOption,
  memoryOption,
  metricOption,
  modelOption,
  nonEmpty,
  patchOptions,
  promptOptions,
  SEARCH_METRICS,
  sparseOption,
  taskOption,
  tileOption,
  weightsOption,
  type ModelFlags,
  type TaskFlags,
} from '../options/options.js';
import { refuseNegative, thresholdOptions, type ThresholdFlags } from '../options/threshold-options.js';
import { discoveryReport, type OtherPrompts } from '../report/discover-report.js';
import { checkedOn, detailsOf, EFFECTS_LIMIT, measuredEdges, type MeasuringFlags } from '../measure-found.js';
import { note } from '../report/progress.js';
import { fixed } from '../report/text-report.js';
import { RunBars } from '../report/run-progress.js';
import {
  namedTaskReader,
  openModelArgument,
  readMeanOver,
  readOtherPrompts,
  readPrompts,
  required,
  tellPrompt,
  warnOfTask,
  withEngine,
} from '../session.js';

/** Flags of `discover`, as commander gives them. */
interface Flags extends ModelFlags, TaskFlags, MethodFlags, ThresholdFlags, MeasuringFlags {
  readonly method: MethodName;
  /** How many other prompts the circuits are measured on. */
  readonly checkPrompts?: number;
  readonly faithfulness?: number;
  readonly out?: string;
  readonly sparse: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export function discoverCommand(): Command {
  const command = new Command('discover')
    .description(
      'Find the circuit of a task: prune the model (acdc), choose from scores (eap-ig-inputs and others), or both (screened). The results go to a folder.',
    )
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(kvPortsOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to search').choices(METHOD_NAMES).default(DEFAULTS.method))
    .addOption(
      metricOption(SEARCH_METRICS, () => `${DEFAULTS.searchMetric}; ${DEFAULTS.scoringMetric} for methods that score`),
    );
  for (const option of thresholdOptions()) command.addOption(option);
  command.addOption(
    new Option(
      '--edges <n>',
      'acdc: find a threshold that keeps about n edges, starting at --threshold. Methods that score: choose n edges',
    ).argParser(count(1)),
  );
  command
    .addOption(
      new Option(
        '--faithfulness <x>',
        'find the smallest circuit with so much faithfulness, above 0 and at most 1, by exact evaluation. Not with --threshold or --edges',
      ).argParser(finiteNumber),
    )
    .addOption(
      new Option(
        '--check-prompts <n>',
        'also measure the circuit on n other prompts, taken after those used',
      ).argParser(count(1)),
    );
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  for (const option of gradientOptions()) command.addOption(option);
  return command
    .option('--direct-edges', "also test each head's own query, key and value", false)
    .addOption(
      new Option('--sender-heads <order>', 'order of the heads inside a layer')
        .choices(SENDER_HEADS)
        .default(undefined, DEFAULTS.senderHeads),
    )
    .addOption(batchOption())
    .addOption(
      new Option(
        '--predict <file>',
        'scores or a circuit that guess which edges stay; the search is faster, its result the same',
      ).argParser(nonEmpty),
    )
    .option('--greedy', 'methods that score: choose from the logits down, so that all is connected', false)
    .option('--signed', 'methods that score: choose by score instead of |score|: what helps most first', false)
    .addOption(
      new Option('--screen <x>', 'screened: edges that score x or more go into the search')
        .argParser(finiteNumber)
        .default(undefined, `${DEFAULTS.cutoffShare} of the threshold`),
    )
    .addOption(
      new Option('--retest <n>', 'screened: most edges near --screen that are cut one by one before the search')
        .argParser(count(0))
        .default(undefined, String(DEFAULTS.retest)),
    )
    .option('--compare', 'screened: also search from the whole model, and report both', false)
    .option('--abs', 'test the absolute effect: also keep edges whose removal improves the metric', false)
    .addOption(
      new Option(
        '--in-circuit',
        'also measure what each kept edge is worth in the circuit, and how good its strongest edges are alone',
      ).default(undefined, `unless more than ${EFFECTS_LIMIT} edges were chosen from scores`),
    )
    .option('--no-in-circuit', 'do not measure that')
    .option('--drop-idle', 'leave out edges that carry nothing in the circuit', false)
    .addOption(
      new Option(
        '--details',
        'also write details.json: answers, attention, what each node does and is worth, effects per prompt, connected circuits',
      ).default(undefined, `unless it takes more than ${DETAILS_LIMIT} MB`),
    )
    .option('--no-details', 'do not write details.json')
    .addOption(sparseOption())
    .addOption(
      new Option('--out <folder>', 'where results go')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<model>.<task>.<method>'),
    )
    .option('--resume', 'go on with an interrupted run into this folder, if there is one', false)
    .addOption(keepBeforeOption())
    .option('--force', 'write into a folder that holds something else', false)
    .addOption(adapterOption())
    .addOption(devicesOption())
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise discover --model tasks-4l --task ioi --prompts 32 --threshold 0.05\n  edgewise discover --model tasks-4l --task ioi --threshold 0.1,0.03,0.01\n  edgewise discover --model tasks-4l --task ioi --edges 60\n  edgewise discover --model tasks-4l --task ioi --method eap --edges 200\n  edgewise discover --model tasks-4l --task ioi --method screened',
    )
    .action(discover);
}

async function discover(flags: Flags): Promise<void> {
  const { method } = flags;
  const given = givenOptions(flags);
  refuseUnusedOfMethod({ method, ...given }, flagOf);
  const resuming = journalFlags(flags);
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const { model } = opened;
  const reader = await namedTaskReader(opened, flags.bos ?? DEFAULTS.bos);
  const promptFlags = { ...flags, task: taskArgument, metric: metricOf(method, flags.metric) };
  const task = await readPrompts(reader, promptFlags);
  const { checkPrompts } = flags;
  const others = checkPrompts && (await readOtherPrompts(reader, promptFlags, task, checkPrompts));
  tellPrompt(task);
  const topology = topologyOf(model);
  const { journal: _, ...options } = {
    ...given,
    method,
    meanOver: await readMeanOver(reader, flags.meanOver, flags.ablation ?? DEFAULTS.ablation, flags),
    ...(flags.predict !== undefined && {
      predict: parseScores(await readCircuitText(flags.predict), flags.predict, topology),
    }),
  };
  if (flags.dropIdle && flags.inCircuit === false) {
    throw new EdgewiseError('usage', '--drop-idle', 'needs what --no-in-circuit leaves unmeasured; give one of them');
  }
  const plan = planDiscovery(model, task, options as AskedDiscovery, flagOf);
  refuseNegative(flags, !isScoring(method));
  const folder = flags.out ?? join('runs', `${model.name}.${task.name}.${method}`);
  const results = new DiscoveryFolder(folder, plan, flags);
  await withClaims(results.folders, async () => {
    await assertNoJournal(folder, flags);
    await results.assertUsable(flags.resume);
    const bars = new RunBars();
    const found = (threshold: number, { kept, faithfulness }: Discovery): void => {
      if (flags.edges === undefined && flags.faithfulness === undefined) return;
      bars.stop();
      const reached = faithfulness === null ? 'undefined' : fixed(faithfulness, 3);
      note(`threshold ${threshold}: ${counted(kept, 'edge')}, faithfulness ${reached}`);
    };
    const form = { topology, prompts: task.pairs.length };
    const journals = { ...form, folder, ...resuming, quiet: () => bars.stop() };
    const { discoveries, measured, details, checks } = await withJournals(journals, (journal) =>
      withEngine(model, flags, async (engine) => {
        await warnOfTask(engine, task);
        const made = await plan.run(engine, { journal, progress: bars.show, found });
        const setting = { engine, task, plan, flags, reader, bars };
        const edges: (MeasuredEdges | undefined)[] = [];
        const inspected: (CircuitDetails | undefined)[] = [];
        const elsewhere: (OtherPrompts | undefined)[] = [];
        for (const one of made.chosen) {
          edges.push(await measuredEdges(one, setting));
          inspected.push(await detailsOf(one, edges.at(-1), setting));
          elsewhere.push(others ? await checkedOn(others, edges.at(-1)?.circuit ?? one.circuit, setting) : undefined);
        }
        return { discoveries: made, measured: edges, details: inspected, checks: elsewhere };
      }),
    );
    const written = (await results.write(discoveries, measured, details)).map((one, i) => ({
      ...one,
      check: checks[i],
    }));
    process.stdout.write(discoveryReport(written, discoveries.all, results.table, flags.json));
  });
}
