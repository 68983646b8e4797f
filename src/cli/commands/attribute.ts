import { counted } from '../../base/text.js';
import { Command, Option } from 'commander';
import { join } from 'node:path';
import { GRANULARITIES } from '../../circuit/run-identity.js';
import { scoredEdges, type Scores } from '../../circuit/scores.js';
import { writeScoresJson } from '../../files/index.js';
import { topologyOf } from '../../run/identity.js';
import { writePromptScores } from '../../run/prompt-scores-file.js';
import { planScoring, refuseUnusedOfScoring } from '../../run/methods/scores.js';
import { DEFAULTS, type AttributeOptions } from '../../run/options.js';
import { SCORING_METHOD_NAMES, type ScoringMethod } from '../../run/scoring-methods.js';
import { assertUsable, PROMPT_SCORES_FILE, SCORES_FILE, writeResult } from '../folder/result-folder.js';
import { withClaims } from '../folder/claimed-folders.js';
import { withJournals } from '../folder/run-journals.js';
import { assertNoJournal, assertResumes, removeJournals } from '../folder/search-journal.js';
import {
  flagOf,
  givenOptions,
  gradientOptions,
  journalFlags,
  metricOf,
  type MethodFlags,
} from '../options/method-options.js';
import {
  adapterOption,
  batchOption,
  devicesOption,
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
import { note } from '../report/progress.js';
import { shellPath } from '../report/shell-word.js';
import { RunBars } from '../report/run-progress.js';
import { signed, whole } from '../report/text-report.js';
import {
  namedTaskReader,
  openModelArgument,
  readMeanOver,
  readPrompts,
  required,
  tellPrompt,
  withEngine,
} from '../session.js';

interface Flags extends ModelFlags, TaskFlags, MethodFlags {
  readonly method: ScoringMethod;
  readonly perPrompt: boolean;
  readonly out?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function attributeCommand(): Command {
  const command = new Command('attribute')
    .description('Score every edge (or node, or neuron) of a model on a task. The scores go to scores.json.')
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(kvPortsOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to score').choices(SCORING_METHOD_NAMES).default(DEFAULTS.scoring))
    .addOption(metricOption(SEARCH_METRICS, () => DEFAULTS.scoringMetric));
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  for (const option of gradientOptions()) command.addOption(option);
  command.addOption(
    new Option('--granularity <unit>', 'what is scored').choices(GRANULARITIES).default(undefined, 'edge'),
  );
  return command
    .option('--direct-edges', "exact: also cut each head's own query, key and value", false)
    .option('--per-prompt', `also keep the scores of every edge on each prompt, in ${PROMPT_SCORES_FILE}`, false)
    .addOption(batchOption())
    .addOption(
      new Option('--out <folder>', 'where scores.json goes')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<model>.<task>.<method>'),
    )
    .option('--resume', 'exact: go on with an interrupted run into this folder, if there is one', false)
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
      '\nExamples:\n  edgewise attribute --model tasks-4l --task ioi --prompts 32\n  edgewise attribute --model tasks-4l --task ioi --method exact --metric kl\n  edgewise export scores.json --select top:60 --format gexf',
    )
    .action(attribute);
}

async function attribute(flags: Flags): Promise<void> {
  const { method } = flags;
  const given = givenOptions(flags);
  refuseUnusedOfScoring({ method, ...given }, flagOf);
  const resuming = journalFlags(flags);
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const { model } = opened;
  const reader = await namedTaskReader(opened, flags.bos ?? DEFAULTS.bos);
  const task = await readPrompts(reader, { ...flags, task: taskArgument, metric: metricOf(method, flags.metric) });
  tellPrompt(task);
  const meanOver = await readMeanOver(reader, flags.meanOver, flags.ablation ?? DEFAULTS.ablation, flags);
  const { journal: _, ...options } = { ...given, method, meanOver };
  const plan = planScoring(model, task, options as AttributeOptions<ScoringMethod>, 'taking gradients');
  const folder = flags.out ?? join('runs', `${model.name}.${task.name}.${method}`);
  await withClaims([folder], async () => {
    await assertNoJournal(folder, flags);
    // A circuit that was chosen from the same scores is another result.
    await assertUsable(folder, { ...plan.identity, selection: undefined }, flags.force);
    if (flags.resume) await assertResumes(folder, { ...plan.identity });

    const start = performance.now();
    const bars = new RunBars();
    const form = { topology: topologyOf(model), prompts: task.pairs.length };
    const journals = { ...form, folder, ...resuming, quiet: () => bars.stop() };
    const scores = await withJournals(journals, (journal) =>
      withEngine(model, flags, (engine) => plan.run(engine, { journal, progress: bars.show })),
    );
    if (method === 'exact' && scores.perPrompt === null && !flags.perPrompt) {
      note(
        'note: scores.json holds the mean over prompts alone; with fewer --prompts it also holds those of each prompt, and --per-prompt keeps them in a file of its own',
      );
    }
    const seconds = (performance.now() - start) / 1000;
    const files = await writeResult(folder, {
      [SCORES_FILE]: writeScoresJson(scores),
      [PROMPT_SCORES_FILE]: scores.byPrompt && writePromptScores(scores.byPrompt, { ...plan.identity }),
    });
    await removeJournals(folder);
    process.stdout.write(flags.json ? jsonReport(scores, files, seconds) : textReport(scores, files, seconds));
  });
}

function jsonReport(scores: Scores, [file, perPrompt]: readonly string[], seconds: number): string {
  const { provenance } = scores;
  const report = {
    method: provenance!.method,
    metric: provenance!.metric,
    granularity: provenance!.granularity,
    scored: scoredThings(scores).count,
    seconds,
    adapter: provenance!.adapter,
    file,
    ...(perPrompt !== undefined && { per_prompt: perPrompt }),
  };
  return `${JSON.stringify(report)}\n`;
}

function textReport(scores: Scores, files: readonly string[], seconds: number): string {
  const [file] = files as [string];
  const { method, metric, model, task, prompts, granularity, signConvention } = scores.provenance!;
  const { count: scored, strongest } = scoredThings(scores);
  const width = Math.max(...strongest.map(({ name }) => name.length));
  const lines = [
    `${task.name} on ${model.name}, ${counted(prompts.count, 'prompt')}: ${method}, ${metric}`,
    `  scored ${whole(scored)} ${granularity}s in ${seconds.toFixed(1)} s`,
    `strongest: ${signConvention}`,
    ...strongest.map(({ name, score }) => `  ${name.padEnd(width)}  ${signed(score)}`),
    ...files.map((path) => `written: ${path}`),
    granularity === 'edge'
      ? `choose a circuit: edgewise export ${shellPath(file)} --select top:100 --format json`
      : `choose a circuit: edgewise export ${shellPath(file)} --select top-nodes:20 --format json`,
  ];
  return `${lines.join('\n')}\n`;
}

/** How many edges, nodes or neurons are scored, and the ten with the largest |score|. */
function scoredThings(scores: Scores): { count: number; strongest: { name: string; score: number }[] } {
  const { topology, width, nodes, neurons, values } = scores;
  const [array, name] = neurons
    ? [neurons, (i: number) => `${topology.writerName(Math.floor(i / width!))}[${i % width!}]`]
    : nodes
      ? [nodes, (i: number) => topology.writerName(i)]
      : [values, (i: number) => topology.edgeName(i)];
  const order = [...array.keys()].filter((i) => !Number.isNaN(array[i]!));
  order.sort((a, b) => Math.abs(array[b]!) - Math.abs(array[a]!) || a - b);
  return {
    count: neurons || nodes ? order.length : scoredEdges(scores),
    strongest: order.slice(0, 10).map((i) => ({ name: name(i), score: array[i]! })),
  };
}
