import { Command, Option } from 'commander';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { select } from '../../discover/select.js';
import {
  CIRCUIT_WRITERS,
  detailsFit,
  fileTopology,
  mibCircuits,
  mibImportances,
  neuronsLeftOut,
  parseCircuit,
  parseDetails,
  parseScores,
  resolveCircuit,
  withListedGraph,
  writeEapIgScores,
  writeScoresJson,
  type CircuitFormat,
  type FolderTexts,
} from '../../files/index.js';
import type { Circuit } from '../../circuit/circuit.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { checkCircuit, circuitPaths, readCircuitFiles } from '../../node/circuit-files.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText, readIfThere } from '../../node/open-files.js';
import { embedFiles, viewerPage } from '../../node/viewer-page.js';
import { nonEmpty } from '../options/options.js';
import { note } from '../report/progress.js';
import {
  assertSelection,
  assertSignKnown,
  chooseCircuit,
  selectionOptions,
  type SelectionOptions,
} from '../options/selection-options.js';

const FOLDER_FORMATS = ['mib', 'mib-circuits'] as const;
type FolderFormat = (typeof FOLDER_FORMATS)[number];

interface Options extends SelectionOptions {
  readonly format: CircuitFormat | FolderFormat | 'html';
  readonly out?: string;
  readonly allEdges: boolean;
  readonly taskModel?: string;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write a circuit or scores file in another format. Needs neither the model nor a GPU.')
    .argument('<file>', 'circuit.json, scores.json, or any EAP-IG/MIB file', nonEmpty)
    .addOption(
      new Option(
        '--format <format>',
        "what to write; html is the viewer with the circuit in it, as one file; mib and mib-circuits are a submission's folder: importances, or a circuit of each size",
      )
        .choices([...Object.keys(CIRCUIT_WRITERS), 'html', ...FOLDER_FORMATS])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--out <path>', 'where to: a file, or a folder for mib and attribution-graph')
        .argParser(nonEmpty)
        .default(undefined, 'stdout'),
    )
    .option('--all-edges', 'also the edges that the circuit does not keep', false);
  for (const option of selectionOptions()) command.addOption(option);
  return command
    .addOption(new Option('--task-model <name>', "name of MIB's folder, such as ioi_gpt2").argParser(nonEmpty))
    .addHelpText(
      'after',
      '\nExamples:\n  edgewise export runs/ioi/circuit.json --format dot\n  edgewise export scores.json --select top:200 --format gexf --out top200.gexf\n  edgewise export scores.json --format mib --task-model ioi_gpt2 --out mib',
    )
    .action(exportFile);
}

async function exportFile(path: string, options: Options): Promise<void> {
  const { format, taskModel } = options;
  const isFolder = format === 'mib' || format === 'mib-circuits';
  assertSelection(options, format === 'mib-circuits');
  if (isFolder) {
    await writeFolder(path, format, options);
    return;
  }
  if (taskModel !== undefined)
    throw new EdgewiseError('usage', '--task-model', 'goes with --format mib and mib-circuits');
  const text = await textIn(path, format, options);
  if (options.out === undefined) {
    process.stdout.write(text);
    return;
  }
  if (format === 'attribution-graph' && !/\.json$/i.test(options.out)) await writeGraphFolder(options.out, text);
  else await write(options.out, text);
}

/** The folder that circuit-tracer's viewer is started with: the graph by its slug, and the list of all graphs. */
async function writeGraphFolder(folder: string, graph: string): Promise<void> {
  const path = join(folder, 'graph-metadata.json');
  const { slug, list } = withListedGraph(await readIfThere(path), path, graph);
  await write(join(folder, `${slug}.json`), graph);
  await write(path, list);
}

async function write(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path)).catch(() => undefined); // the write reports what is wrong
  await writeFileAtomically(path, text);
  process.stderr.write(`wrote ${path}\n`);
}

async function textIn(path: string, format: CircuitFormat | 'html', options: Options): Promise<string> {
  const { allEdges, select: rule } = options;
  if (format === 'html') {
    if (allEdges) throw new EdgewiseError('usage', '--all-edges', 'the page of html holds every edge anyway');
    return viewerWith(path, options);
  }
  const text = await readCircuitText(path);
  if (rule !== undefined) {
    const { circuit } = chooseCircuit(parseScores(text, path), rule, options);
    return CIRCUIT_WRITERS[format](circuit, { allEdges });
  }
  const file = parseCircuit(text, path);
  if (file.scores && format === 'json') return writeScoresJson(parseScores(text, path));
  if (file.scores && format === 'eap-ig') return writeEapIgScores(parseScores(text, path));
  const circuit = resolveCircuit(file, fileTopology(file));
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) note(`note: ${masked}: their edges are written as if all neurons were kept`);
  const prompt = format === 'attribution-graph' ? await firstPrompt(path, circuit) : undefined;
  return CIRCUIT_WRITERS[format](circuit, { allEdges, ...(prompt ? { prompt } : {}) });
}

/** Tokens of the first prompt, where details lie beside the circuit. */
async function firstPrompt(path: string, circuit: Circuit): Promise<readonly string[] | undefined> {
  const { details } = await readCircuitFiles(await circuitPaths(path));
  if (details === null) return undefined;
  const read = parseDetails(details, `details of ${path}`);
  return detailsFit(read, circuit) ? read.prompts[0]?.clean : undefined;
}

/** The viewer with the circuit in it, and with the trace and the details where they lie beside it. */
async function viewerWith(path: string, options: Options): Promise<string> {
  const text = await readCircuitText(path);
  checkCircuit(text, path);
  const files = await readCircuitFiles(await circuitPaths(path));
  if (options.select === undefined) return embedFiles(await viewerPage(), [files]);
  const { circuit } = chooseCircuit(parseScores(text, path), options.select, options);
  const chosen = { name: files.name, text: CIRCUIT_WRITERS.json(circuit), trace: null, details: null };
  return embedFiles(await viewerPage(), [chosen]);
}

async function writeFolder(path: string, format: FolderFormat, options: Options): Promise<void> {
  const { out, taskModel, allEdges, select: rule } = options;
  if (out === undefined) throw new EdgewiseError('usage', '--out', `is needed: ${format} is a folder`);
  if (taskModel === undefined)
    throw new EdgewiseError('usage', '--task-model', 'is needed: it names the folder, such as ioi_gpt2');
  if (allEdges) throw new EdgewiseError('usage', '--all-edges', `the files of ${format} hold every edge anyway`);
  if (rule !== undefined) throw new EdgewiseError('usage', '--select', `the sizes of ${format} are fixed`);
  const files = await folderTexts(path, format, taskModel, options);
  await refuseOtherCircuits(out, Object.keys(files));
  for (const [name, text] of Object.entries(files)) await write(join(out, name), text);
}

/** MIB takes whatever circuits lie in the folder: those of another export would count as some of these. */
async function refuseOtherCircuits(out: string, names: readonly string[]): Promise<void> {
  const folder = dirname(join(out, names[0]!));
  const there = await readdir(folder).catch(() => []);
  const other = there.find((name) => /\.(json|pt)$/.test(name) && !names.some((own) => basename(own) === name));
  if (other === undefined) return;
  throw new EdgewiseError(
    'usage',
    join(folder, other),
    'is there already, and MIB would take it for one of these files',
  );
}

async function folderTexts(
  path: string,
  format: FolderFormat,
  taskModel: string,
  options: Options,
): Promise<FolderTexts> {
  const scores = parseScores(await readCircuitText(path), path);
  if (format === 'mib') {
    assertSignKnown(scores, '--format mib'); // MIB also chooses by the signed score
    return mibImportances(scores, taskModel);
  }
  if (options.signed) assertSignKnown(scores, '--signed');
  const basis = { absolute: !options.signed, prune: options.prune };
  return mibCircuits(scores, taskModel, (plain, edges) => select(plain, { ...basis, rule: 'top', edges }).kept);
}
