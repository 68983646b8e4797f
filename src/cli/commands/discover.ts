import { Command, InvalidArgumentError, Option } from 'commander';
import { join } from 'node:path';
import { SENDER_HEADS } from '../../circuit/run-identity.js';
import { ATTRIBUTION_METHODS } from '../../attribute/options.js';
import { checkRun, type DiscoveryOptions } from '../../run/identity.js';
import { DETAILS_LIMIT } from '../folder/details-limit.js';
import { DEFAULT_THRESHOLD, type DiscoverOptions } from '../methods/discover-context.js';
import { gradientOptionList, refuseGiven, refuseGradientOptions } from '../options/gradient-options.js';
import { discoverByAcdc } from '../methods/acdc.js';
import { discoverByScores } from '../methods/scored.js';
import { discoverScreened } from '../methods/screened.js';
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
} from '../options/options.js';
import { assertNoJournal } from '../folder/search-journal.js';
import { openModelArgument, readMeanOver, readPrompts, required, taskReader, type TaskReader } from '../session.js';

const METHODS = ['acdc', 'screened', ...ATTRIBUTION_METHODS] as const;

/** `0.1,0.03`: one or more numbers, each once. */
function thresholds(text: string): number[] {
  const values = text.split(',').map(finiteNumber);
  if (new Set(values).size < values.length) throw new InvalidArgumentError('A threshold is given twice.');
  return values;
}

export function discoverCommand(): Command {
  const command = new Command('discover')
    .description(
      'Find the circuit of a task: prune the model (acdc), choose from scores (eap-ig-inputs and others), or both (screened). Writes circuit.json, circuit.gexf, trace.jsonl, scores.json and details.json.',
    )
    .addOption(modelOption())
    .addOption(taskOption())
    .addOption(new Option('--method <name>', 'how to search').choices(METHODS).default('acdc'))
    .addOption(metricOption(SEARCH_METRICS, () => 'kl; logit-diff for methods that score'))
    .addOption(
      new Option(
        '--threshold <x>',
        'remove an edge whose effect on the metric is below x; several: x,y,z. Methods that score: keep scores from x up',
      )
        .argParser(thresholds)
        .default(undefined, String(DEFAULT_THRESHOLD)),
    )
    .addOption(
      new Option(
        '--edges <n>',
        'acdc: find a threshold that keeps about n edges, starting at --threshold. Methods that score: choose n',
      ).argParser(count(1)),
    );
  for (const option of promptOptions()) command.addOption(option);
  for (const option of patchOptions()) command.addOption(option);
  for (const option of gradientOptionList()) command.addOption(option);
  return command
    .option('--direct-edges', "also test each head's own query, key and value", false)
    .addOption(
      new Option('--sender-heads <order>', 'order of the heads inside a layer')
        .choices(SENDER_HEADS)
        .default(undefined, 'descending'),
    )
    .addOption(batchOption())
    .addOption(
      new Option('--predict <file>', 'scores or a circuit that guess which edges stay, for tests made ahead').argParser(
        nonEmpty,
      ),
    )
    .option('--greedy', 'methods that score: choose from the logits down, so that all is connected', false)
    .option('--signed', 'methods that score: choose by score instead of |score|: what helps most first', false)
    .addOption(
      new Option('--screen <x>', 'screened: edges that score x or more go into the search')
        .argParser(finiteNumber)
        .default(undefined, 'a tenth of the threshold'),
    )
    .addOption(
      new Option('--retest <n>', 'screened: most edges near --screen that are tested exactly before')
        .argParser(count(0))
        .default(undefined, '200'),
    )
    .option('--compare', 'screened: also search from the whole model, and say what both cost', false)
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
      '\nExamples:\n  edgewise discover --model tasks-4l --task ioi --prompts 32 --threshold 0.05\n  edgewise discover --model tasks-4l --task ioi --threshold 0.1,0.03,0.01\n  edgewise discover --model tasks-4l --task ioi --edges 60\n  edgewise discover --model tasks-4l --task ioi --method eap --edges 200\n  edgewise discover --model tasks-4l --task ioi --method screened',
    )
    .action(discover);
}

async function discover(options: DiscoverOptions): Promise<void> {
  const { method } = options;
  refuseForeign(options);
  const taskArgument = required(options.task, '--task');
  const opened = await openModelArgument(required(options.model, '--model'));
  const reader = await taskReader(opened, options.bos ?? 'auto');
  const task = await readPrompts(reader, { ...options, task: taskArgument });
  const search = await searchOptions(options, reader);
  checkRun(opened.model, task, search);
  const folder = options.out ?? join('runs', `${opened.model.name}.${task.name}.${method}`);
  await assertNoJournal(folder, options);
  const by = method === 'acdc' ? discoverByAcdc : method === 'screened' ? discoverScreened : discoverByScores;
  process.stdout.write(await by({ options, opened, reader, task, search, folder }));
}

/** Options of another method are refused rather than left aside. */
function refuseForeign(options: DiscoverOptions): void {
  const { method, greedy, signed, screen, retest, compare, predict, abs, senderHeads, scope } = options;
  const searches = method === 'acdc' || method === 'screened';
  refuseGiven(method, [
    ['--greedy', greedy && searches],
    ['--signed', signed && searches],
    ['--screen', screen !== undefined && method !== 'screened'],
    ['--retest', retest !== undefined && method !== 'screened'],
    ['--compare', compare && method !== 'screened'],
    ['--scope', scope !== undefined && method === 'screened'],
    ['--predict', predict !== undefined && method !== 'acdc'],
    ['--abs', abs && !searches],
    ['--sender-heads', senderHeads !== undefined && !searches],
  ]);
  if (method === 'acdc') refuseGradientOptions(options);
}

async function searchOptions(options: DiscoverOptions, reader: TaskReader): Promise<DiscoveryOptions> {
  const ablation = options.ablation ?? 'resample';
  return {
    metric: options.metric ?? (options.method === 'acdc' || options.method === 'screened' ? 'kl' : 'logit-diff'),
    ablation,
    input: options.input ?? 'token',
    meanOver: await readMeanOver(reader, options.meanOver, ablation),
    threshold: options.threshold?.[0] ?? DEFAULT_THRESHOLD,
    absolute: options.abs,
    senderHeads: options.senderHeads ?? 'descending',
    directEdges: options.directEdges,
    ...(options.batch !== undefined && { batch: options.batch }),
  };
}
