import { Command, Option } from 'commander';
import { basename, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { sha256 } from '../../base/sha256.js';
import type { Circuit, Provenance } from '../../circuit/circuit.js';
import { withSign, type Scores, type ScoresProvenance } from '../../circuit/scores.js';
import { DEFAULT_MEASURES } from '../../evaluate/measures.js';
import {
  neuronsLeftOut,
  openCircuit,
  openImport,
  parseDraws,
  readableFormats,
  writeDraws,
  writeReport,
  type FileDraws,
  type ModelShape,
} from '../../files/index.js';
import { JUDGEMENT_NAMES, judgementsBy } from '../../judge/judgements.js';
import type { JudgeProgress } from '../../judge/judged.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { openTaskFile, readCircuitText } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { assertFolder } from '../../node/writable-folder.js';
import { METRIC_NAMES, type MetricName } from '../../readout/metrics.js';
import { asRunProgress } from '../../run/aids.js';
import { asFound, evaluationAsFound, knownMetric } from '../../run/as-found.js';
import { checkRun, taskIdentity, topologyOf } from '../../run/identity.js';
import { DEFAULTS, type EvaluationOptions } from '../../run/options.js';
import { VERSION } from '../../version.js';
import { withClaims } from '../folder/claimed-folders.js';
import {
  checkJudgeFlags,
  judgementsAsked,
  judgeOptions,
  measuresHelp,
  type JudgeFlags,
} from '../options/judge-options.js';
import { flagOf } from '../options/method-options.js';
import {
  adapterOption,
  count,
  MAX_SEED,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  patchOptions,
  promptOptions,
  taskOption,
  tileOption,
  type ModelFlags,
  type PatchingFlags,
  type TaskFlags,
} from '../options/options.js';
import {
  circuitReport,
  evaluationJson,
  evaluationText,
  evaluationTitle,
  type Evaluated,
  type MeasuredFile,
} from '../report/evaluate-report.js';
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

interface Flags extends ModelFlags, TaskFlags, PatchingFlags, JudgeFlags {
  readonly seed: number;
  readonly json: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('Measure a circuit beside the whole model, the empty circuit and a random circuit of its size.')
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
  for (const option of judgeOptions()) command.addOption(option);
  return command
    .addOption(
      new Option('--seed <n>', 'seed of everything that is drawn').argParser(count(0, MAX_SEED)).default(DEFAULTS.seed),
    )
    .addOption(adapterOption())
    .addOption(tileOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      `\nAn option that is not given is as the circuit was found, or the scores were\ncomputed. A note on stderr says where a given one differs.\n\n${measuresHelp()}\n\nExamples:\n  edgewise evaluate --model tasks-4l --task ioi --circuit runs/ioi --metric logit-diff --measures all --out runs/ioi-report\n  edgewise evaluate --model tasks-4l --task ioi --scores scores.json --measures areas`,
    )
    .action(evaluate);
}

const orTheCircuits = (value: string): string => `the circuit's, or ${value}`;

/** What is measured: a circuit, scores, or both. What the first of them says of its run is the default. */
interface Subject {
  readonly path: string;
  readonly circuit: (MeasuredFile & { readonly circuit: Circuit; readonly found: Provenance | null }) | null;
  readonly scores: (MeasuredFile & { readonly scores: Scores }) | null;
  readonly found: Provenance | ScoresProvenance | null;
}

async function openSubject(flags: Flags, model: ModelShape): Promise<Subject> {
  const path = await oneCircuitAt(flags.scores === undefined ? required(flags.circuit, '--circuit') : flags.scores);
  const circuit = flags.circuit === undefined ? null : await openKept(await oneCircuitAt(flags.circuit), model);
  const scores = flags.scores === undefined ? null : await openScores(path, flags.sign, model);
  const found = circuit ? circuit.found : (scores?.scores.provenance ?? null);
  return { path: circuit?.path ?? path, circuit, scores, found };
}

async function openKept(path: string, model: ModelShape) {
  const text = await readCircuitText(path);
  const { file, circuit } = openCircuit(text, path, { model });
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) throw new EdgewiseError('circuit', path, masked);
  return { path, circuit, found: file.provenance ?? null, ...(await fileOf(path, text)) };
}

async function openScores(path: string, sign: Flags['sign'], model: ModelShape) {
  const text = await readCircuitText(path);
  const { scores } = openImport(text, path, { model });
  if (!scores) throw new EdgewiseError('circuit', path, 'scores no edge, expected a file with scores');
  return { scores: sign === undefined ? scores : withSign(scores, sign), ...(await fileOf(path, text)) };
}

async function fileOf(path: string, text: string): Promise<MeasuredFile> {
  return { name: basename(path), sha256: await sha256(new TextEncoder().encode(text)) };
}

async function evaluate(flags: Flags): Promise<void> {
  checkJudgeFlags(flags);
  const taskArgument = required(flags.task, '--task');
  const opened = await openModelArgument(flags);
  const shape = { topology: topologyOf(opened.model), width: null };
  const subject = await openSubject(flags, shape);
  const { path, found } = subject;
  const truth = flags.against === undefined ? null : await openKept(await oneCircuitAt(flags.against), shape);
  const thing = subject.circuit ? 'the circuit was found' : 'the scores were computed';
  const differ = (option: string, given: unknown, before: unknown): void =>
    note(`note: ${option} ${String(given)} instead of ${String(before)}, with which ${thing}`);
  if (found && found.model.hash !== opened.model.hash) {
    note(`note: ${thing} on another model, ${found.model.name}`);
  }

  const reader = await namedTaskReader(opened, flags.bos ?? found?.bos ?? DEFAULTS.bos);
  const bos = reader.tokenizer?.identity.bos;
  if (flags.bos !== undefined && found && bos !== undefined && bos !== found.bos) differ('--bos', bos, found.bos);
  const taskFile = await openTaskFile(taskArgument);
  const hash = await sha256(taskFile.bytes);
  // Rows of another task file mean nothing here.
  const rows = found && found.task.hash === hash ? found.prompts : undefined;
  if (found && !rows) {
    note(`note: ${thing} on another task, ${found.task.name}; its --prompts and --skip are left aside`);
  }
  const skip = asFound('--skip', flags.skip, rows?.skip, 0, differ);
  const prompts = asFound('--prompts', flags.prompts, rows?.count, undefined, differ);
  const { answers, columns, dropped } = (rows && found?.reading) ?? {};
  const byDefault = subject.circuit ? DEFAULTS.searchMetric : DEFAULTS.scoringMetric;
  const task = await readPrompts(reader, {
    ...(answers && { answers }),
    ...(columns && { columns }),
    ...flags,
    dropBadRows: flags.dropBadRows === true || dropped !== undefined,
    task: taskFile,
    prompts,
    skip,
    metric: flags.metric ?? knownMetric(found) ?? byDefault,
    ablation: flags.ablation ?? found?.ablation,
  });
  tellPrompt(task);
  if (found && knownMetric(found) === undefined) {
    note(`note: ${path} was found with the metric ${found.metric}, which this engine does not have`);
  }
  const options = await optionsOf(flags, reader, found, byDefault, differ);
  checkRun(opened.model, task, options);
  const names = judgementsAsked(flags, options.metric);
  tellLeftOut(flags, options.metric);
  const { levels, ...draws } = flags.draws === undefined ? {} : await readDraws(flags.draws, shape, task.pairs.length);
  const report = flags.out === undefined ? undefined : join(flags.out, REPORT_FILE);
  if (flags.out !== undefined) await assertFolder(flags.out);
  for (const file of [report, flags.writeDraws]) if (file !== undefined) await assertOutput(file);

  const bars = new RunBars();
  const tell = (progress: JudgeProgress): void => bars.show(asRunProgress(progress));
  const { circuit, scores } = subject;
  const { evaluated, adapter } = await withEngine(opened.model, flags, async (engine) => {
    const evaluation = circuit
      ? await engine.evaluate(task, circuit.circuit.kept, options, DEFAULT_MEASURES, flags.seed)
      : null;
    const asked = { seed: flags.seed, draws, levels };
    const judgements =
      circuit && names.length > 0 ? await engine.judge(task, circuit.circuit.kept, options, names, asked, tell) : null;
    const rankings = flags.selection && [flags.selection];
    const areas = scores
      ? await engine.areas(task, scores.scores, options, { rankings, truth: truth?.circuit.kept }, tell)
      : null;
    const title = evaluationTitle(task.name, task.pairs.length, options.ablation, options.metric);
    const all: Evaluated = { title, evaluation, judgements, areas, prompts: task.pairs.length };
    return { evaluated: all, adapter: engine.gpu.adapter };
  }).finally(() => bars.stop());

  const { judgements } = evaluated;
  if (flags.writeDraws !== undefined && judgements) {
    if (!judgements.draws) note(`note: nothing was drawn, so that ${flags.writeDraws} is not written`);
    else await writeFileAtomically(flags.writeDraws, writeDraws(judgements.draws, judgements.levels, shape.topology));
  }
  if (report !== undefined) {
    const {
      model,
      task: of,
      prompts: used,
      metric,
      ablation,
      input,
      meanOver,
    } = taskIdentity(opened.model, task, options);
    const setting = {
      engine_version: VERSION,
      adapter,
      model: { name: model.name, hash: model.hash },
      task: { name: of.name, hash: of.hash },
      prompts: used,
      metric,
      ablation,
      input,
      mean_over: meanOver,
    };
    const files = { circuit, scores: scores && { name: scores.name, sha256: scores.sha256 }, seed: flags.seed };
    const text = writeReport(circuitReport(evaluated, setting, files));
    await withClaims([flags.out!], () => writeFileAtomically(report, text));
    note(`written: ${report}`);
  }
  process.stdout.write(flags.json ? evaluationJson(evaluated) : evaluationText(evaluated));
}

const REPORT_FILE = 'report.json';

async function optionsOf(
  flags: Flags,
  reader: NamedTaskReader,
  found: Subject['found'],
  byDefault: MetricName,
  differ: (option: string, given: unknown, before: unknown) => void,
): Promise<EvaluationOptions> {
  const { metric = knownMetric(found) === undefined ? byDefault : undefined, ablation, input, meanOver } = flags;
  const ablationHere = ablation ?? found?.ablation ?? DEFAULTS.ablation;
  const asked = {
    ...(metric && { metric }),
    ...(ablation && { ablation }),
    ...(input && { input }),
    ...(meanOver !== undefined && { meanOver: await readMeanOver(reader, meanOver, ablationHere, flags) }),
  };
  const differs = (option: Parameters<typeof flagOf>[0], given: unknown, before: unknown): void =>
    differ(flagOf(option), given, before);
  return evaluationAsFound(asked, found, { differs, nameOf: flagOf });
}

/** What `all` leaves out, with the reason. */
function tellLeftOut({ measures, circuit }: Flags, metric: MetricName): void {
  if (measures !== 'all' || circuit === undefined) return;
  const left = JUDGEMENT_NAMES.filter((name) => !judgementsBy(metric).includes(name));
  if (left.length > 0) note(`note: left out, because they say nothing by the metric ${metric}: ${left.join(', ')}`);
}

async function readDraws(path: string, { topology }: ModelShape, prompts: number): Promise<FileDraws> {
  return parseDraws(await readCircuitText(path), path, topology, prompts);
}
