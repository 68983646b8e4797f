import { Command, Option } from 'commander';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { SENDER_HEADS, type SenderHeads } from '../../circuit/run-identity.js';
import {
  checkRun,
  runIdentity,
  type Discovery,
  type DiscoveryOptions,
  type Engine,
  type InspectionOptions,
} from '../../engine.js';
import { CIRCUIT_WRITERS, writeDetails, writeTrace } from '../../export/index.js';
import type { Task } from '../../task/types.js';
import { VERSION } from '../../version.js';
import { detailsTooLarge, DETAILS_LIMIT } from '../details-limit.js';
import {
  adapterOption,
  finiteNumber,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  nonEmpty,
  patchOptions,
  promptOptions,
  SEARCH_METRICS,
  taskOption,
  tileOption,
  type ModelOptions,
  type PatchingOptions,
  type TaskOptions,
} from '../options.js';
import { note, progressBar } from '../progress.js';
import { assertUsable, writeResult } from '../result-folder.js';
import { hasJournal, openJournal, type SearchJournal } from '../search-journal.js';
import {
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  taskReader,
  withEngine,
  type TaskReader,
} from '../session.js';
import { counted, fixed, signed, strongestEdges, whole } from '../text-report.js';

interface Options extends ModelOptions, TaskOptions, PatchingOptions {
  readonly method: string;
  readonly threshold: number;
  readonly directEdges: boolean;
  readonly senderHeads: SenderHeads;
  readonly abs: boolean;
  /** Undefined where neither --details nor --no-details is given. */
  readonly details?: boolean;
  readonly out?: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export function discoverCommand(): Command {
  const command = new Command('discover')
    .description(
      'Prune a model down to the circuit of a task and write it as circuit.json, circuit.gexf, trace.jsonl and details.json.',
    )
    .addOption(modelOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to search').choices(['acdc']).default('acdc'))
    .addOption(metricOption(SEARCH_METRICS))
    .addOption(
      new Option('--threshold <x>', 'remove an edge whose effect on the metric is below x')
        .argParser(finiteNumber)
        .default(0.05),
    );
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  return command
    .option('--direct-edges', "also test each head's own query, key and value", false)
    .addOption(
      new Option('--sender-heads <order>', 'order of the heads inside a layer')
        .choices(SENDER_HEADS)
        .default('descending'),
    )
    .option('--abs', 'test the absolute effect: also keep edges whose removal improves the metric', false)
    .addOption(
      new Option(
        '--details',
        'also write details.json: attention patterns, direct effects and effects per prompt',
      ).default(undefined, `unless it takes more than ${DETAILS_LIMIT} MB`),
    )
    .option('--no-details', 'do not write details.json')
    .addOption(
      new Option('--out <folder>', 'where results go')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<model>.<task>.<method>'),
    )
    .option('--resume', 'go on with a search into this folder that was interrupted, if there is one', false)
    .option('--force', 'write into a folder that holds something else', false)
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText('after', '\nExample:\n  edgewise discover --model tasks-4l --task ioi --prompts 32 --threshold 0.05')
    .action(discover);
}

async function discover(options: Options): Promise<void> {
  const taskArgument = required(options.task, '--task');
  const opened = await openModelArgument(required(options.model, '--model'));
  const reader = await taskReader(opened, options.bos ?? 'auto');
  const task = await readPrompts(reader, { ...options, task: taskArgument });
  const search = await searchOptions(options, reader);
  checkRun(opened.model, task, search);

  const folder = options.out ?? join('runs', `${opened.model.name}.${task.name}.${options.method}`);
  await assertUsable(folder, runIdentity(opened.model, task, search), options.force);
  await assertNoJournal(folder, options);
  let journal: SearchJournal | undefined;
  const { discovery, details } = await withEngine(opened.model, options, async (engine) => {
    const key = {
      ...runIdentity(opened.model, task, search),
      engine: VERSION,
      adapter: engine.gpu.adapter,
      tile: engine.gpu.tile,
    };
    journal = await openJournal(folder, key, engine.topology, options.resume);
    const discovery = await searchWith(engine, task, search, journal);
    if (!detailsWanted(options.details, task, discovery.circuit)) return { discovery };
    const { tokenText } = reader;
    const details = await inspectCircuit(engine, task, discovery, { ...search, ...(tokenText && { tokenText }) });
    return { discovery, details };
  });

  const files = await writeResult(folder, {
    'circuit.json': CIRCUIT_WRITERS.json(discovery.circuit),
    'circuit.gexf': CIRCUIT_WRITERS.gexf(discovery.circuit),
    'trace.jsonl': writeTrace(discovery.trace),
    'details.json': details && writeDetails(details),
  });
  await journal?.remove();
  process.stdout.write(
    options.json ? `${JSON.stringify(jsonReport(discovery, files))}\n` : textReport(discovery, files),
  );
}

async function assertNoJournal(folder: string, { resume, force }: Options): Promise<void> {
  if (resume || force || !(await hasJournal(folder))) return;
  throw new EdgewiseError(
    'usage',
    folder,
    'holds a search that was interrupted: --resume goes on with it, --force starts anew',
  );
}

/** The search with its progress; when it is interrupted, how to go on is told. */
async function searchWith(
  engine: Engine,
  task: Task,
  search: DiscoveryOptions,
  journal: SearchJournal,
): Promise<Discovery> {
  const bar = progressBar('testing edges');
  const earlier = journal.earlier.length;
  if (earlier > 0) note(`going on after ${counted(earlier, 'test')} of the interrupted search`);
  let made = earlier;
  const interrupted = (signal: NodeJS.Signals): void => {
    bar.stop();
    journal.close();
    note(`interrupted after ${counted(made, 'test')}: the same command with --resume goes on from there`);
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    return await engine.discover(
      task,
      search,
      ({ tested, kept, decided, total }) => {
        made = tested;
        bar.update(decided, total, `${tested} tested, ${kept} kept`);
      },
      journal,
    );
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    bar.stop();
    journal.close();
  }
}

/** As told; otherwise unless details.json would become large, which is said. */
function detailsWanted(told: boolean | undefined, task: Task, circuit: Circuit): boolean {
  if (told !== undefined) return told;
  const remark = detailsTooLarge(task, circuit);
  if (remark !== undefined) note(remark);
  return remark === undefined;
}

async function inspectCircuit(
  engine: Engine,
  task: Task,
  discovery: Discovery,
  options: InspectionOptions,
): Promise<CircuitDetails> {
  const bar = progressBar('measuring details');
  try {
    return await engine.inspect(task, discovery, options, ({ done, total }) => {
      bar.update(done, total, `${done} of ${total} passes`);
    });
  } finally {
    bar.stop();
  }
}

async function searchOptions(options: Options, reader: TaskReader): Promise<DiscoveryOptions> {
  const ablation = options.ablation ?? 'resample';
  return {
    metric: options.metric ?? 'kl',
    ablation,
    input: options.input ?? 'token',
    meanOver: await readMeanOver(reader, options.meanOver, ablation),
    threshold: options.threshold,
    absolute: options.abs,
    senderHeads: options.senderHeads,
    directEdges: options.directEdges,
  };
}

function jsonReport(discovery: Discovery, files: readonly string[]): object {
  const { tested, kept, edges, initial, final, empty, seconds } = discovery;
  const { provenance } = discovery.circuit;
  return {
    tested,
    kept,
    edges,
    initial,
    final,
    empty,
    faithfulness: discovery.faithfulness,
    min_margin: provenance?.minMargin ?? null,
    seconds,
    adapter: provenance?.adapter,
    files,
  };
}

function textReport(discovery: Discovery, files: readonly string[]): string {
  const { circuit, tested, kept, edges, initial, final, empty, faithfulness, seconds } = discovery;
  const provenance = circuit.provenance!;
  const margin = provenance.minMargin;
  const lines = [
    `${provenance.task.name} on ${provenance.model.name}, ${counted(provenance.prompts.count, 'prompt')}, ${provenance.ablation} ablation`,
    `  kept ${whole(kept)} of ${counted(edges, 'edge')}: ${whole(tested)} tested in ${seconds.toFixed(1)} s at threshold ${provenance.threshold}`,
    `  ${provenance.metric} (lower is better): ${value(initial)} whole model, ${value(final)} circuit, ${value(empty)} empty circuit`,
    `  faithfulness ${faithfulness === null ? 'undefined: the whole model and the empty circuit do not differ' : fixed(faithfulness, 3)}`,
    ...(margin
      ? [`  closest decision: ${margin.edge}, ${Number(margin.margin.toPrecision(2))} from the threshold`]
      : []),
    ...headToHead(circuit),
    'files written',
    ...files.map((file) => `  ${file}`),
    `look at it: edgewise view ${dirname(files[0]!)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function headToHead(circuit: Circuit): string[] {
  const strongest = strongestEdges(circuit, 8, 'heads');
  if (strongest.length === 0) return ['no head-to-head edge is kept'];
  const width = Math.max(...strongest.map(({ name }) => name.length));
  return [
    'strongest head-to-head edges (effect: how much worse the metric gets without the edge)',
    ...strongest.map(({ name, effect }) => `  ${name.padEnd(width)}  ${signed(effect)}`),
  ];
}

const value = (metric: number): string => fixed(metric, 4);
