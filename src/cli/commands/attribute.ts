import { Command, Option } from 'commander';
import { join } from 'node:path';
import { GRANULARITIES, type Granularity } from '../../circuit/run-identity.js';
import { scoredEdges, type Scores } from '../../circuit/scores.js';
import { writeScoresJson } from '../../files/index.js';
import {
  checkScoring,
  SCORING_METHODS,
  scoringIdentity,
  type ScoringMethod,
  type ScoringOptions,
} from '../../run/scoring.js';
import { VERSION } from '../../version.js';
import {
  gradientOptionList,
  gradientOptions,
  refuseGiven,
  refuseUnused,
  type GradientOptions,
} from '../options/gradient-options.js';
import { withJournal } from '../folder/with-journal.js';
import {
  adapterOption,
  batchOption,
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
} from '../options/options.js';
import { note } from '../report/progress.js';
import { scoresWithProgress } from '../methods/scored.js';
import { assertUsable, SCORES_FILE, writeResult } from '../folder/result-folder.js';
import { assertNoJournal, assertResumes, journalFile, openJournal, removeJournals } from '../folder/search-journal.js';
import { openModelArgument, readMeanOver, readPrompts, required, taskReader, withEngine } from '../session.js';
import { counted, signed, whole } from '../report/text-report.js';

interface Options extends ModelOptions, TaskOptions, PatchingOptions, GradientOptions {
  readonly method: ScoringMethod;
  readonly directEdges: boolean;
  readonly granularity?: Granularity;
  readonly batch?: number;
  readonly out?: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export function attributeCommand(): Command {
  const command = new Command('attribute')
    .description(
      'Score every edge (or node, or neuron) of a model on a task, by cutting each one alone or by gradients, and write scores.json.',
    )
    .addOption(modelOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to score').choices(SCORING_METHODS).default('eap-ig-inputs'))
    .addOption(metricOption(SEARCH_METRICS, () => 'logit-diff'));
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  for (const option of gradientOptionList()) command.addOption(option);
  command.addOption(
    new Option('--granularity <unit>', 'what is scored').choices(GRANULARITIES).default(undefined, 'edge'),
  );
  return command
    .option('--direct-edges', "exact: also cut each head's own query, key and value", false)
    .addOption(batchOption())
    .addOption(
      new Option('--out <folder>', 'where scores.json goes')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<model>.<task>.<method>'),
    )
    .option('--resume', 'exact: go on with a run into this folder that was interrupted, if there is one', false)
    .option('--force', 'write into a folder that holds something else', false)
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise attribute --model tasks-4l --task ioi --prompts 32\n  edgewise attribute --model tasks-4l --task ioi --method exact --metric kl\n  edgewise export scores.json --select top:60 --format gexf',
    )
    .action(attribute);
}

async function attribute(options: Options): Promise<void> {
  const { method } = options;
  refuseUnused(method, options);
  if (method === 'information-flow') {
    refuseGiven(method, [
      ['--metric', options.metric !== undefined],
      ['--ablation', options.ablation !== undefined],
      ['--mean-over', options.meanOver !== undefined],
    ]);
  }
  const taskArgument = required(options.task, '--task');
  const opened = await openModelArgument(required(options.model, '--model'));
  const reader = await taskReader(opened, options.bos ?? 'auto');
  const task = await readPrompts(reader, { ...options, task: taskArgument });
  const ablation = options.ablation ?? 'resample';
  const scoring: ScoringOptions = {
    method,
    metric: options.metric ?? 'logit-diff',
    ablation,
    input: options.input ?? 'token',
    meanOver: await readMeanOver(reader, options.meanOver, ablation),
    ...gradientOptions(options),
    ...(options.granularity !== undefined && { granularity: options.granularity }),
    ...(options.directEdges && { directEdges: true }),
    ...(options.batch !== undefined && { batch: options.batch }),
  };
  checkScoring(opened.model, task, scoring);
  const identity = scoringIdentity(opened.model, task, scoring);
  const folder = options.out ?? join('runs', `${opened.model.name}.${task.name}.${method}`);
  // A circuit that was chosen from the same scores is another result.
  await assertUsable(folder, { ...identity, selection: undefined }, options.force);
  await assertNoJournal(folder, options);
  if (options.resume) await assertResumes(folder, { ...identity });

  const start = performance.now();
  const scores = await withEngine(opened.model, options, async (engine) => {
    if (method !== 'exact') return scoresWithProgress(engine, task, scoring, 'taking gradients');
    const exact = await engine.prepareExact(task, scoring);
    try {
      const key = { ...identity, engine: VERSION, adapter: engine.gpu.adapter, tile: engine.gpu.tile };
      const journal = await openJournal(join(folder, journalFile()), key, engine.topology, options.resume);
      return await withJournal('cutting edges', journal, (bar, made) =>
        exact.scores({
          journal,
          onProgress: ({ done, measured, total }) => {
            made(done);
            bar.update(done, total, `${done} of ${total}`, measured);
          },
        }),
      );
    } finally {
      exact.dispose();
    }
  });
  if (method === 'exact' && scores.perPrompt === null) {
    note(
      'note: scores.json holds the mean over prompts alone; with fewer --prompts it also holds those of each prompt',
    );
  }
  const seconds = (performance.now() - start) / 1000;
  const [file] = await writeResult(folder, { [SCORES_FILE]: writeScoresJson(scores) });
  await removeJournals(folder);
  process.stdout.write(options.json ? jsonReport(scores, file!, seconds) : textReport(scores, file!, seconds));
}

function jsonReport(scores: Scores, file: string, seconds: number): string {
  const { provenance } = scores;
  const report = {
    method: provenance!.method,
    metric: provenance!.metric,
    granularity: provenance!.granularity,
    scored: scoredThings(scores).count,
    seconds,
    adapter: provenance!.adapter,
    file,
  };
  return `${JSON.stringify(report)}\n`;
}

function textReport(scores: Scores, file: string, seconds: number): string {
  const { method, metric, model, task, prompts, granularity, signConvention } = scores.provenance!;
  const { count: scored, strongest } = scoredThings(scores);
  const width = Math.max(...strongest.map(({ name }) => name.length));
  const lines = [
    `${task.name} on ${model.name}, ${counted(prompts.count, 'prompt')}: ${method}, ${metric}`,
    `  scored ${whole(scored)} ${granularity}s in ${seconds.toFixed(1)} s`,
    `strongest: ${signConvention}`,
    ...strongest.map(({ name, score }) => `  ${name.padEnd(width)}  ${signed(score)}`),
    `written: ${file}`,
    granularity === 'edge'
      ? `choose a circuit: edgewise export ${file} --select top:100 --format json`
      : `choose a circuit: edgewise export ${file} --select top-nodes:20 --format json`,
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
