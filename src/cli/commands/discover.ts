import { Command, InvalidArgumentError, Option } from 'commander';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { CircuitDetails } from '../../circuit/details.js';
import { SENDER_HEADS, type SenderHeads } from '../../circuit/run-identity.js';
import { predictorOf, type Predictor } from '../../discover/look-ahead.js';
import type { Engine, InspectionOptions } from '../../engine.js';
import { CIRCUIT_WRITERS, parseScores, writeDetails, writeTrace } from '../../export/index.js';
import type { LoadedModel } from '../../model/load-model.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { readCircuitText } from '../../node/open-files.js';
import { checkRun, runIdentity, topologyOf, type DiscoveryOptions } from '../../run.js';
import type { Discovery } from '../../search.js';
import type { Task } from '../../task/types.js';
import { detailsTooLarge, DETAILS_LIMIT } from '../details-limit.js';
import { jsonReport, textReport, THRESHOLDS_FILE, thresholdsJson, type FoundFiles } from '../discover-report.js';
import {
  adapterOption,
  batchOption,
  count,
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
import { assertNoJournal } from '../search-journal.js';
import { runSearches, type Wanted } from '../searches.js';
import {
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  taskReader,
  withEngine,
  type TaskReader,
} from '../session.js';

interface Options extends ModelOptions, TaskOptions, PatchingOptions {
  readonly method: string;
  readonly threshold: readonly number[];
  readonly edges?: number;
  readonly batch?: number;
  readonly predict?: string;
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

/** `0.1,0.03`: one or more numbers, each once. */
function thresholds(text: string): number[] {
  const values = text.split(',').map(finiteNumber);
  if (new Set(values).size < values.length) throw new InvalidArgumentError('A threshold is given twice.');
  return values;
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
      new Option('--threshold <x>', 'remove an edge whose effect on the metric is below x; several: x,y,z')
        .argParser(thresholds)
        .default([0.05], '0.05'),
    )
    .addOption(
      new Option('--edges <n>', 'find a threshold that keeps about n edges, starting at --threshold').argParser(
        count(1),
      ),
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
    .addOption(batchOption())
    .addOption(
      new Option('--predict <file>', 'scores or a circuit that guess which edges stay, for tests made ahead').argParser(
        nonEmpty,
      ),
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
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise discover --model tasks-4l --task ioi --prompts 32 --threshold 0.05\n  edgewise discover --model tasks-4l --task ioi --threshold 0.1,0.03,0.01\n  edgewise discover --model tasks-4l --task ioi --edges 60',
    )
    .action(discover);
}

async function discover(options: Options): Promise<void> {
  const wanted = wantedOf(options);
  const taskArgument = required(options.task, '--task');
  const opened = await openModelArgument(required(options.model, '--model'));
  const reader = await taskReader(opened, options.bos ?? 'auto');
  const task = await readPrompts(reader, { ...options, task: taskArgument });
  const search = await searchOptions(options, reader);
  checkRun(opened.model, task, search);
  const predict = await readPredictor(options, opened.model, search);

  const folder = options.out ?? join('runs', `${opened.model.name}.${task.name}.${options.method}`);
  const several = wanted.thresholds.length > 1;
  const folderOf = (threshold: number): string => (several ? join(folder, `threshold-${threshold}`) : folder);
  for (const threshold of wanted.thresholds) {
    const { threshold: own, ...identity } = runIdentity(opened.model, task, { ...search, threshold });
    const run = wanted.edges === undefined ? { ...identity, threshold: own } : identity;
    await assertUsable(folderOf(threshold), run, options.force);
  }
  await assertNoJournal(folder, options);

  const { searches, details } = await withEngine(opened.model, options, async (engine) => {
    const setting = { folder, resume: options.resume, predict };
    const made = await runSearches(engine, task, search, wanted, setting);
    const inspected: (CircuitDetails | undefined)[] = [];
    for (const { discovery } of made.wanted) {
      if (!detailsWanted(options.details, task, discovery.circuit)) {
        inspected.push(undefined);
        continue;
      }
      const { tokenText } = reader;
      inspected.push(await inspectCircuit(engine, task, discovery, { ...search, ...(tokenText && { tokenText }) }));
    }
    return { searches: made, details: inspected };
  });

  const results: FoundFiles[] = [];
  for (const [i, found] of searches.wanted.entries()) {
    const { circuit, trace } = found.discovery;
    const files = await writeResult(folderOf(found.threshold), {
      'circuit.json': CIRCUIT_WRITERS.json(circuit),
      'circuit.gexf': CIRCUIT_WRITERS.gexf(circuit),
      'trace.jsonl': writeTrace(trace),
      'details.json': details[i] && writeDetails(details[i]),
    });
    results.push({ ...found, files });
  }
  const table = searches.all.length > 1 ? join(folder, THRESHOLDS_FILE) : undefined;
  if (table !== undefined) await writeFileAtomically(table, thresholdsJson(searches.all, results));
  await searches.forget();
  process.stdout.write(options.json ? jsonReport(results, table) : textReport(results, searches.all, table));
}

/** @throws EdgewiseError of kind usage where the options contradict each other. */
function wantedOf({ threshold: thresholds, edges }: Options): Wanted {
  if (edges === undefined) return { thresholds };
  const [first, ...further] = thresholds;
  if (further.length > 0) {
    throw new EdgewiseError('usage', '--edges', 'finds one threshold; --threshold says where to start, so give one');
  }
  if (!(first! > 0))
    throw new EdgewiseError('usage', '--threshold', `got ${first}; --edges needs one above 0 to start at`);
  return { edges, thresholds: [first!] };
}

/** Guesses from the scores of a file. */
async function readPredictor(
  { predict }: Options,
  model: LoadedModel,
  search: DiscoveryOptions,
): Promise<Predictor | undefined> {
  if (predict === undefined) return undefined;
  const scores = parseScores(await readCircuitText(predict), predict, topologyOf(model));
  return predictorOf(scores, search);
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
    threshold: options.threshold[0]!,
    absolute: options.abs,
    senderHeads: options.senderHeads,
    directEdges: options.directEdges,
    ...(options.batch !== undefined && { batch: options.batch }),
  };
}
