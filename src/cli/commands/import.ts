import { Command, Option } from 'commander';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../../base/text.js';
import { keptEdges, signIsStated, type Circuit } from '../../circuit/circuit.js';
import { describeSelection } from '../../circuit/scored-circuit.js';
import { scoredEdges, withSign, type Scores } from '../../circuit/scores.js';
import { Topology } from '../../circuit/topology.js';
import type { Selection } from '../../discover/select.js';
import { shapeOf } from '../circuit-run.js';
import {
  choosesEdges,
  CIRCUIT_WRITERS,
  INPUT_FORMATS,
  openImport,
  readableFormats,
  writeScoresJson,
  type ImportedFile,
  type InputFormat,
  type ModelShape,
} from '../../files/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { oneCircuitAt } from '../../node/circuit-files.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { readIfThere } from '../../node/probe.js';
import { withClaims } from '../folder/claimed-folders.js';
import {
  count,
  ignoreConfigOption,
  jsonOption,
  modelOption,
  nonEmpty,
  sparseOption,
  type ModelFlags,
} from '../options/options.js';
import {
  assertSelection,
  chooseCircuit,
  selectionOptions,
  type SelectionOptions,
} from '../options/selection-options.js';
import { openModelArgument } from '../session.js';
import { formatList } from '../report/format-list.js';
import { whole } from '../report/text-report.js';

interface Options extends SelectionOptions, Pick<ModelFlags, 'model' | 'ignoreConfig'> {
  readonly from: InputFormat | 'auto';
  readonly sign?: 'helps' | 'hurts';
  readonly layers?: number;
  readonly heads?: number;
  readonly width?: number;
  readonly parallel: boolean;
  readonly attentionOnly: boolean;
  readonly out?: string;
  readonly sparse: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('Turn a file of another format into circuit.json and circuit.gexf, or into scores.json. Needs no GPU.')
    .argument('<path>', `a file, or a folder with one: ${readableFormats()}`, nonEmpty)
    .addOption(
      new Option('--from <format>', 'what the file is; auto tells it by the content')
        .choices(['auto', ...INPUT_FORMATS])
        .default('auto'),
    )
    .addOption(
      new Option('--sign <meaning>', 'what a positive score means: the edge helps the task, or hurts it')
        .choices(['helps', 'hurts'])
        .default(undefined, 'as the file says, or left open'),
    )
    .addOption(modelOption())
    .addOption(ignoreConfigOption())
    .addOption(new Option('--layers <n>', 'layers of the model, where the file does not say').argParser(count(1)))
    .addOption(new Option('--heads <n>', 'heads per layer').argParser(count(1)))
    .addOption(new Option('--width <n>', 'width of the residual stream, which EAP-IG asks for').argParser(count(1)))
    .option('--parallel', 'attention and MLP read the same stream (GPT-NeoX)', false)
    .option('--attention-only', 'the model has no MLPs', false);
  for (const option of selectionOptions()) command.addOption(option);
  return command
    .addOption(
      new Option('--out <path>', 'where to: a folder, or one file that ends in .json')
        .argParser(nonEmpty)
        .default(undefined, 'runs/<file>.import'),
    )
    .addOption(sparseOption())
    .option('--force', 'replace other files in the folder', false)
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      `\nWithout --select, a file that says which edges are in the circuit becomes\ncircuit.json. A file that only scores edges becomes scores.json. What a format\ndoes not hold is not known afterwards: a trace does not say how wide its model\nis, for example.\n\nFormats:\n${formatList(INPUT_FORMATS)}\n\nExamples:\n  edgewise import ioi.json --sign hurts --select greedy:500 --out runs/ioi\n  edgewise import edited-in-gephi.gexf --out runs/edited`,
    )
    .action(importFile);
}

const SHAPE_HINT = 'say it with --model, or with --layers and --heads';

/** What is written, and the words for it. */
interface Imported {
  readonly read: ImportedFile;
  readonly scores: Scores | null;
  /** Null where the file only scores edges. */
  readonly circuit: Circuit | null;
  readonly selection: Selection | null;
}

async function importFile(argument: string, options: Options): Promise<void> {
  assertSelection(options);
  const out = options.out ?? join('runs', `${basename(argument).replace(/\.(jsonl?|gexf|graphml|xml)$/i, '')}.import`);
  const oneFile = /\.json$/i.test(out);
  for (const place of oneFile ? [out] : IMPORTED_FILES.map((name) => join(out, name))) await assertOutput(place);
  const path = await oneCircuitAt(argument);
  const model = await modelShape(options);
  const read = openImport(await readCircuitText(path), path, { format: options.from, model, shapeHint: SHAPE_HINT });
  const imported = choose(read, path, options);
  for (const note of read.notes) process.stderr.write(`note: ${note}\n`);
  const files = textsOf(imported, path, options.sparse);
  const paths = oneFile
    ? await writeOne(out, files)
    : await withClaims([out], () => writeFolder(out, files, options.force));
  process.stdout.write(options.json ? `${JSON.stringify(jsonReport(imported, paths))}\n` : textReport(imported, paths));
}

async function modelShape({
  model,
  ignoreConfig,
  layers,
  heads,
  width,
  parallel,
  attentionOnly,
}: Options): Promise<ModelShape | null> {
  if (model !== undefined) {
    for (const [option, value] of [
      ['--layers', layers],
      ['--heads', heads],
      ['--width', width],
      ['--parallel', parallel || undefined],
      ['--attention-only', attentionOnly || undefined],
    ] as const) {
      if (value !== undefined) throw new EdgewiseError('usage', option, 'is what --model says; give one of them');
    }
    const opened = await openModelArgument({ model, ...(ignoreConfig && { ignoreConfig }) });
    return { ...shapeOf(opened), width: opened.model.spec.width };
  }
  if (layers === undefined && heads === undefined) {
    if (width !== undefined) throw new EdgewiseError('usage', '--width', 'needs --layers and --heads');
    if (parallel) throw new EdgewiseError('usage', '--parallel', 'needs --layers and --heads');
    if (attentionOnly) throw new EdgewiseError('usage', '--attention-only', 'needs --layers and --heads');
    return null;
  }
  if (layers === undefined) throw new EdgewiseError('usage', '--heads', 'needs --layers');
  if (heads === undefined) throw new EdgewiseError('usage', '--layers', 'needs --heads');
  return { topology: new Topology({ layers, heads, parallel, attentionOnly }), width: width ?? null };
}

function choose(read: ImportedFile, path: string, options: Options): Imported {
  if (!read.scores) {
    for (const [option, given] of [
      ['--sign', options.sign],
      ['--select', options.select],
    ] as const) {
      if (given !== undefined) throw new EdgewiseError('usage', option, `nothing is scored in ${path}`);
    }
    return { read, scores: null, circuit: read.circuit, selection: null };
  }
  const scores = options.sign === undefined ? read.scores : withSign(read.scores, options.sign);
  if (options.select !== undefined) return { read, scores, ...chooseCircuit(scores, options.select, options) };
  if (!choosesEdges(read)) return { read, scores, circuit: null, selection: null };
  const { circuit } = read;
  const imported = circuit.provenance
    ? {}
    : { imported: { ...circuit.imported, positive: scores.positive, selection: circuit.imported?.selection ?? null } };
  return { read, scores, circuit: { ...circuit, effects: scores.values, ...imported }, selection: null };
}

/** Every file that may be written. */
const IMPORTED_FILES = ['circuit.json', 'circuit.gexf', 'scores.json'];

function textsOf({ circuit, scores }: Imported, path: string, sparse: boolean): Readonly<Record<string, string>> {
  if (!circuit && sparse) {
    throw new EdgewiseError('usage', '--sparse', `needs --select: ${path} scores all edges and chooses none`);
  }
  if (!circuit) return { 'scores.json': writeScoresJson(scores!) };
  return { 'circuit.json': CIRCUIT_WRITERS.json(circuit, { sparse }), 'circuit.gexf': CIRCUIT_WRITERS.gexf(circuit) };
}

/** The JSON alone. */
async function writeOne(path: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  await makeFolder(dirname(path)).catch(() => undefined); // the write reports what is wrong
  await writeFileAtomically(path, Object.values(files)[0]!);
  return [path];
}

async function writeFolder(folder: string, files: Readonly<Record<string, string>>, force: boolean): Promise<string[]> {
  const paths = Object.keys(files).map((name) => join(folder, name));
  for (const [i, text] of Object.values(files).entries()) {
    const there = (await readIfThere(paths[i]!)) ?? text;
    if (there !== text && !force)
      throw new EdgewiseError(
        'usage',
        paths[i]!,
        'is there already and holds something else; use --force to replace it',
      );
  }
  await makeFolder(folder).catch(() => undefined);
  for (const [i, text] of Object.values(files).entries()) await writeFileAtomically(paths[i]!, text);
  return paths;
}

function jsonReport({ read, scores, circuit, selection }: Imported, files: readonly string[]): object {
  const { layers, heads } = read.circuit.topology;
  return {
    format: read.format,
    layers,
    heads,
    edges: read.circuit.topology.additionEdges,
    scored: scores ? scoredEdges(scores) : 0,
    kept: circuit && keptEdges(circuit),
    selection: selection && {
      ...selection.record,
      left: selection.left.edges,
      nodes: selection.left.nodes,
      ties: selection.ties,
    },
    positive: scores?.positive ?? null,
    notes: read.notes,
    files,
  };
}

function textReport({ read, scores, circuit, selection }: Imported, files: readonly string[]): string {
  const { layers, heads, additionEdges } = read.circuit.topology;
  const lines = [
    `${read.format}: ${layers} layers of ${counted(heads, 'head')}, ${counted(additionEdges, 'edge')}, ${scores ? whole(scoredEdges(scores)) : 'none'} scored`,
  ];
  if (!circuit) lines.push('  nothing was selected: --select makes a circuit of the scores');
  else if (!selection) lines.push(`  ${counted(keptEdges(circuit), 'edge')} in the circuit, by the file`);
  else {
    const { record, left } = selection;
    lines.push(
      `  ${describeSelection(record)}: ${whole(record.chosen)} chosen, ${counted(left.edges, 'edge')} left, from ${counted(left.nodes, 'node')}`,
    );
  }
  if (scores) {
    const known = circuit ? signIsStated(circuit) : scores.positive !== null;
    lines.push(known ? '  positive: the edge helps' : '  what a positive score means is not known: --sign says it');
  }
  return `${[...lines, 'files written', ...files.map((file) => `  ${file}`)].join('\n')}\n`;
}
