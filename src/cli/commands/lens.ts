import { Option, type Command } from 'commander';
import { basename } from 'node:path';
import { sha256 } from '../../base/sha256.js';
import { readableFormats } from '../../files/index.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { readWhole } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { METRIC_NAMES } from '../../readout/metrics.js';
import { topologyOf } from '../../run/identity.js';
import { Instruments } from '../../run/instruments.js';
import { planLens, type LensOptions } from '../../run/lens.js';
import { DEFAULTS } from '../../run/options.js';
import { CIRCUIT_FOUND, openRun, readCircuit, shapeOf, withPortsOf } from '../circuit-run.js';
import { giveResult } from '../instrument-run.js';
import { readTexts } from '../lens-texts.js';
import { lensHelp, lensOptions, wordIds, type LensFlags } from '../options/lens-options.js';
import { instrumentCommand, type InstrumentFlags } from '../options/instrument-options.js';
import { metricOption, orTheCircuits, patchOptions, promptOptions, type PatchingFlags } from '../options/options.js';
import { note } from '../report/progress.js';
import { RunBars } from '../report/run-progress.js';
import { openModelArgument, required, withEngine } from '../session.js';

interface Flags extends InstrumentFlags, PatchingFlags, LensFlags {
  readonly circuit?: string;
}

export function lensCommand(): Command {
  const circuit = new Option(
    '--circuit <path>',
    `hit_at_k: a circuit beside the model, in any format that is read: ${readableFormats()}`,
  );
  return instrumentCommand(
    'lens',
    'Look into a model on a task: what each layer predicts, what heads and neurons write and look for in tokens.',
    [...lensOptions(), circuit, metricOption(METRIC_NAMES, orTheCircuits)],
    [...promptOptions(orTheCircuits), ...patchOptions(orTheCircuits)],
  )
    .addHelpText(
      'after',
      `\n${lensHelp()}\n\nThe answer is the right one of the prompt; where prompts have several or none, the\ntoken that the model predicts. Ranks count from 0. docs/lens.md says what each\nnumber means.\n\nExamples:\n  edgewise lens --model tasks-4l --task ioi --prompts 16\n  edgewise lens --model tasks-4l --task ioi --only neuron_increase \\\n    --without a2.h1 --json`,
    )
    .action(lens);
}

async function lens(flags: Flags): Promise<void> {
  const path = flags.circuit === undefined ? null : await oneCircuitAt(flags.circuit);
  required(flags.task, '--task');
  const given = await openModelArgument(flags);
  const read = path === null ? null : await readCircuit(path, shapeOf(given));
  const circuit = read && read.read.circuit;
  const opened = circuit ? withPortsOf(given, circuit.topology) : given;
  const thing = {
    path: path ?? '',
    found: CIRCUIT_FOUND,
    run: read?.read.file.provenance ?? null,
    metric: DEFAULTS.searchMetric,
  };
  const { task, reader, options } = await openRun(flags, opened, thing);
  const { tokenText } = reader;
  const asked: LensOptions = {
    ...(flags.only && { only: flags.only }),
    neurons: flags.neurons,
    strongest: flags.strongest,
    distance: flags.distance,
    ...(flags.words && { words: wordIds(flags.words, tokenText, opened.model.spec.vocab) }),
    ...(flags.text !== undefined && { texts: await readTexts(reader, flags.text) }),
    ...(flags.without && { without: flags.without }),
    ...(circuit && { circuit: { kept: circuit.kept, options } }),
    ...(tokenText && { tokenText }),
  };
  const { left } = planLens(opened.model, topologyOf(opened.model), task, asked, (option) => `--${option}`);
  for (const { part, why } of left) note(`note: ${part} is left out: ${why}`);
  for (const output of [flags.out, flags.svg]) if (output !== undefined) await assertOutput(output);
  const files = {
    circuit: path === null ? null : await fileOf(path, 'circuit'),
    text: flags.text === undefined ? null : await fileOf(flags.text, 'task'),
  };
  const bars = new RunBars();
  const found = await withEngine(opened.model, flags, (engine) =>
    new Instruments(engine).lens(task, asked, files, (one) =>
      bars.show({ ...one, unit: 'passes', measured: one.done }),
    ),
  ).finally(() => bars.stop());
  await giveResult(found, flags);
}

async function fileOf(path: string, kind: 'circuit' | 'task'): Promise<{ name: string; sha256: string }> {
  return { name: basename(path), sha256: await sha256(await readWhole(path, kind)) };
}
