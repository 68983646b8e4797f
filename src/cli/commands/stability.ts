import { Command, Option } from 'commander';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { parseStrictJson } from '../../base/json/strict-json.js';
import type { Circuit } from '../../circuit/circuit.js';
import type { PromptScores } from '../../circuit/prompt-scores.js';
import { SENDER_HEADS } from '../../circuit/run-identity.js';
import { CIRCUIT_WRITERS, openCircuit, parseScores, type ModelShape } from '../../files/index.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { openTaskFile, readCircuitText, readWhole } from '../../node/open-files.js';
import { refuseOtherShape, topologyOf } from '../../run/identity.js';
import { shapeOf, withPortsOf } from '../circuit-run.js';
import { METHOD_NAMES, type MethodName } from '../../run/methods/index.js';
import { DEFAULTS } from '../../run/options.js';
import { readPromptScores } from '../../run/prompt-scores-file.js';
import { DEFAULT_DRAWS, planStability, type StabilityOptions, type StabilityPlan } from '../../run/stability.js';
import { readResamples } from '../../stability/draws.js';
import { withStability, type Stability } from '../../stability/report.js';
import { redrawnTaskFile } from '../../task/redrawn.js';
import type { Task } from '../../task/types.js';
import { withClaims } from '../folder/claimed-folders.js';
import { differences } from '../folder/journal-rows.js';
import { assertUsable, writeResult } from '../folder/result-folder.js';
import { withJournals } from '../folder/run-journals.js';
import { assertNoJournal, assertResumes, removeJournals } from '../folder/search-journal.js';
import { STABILITY_FILE, stabilityJson, stabilityObject } from '../folder/stability-file.js';
import { stabilityCard } from '../../stability/card.js';
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
  taskOption,
  tileOption,
  weightsOption,
  type ModelFlags,
  type TaskFlags,
} from '../options/options.js';
import { stabilityOptions, type StabilityFlags } from '../options/stability-options.js';
import { refuseNegative, thresholdOptions, type ThresholdFlags } from '../options/threshold-options.js';
import { note } from '../report/progress.js';
import { RunBars } from '../report/run-progress.js';
import {
  namedTaskReader,
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  tellPrompt,
  withEngine,
  type NamedTaskReader,
} from '../session.js';

interface Flags extends ModelFlags, TaskFlags, MethodFlags, ThresholdFlags, StabilityFlags {
  readonly method: MethodName;
  readonly circuit?: string;
  readonly out?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function stabilityCommand(): Command {
  const command = new Command('stability')
    .description(
      'How far a circuit can be trusted: make the search again on other prompts (or seeds, orders, thresholds), and on prompts that have lost their answers.',
    )
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(kvPortsOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to search').choices(METHOD_NAMES).default(DEFAULTS.scoring))
    .addOption(
      metricOption(SEARCH_METRICS, () => `${DEFAULTS.scoringMetric}; ${DEFAULTS.searchMetric} for methods that search`),
    );
  for (const option of stabilityOptions()) command.addOption(option);
  command.addOption(
    new Option('--edges <n>', 'methods that score: choose n edges, unpruned. acdc: keep about n').argParser(count(1)),
  );
  for (const option of thresholdOptions()) command.addOption(option);
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  for (const option of gradientOptions()) command.addOption(option);
  return command
    .option('--direct-edges', "methods that search: also test each head's own query, key and value", false)
    .addOption(
      new Option('--sender-heads <order>', 'order of the heads inside a layer')
        .choices(SENDER_HEADS)
        .default(undefined, DEFAULTS.senderHeads),
    )
    .addOption(batchOption())
    .addOption(
      new Option('--predict <file>', 'acdc: scores or a circuit that guess which edges stay').argParser(nonEmpty),
    )
    .option('--greedy', 'methods that score: choose from the logits down, so that all is connected', false)
    .option('--signed', 'methods that score: choose by score instead of |score|', false)
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
    .option('--abs', 'methods that search: test the absolute effect', false)
    .addOption(
      new Option('--circuit <path>', 'the circuit that the numbers are written into')
        .argParser(nonEmpty)
        .default(undefined, 'the one found on all prompts'),
    )
    .addOption(
      new Option('--out <folder>', 'where results go')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<model>.<task>.<method>.stability'),
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
      '\nExamples:\n  edgewise stability --model tasks-4l --task ioi --prompts 32 --edges 60\n  edgewise stability --model tasks-4l --task ioi --prompts 16 --method acdc\n  edgewise stability --model tasks-4l --task ioi --over templates --edges 60',
    )
    .action(stability);
}

async function stability(flags: Flags): Promise<void> {
  const { method } = flags;
  const resuming = journalFlags(flags);
  const taskArgument = required(flags.task, '--task');
  const given = await openModelArgument(flags);
  const circuit = flags.circuit === undefined ? undefined : await circuitAt(flags.circuit, shapeOf(given));
  const opened = circuit && flags.kvPorts === undefined ? withPortsOf(given, circuit.topology) : given;
  const { model } = opened;
  const topology = topologyOf(model);
  const reader = await namedTaskReader(opened, flags.bos ?? DEFAULTS.bos);
  const reading = { ...flags, metric: metricOf(method, flags.metric) };
  const file = await openTaskFile(taskArgument);
  const task = await readPrompts(reader, { ...reading, task: file });
  tellPrompt(task);
  const { journal: _, ...options } = givenOptions(flags);
  const kept = await keptScores(flags);
  refuseNegative(flags, !isScoring(method));
  const asked = {
    ...options,
    method,
    meanOver: await readMeanOver(reader, flags.meanOver, flags.ablation ?? DEFAULTS.ablation, flags),
    ...(flags.predict !== undefined && {
      predict: parseScores(await readCircuitText(flags.predict), flags.predict, topology),
    }),
    over: flags.over,
    seed: flags.seed,
    nullControl: flags.nullControl,
    ...(await drawsOf(flags, task)),
    ...(flags.over === 'seeds' && { redrawn: await redrawnTasks(reader, { ...reading, task: file }, flags) }),
    ...(kept && { promptScores: kept.scores }),
  };
  const plan = planStability(model, task, asked as StabilityOptions, flagOf);
  if (kept) refuseOtherScoring(flags.scoresPerPrompt!, kept.run, plan);
  if (circuit) refuseOtherShape(topology, circuit.kept);
  const folder = flags.out ?? join('runs', `${model.name}.${task.name}.${method}.stability`);
  await withClaims([folder], async () => {
    await assertNoJournal(folder, flags);
    await assertUsable(
      folder,
      { selection: undefined, ...plan.identity, ...plan.asked, stability: plan.record },
      flags.force,
    );
    if (flags.resume) await assertResumes(folder, { stability: plan.key });
    const start = performance.now();
    const bars = new RunBars();
    const journals = { topology, prompts: task.pairs.length, folder, ...resuming, quiet: () => bars.stop() };
    const { found, adapter } = await withJournals(journals, (journal) =>
      withEngine(model, flags, async (engine) => ({
        found: await plan.run(engine, { journal, progress: bars.show }),
        adapter: engine.gpu.adapter,
      })),
    );
    const seconds = (performance.now() - start) / 1000;
    const marked = withStability(circuit ?? found.full, found);
    const files = await writeResult(folder, {
      [STABILITY_FILE]: stabilityJson(plan, found),
      'circuit.json': CIRCUIT_WRITERS.json(marked),
      'circuit.gexf': CIRCUIT_WRITERS.gexf(marked),
    });
    await removeJournals(folder);
    process.stdout.write(
      flags.json ? jsonReport(plan, found, { seconds, adapter, files }) : textReport(task, plan, found, files),
    );
  });
}

/** The draws that a file or a number gives. */
async function drawsOf(
  { resamples, draws, over }: Flags,
  { pairs }: Task,
): Promise<Pick<StabilityOptions, 'resamples' | 'draws'>> {
  if (draws !== undefined && over !== 'prompts' && over !== 'seeds') {
    throw new EdgewiseError('usage', '--draws', `says how many times prompts are drawn, and --over is ${over}`);
  }
  if (resamples === undefined) return draws === undefined ? {} : { draws };
  if (draws !== undefined) throw new EdgewiseError('usage', '--draws', '--resamples says itself how many there are');
  const json = parseStrictJson(await readCircuitText(resamples), resamples, 'usage');
  return { resamples: readResamples(json, resamples, pairs.length) };
}

/** The same task drawn with the seeds that follow on its own. */
async function redrawnTasks(
  reader: NamedTaskReader,
  reading: Parameters<typeof readPrompts>[1],
  { draws = DEFAULT_DRAWS }: Flags,
): Promise<Task[]> {
  const tasks: Task[] = [];
  const { task: file } = reading;
  if (typeof file === 'string') return tasks;
  for (let further = 1; further <= draws; further++) {
    tasks.push(await readPrompts(reader, { ...reading, task: redrawnTaskFile(file, further) }));
  }
  return tasks;
}

async function keptScores({
  scoresPerPrompt: path,
}: Flags): Promise<{ readonly scores: PromptScores; readonly run: Readonly<Record<string, unknown>> } | undefined> {
  return path === undefined ? undefined : readPromptScores(await readWhole(path, 'circuit'), path);
}

/** @throws EdgewiseError of kind usage that names what differs, where scores are of another run. */
function refuseOtherScoring(
  path: string,
  theirs: Readonly<Record<string, unknown>>,
  { identity }: StabilityPlan,
): void {
  const mine = { ...identity };
  const different = differences(theirs, mine, Object.keys(mine));
  if (different === undefined) return;
  throw new EdgewiseError(
    'usage',
    path,
    `holds scores of a run that differs in ${different}; make them with the same options`,
  );
}

async function circuitAt(path: string, model: ModelShape): Promise<Circuit> {
  const at = await oneCircuitAt(path);
  const { circuit, notes } = openCircuit(await readCircuitText(at), at, { model });
  for (const remark of notes) note(`note: ${remark}`);
  return circuit;
}

function jsonReport(
  { identity, record }: StabilityPlan,
  found: Stability,
  rest: { readonly seconds: number; readonly adapter: string; readonly files: readonly string[] },
): string {
  const { method, metric } = identity;
  const { seed, nullControl } = record;
  return `${JSON.stringify({ method, metric, seed, null_control_made: nullControl, ...stabilityObject(found), ...rest })}\n`;
}

function textReport(task: Task, { identity }: StabilityPlan, found: Stability, files: readonly string[]): string {
  const lines = [
    `${task.name} on ${identity.model!.name}, ${task.pairs.length} prompts: ${identity.method}, ${identity.metric}`,
    ...stabilityCard(found).map((sentence) => `  ${sentence}`),
    'files written',
    ...files.map((path) => `  ${path}`),
  ];
  return `${lines.join('\n')}\n`;
}
