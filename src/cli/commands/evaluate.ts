import { Command, Option } from 'commander';
import { basename } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { sha256 } from '../../base/sha256.js';
import type { Circuit, Provenance } from '../../circuit/circuit.js';
import { withSign, type Scores } from '../../circuit/scores.js';
import { DEFAULT_MEASURES } from '../../evaluate/measures.js';
import {
  openImport,
  parseDraws,
  readableFormats,
  writeDraws,
  type FileDraws,
  type ModelShape,
} from '../../files/index.js';
import { JUDGEMENT_NAMES, judgementsBy } from '../../judge/judgements.js';
import type { JudgeProgress } from '../../judge/judged.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { readCircuitText } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { METRIC_NAMES, type MetricName } from '../../readout/metrics.js';
import { asRunProgress } from '../../run/aids.js';
import { taskIdentity } from '../../run/identity.js';
import { DEFAULTS } from '../../run/options.js';
import { VERSION } from '../../version.js';
import { CIRCUIT_FOUND, openRun, readCircuit, shapeOf, withPortsOf, type FoundThing } from '../circuit-run.js';
import { assertReportFolder, writeReportFolder } from '../folder/report-folder.js';
import {
  checkJudgeFlags,
  judgementsAsked,
  judgeOptions,
  measuresHelp,
  type JudgeFlags,
} from '../options/judge-options.js';
import {
  adapterOption,
  count,
  devicesOption,
  MAX_SEED,
  ignoreConfigOption,
  jsonOption,
  memoryOption,
  metricOption,
  modelOption,
  orTheCircuits,
  patchOptions,
  promptOptions,
  taskOption,
  tileOption,
  weightsOption,
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
import { openModelArgument, required, withEngine } from '../session.js';

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
    .addOption(devicesOption())
    .addOption(tileOption())
    .addOption(weightsOption())
    .addOption(memoryOption())
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      `\nAn option that is not given is as the circuit was found, or the scores were\ncomputed. A note on stderr says where a given one differs.\n\n${measuresHelp()}\n\nExamples:\n  edgewise evaluate --model tasks-4l --task ioi --circuit runs/ioi \\\n    --metric logit-diff --measures all --out runs/ioi\n  edgewise evaluate --model tasks-4l --task ioi --scores scores.json \\\n    --measures areas`,
    )
    .action(evaluate);
}

/** What is measured: a circuit, scores, or both. What the first of them says of its run is the default. */
interface Subject extends FoundThing {
  readonly circuit: (MeasuredFile & { readonly circuit: Circuit; readonly found: Provenance | null }) | null;
  readonly scores: (MeasuredFile & { readonly scores: Scores }) | null;
}

async function openSubject(flags: Flags, model: ModelShape): Promise<Subject> {
  const circuit = flags.circuit === undefined ? null : await openKept(await oneCircuitAt(flags.circuit), model);
  const scores =
    flags.scores === undefined ? null : await openScores(await oneCircuitAt(flags.scores), flags.sign, model);
  if (circuit) {
    return {
      circuit,
      scores,
      path: circuit.path,
      found: CIRCUIT_FOUND,
      run: circuit.found,
      metric: DEFAULTS.searchMetric,
    };
  }
  if (!scores) throw new EdgewiseError('usage', '--circuit', 'is needed');
  const run = scores.scores.provenance ?? null;
  return { circuit, scores, path: scores.path, found: 'the scores were computed', run, metric: DEFAULTS.scoringMetric };
}

async function openKept(path: string, model: ModelShape) {
  const { text, read } = await readCircuit(path, model);
  const { file, circuit } = read;
  return { path, circuit, found: file.provenance ?? null, ...(await fileOf(path, text)) };
}

async function openScores(path: string, sign: Flags['sign'], model: ModelShape) {
  const text = await readCircuitText(path);
  const { scores } = openImport(text, path, { model });
  if (!scores) throw new EdgewiseError('circuit', path, 'scores no edge, expected a file with scores');
  return { path, scores: sign === undefined ? scores : withSign(scores, sign), ...(await fileOf(path, text)) };
}

async function fileOf(path: string, text: string): Promise<MeasuredFile> {
  return { name: basename(path), sha256: await sha256(new TextEncoder().encode(text)) };
}

async function evaluate(flags: Flags): Promise<void> {
  checkJudgeFlags(flags);
  required(flags.task, '--task');
  const given = await openModelArgument(flags);
  const subject = await openSubject(flags, shapeOf(given));
  const opened = withPortsOf(given, (subject.circuit?.circuit ?? subject.scores!.scores).topology);
  const shape = shapeOf(opened);
  const truth = flags.against === undefined ? null : await openKept(await oneCircuitAt(flags.against), shape);
  const { task, options } = await openRun(flags, opened, subject);
  const names = judgementsAsked(flags, options.metric);
  tellLeftOut(flags, options.metric);
  const { levels, ...draws } = flags.draws === undefined ? {} : await readDraws(flags.draws, shape, task.pairs.length);
  const folder = flags.out;
  if (folder !== undefined) await assertReportFolder(folder);
  if (flags.writeDraws !== undefined) await assertOutput(flags.writeDraws);

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
  if (folder !== undefined) {
    const { model, task: of, prompts, metric, ablation, input, meanOver } = taskIdentity(opened.model, task, options);
    const setting = {
      engine_version: VERSION,
      adapter,
      model: { name: model.name, hash: model.hash },
      task: { name: of.name, hash: of.hash },
      prompts,
      metric,
      ablation,
      input,
      mean_over: meanOver,
    };
    const files = { circuit, scores: scores && { name: scores.name, sha256: scores.sha256 }, seed: flags.seed };
    for (const path of await writeReportFolder(folder, circuitReport(evaluated, setting, files))) {
      note(`written: ${path}`);
    }
  }
  process.stdout.write(flags.json ? evaluationJson(evaluated) : evaluationText(evaluated));
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
