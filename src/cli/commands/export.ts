import { Command, Option } from 'commander';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { counted } from '../../base/text.js';
import type { Circuit } from '../../circuit/circuit.js';
import { describeTies, select } from '../../discover/select.js';
import { circuitOnCurve } from '../../evaluate/circuit-on-curve.js';
import {
  CIRCUIT_WRITERS,
  detailsFit,
  formatOf,
  neuronsLeftOut,
  openCircuit,
  openImport,
  OUTPUT_FORMATS,
  parseDetails,
  readableFormats,
  type Format,
  type FormatName,
  type FolderTexts,
  type OpenedCircuit,
} from '../../files/index.js';
import type { Scores } from '../../circuit/scores.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { circuitPaths, oneCircuitAt, assertViewable, readCircuitFiles } from '../../node/circuit-files.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { readIfThere } from '../../node/probe.js';
import { embedFiles, viewerPage } from '../../node/view/viewer-page.js';
import { assertFolder } from '../../node/writable-folder.js';
import { withClaims } from '../folder/claimed-folders.js';
import { nonEmpty, sparseOption } from '../options/options.js';
import {
  assertSelection,
  assertSignKnown,
  chooseCircuit,
  isOnCurve,
  selectionOrSizeOptions,
  type ChosenRule,
  type ChosenSize,
  type SelectionOptions,
} from '../options/selection-options.js';
import { formatList } from '../report/format-list.js';
import { note } from '../report/progress.js';
import { fixed } from '../report/text-report.js';

type Choice = ChosenRule | ChosenSize;

interface Options extends SelectionOptions<Choice> {
  readonly format: FormatName;
  readonly out?: string;
  readonly allEdges: boolean;
  readonly sparse: boolean;
  readonly taskModel?: string;
  readonly scan?: string;
}

/** Formats that are folders, in words. */
const FOLDERS = OUTPUT_FORMATS.filter((name) => formatOf(name).writeFolder).join(' and ');

const SHAPE_HINT = 'import it first, which takes --model, or --layers and --heads';

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write a circuit or scores file in another format. Needs neither the model nor a GPU.')
    .argument(
      '<path>',
      `a circuit or scores, in a file of any format that is read, or its folder: ${readableFormats()}`,
      nonEmpty,
    )
    .addOption(new Option('--format <format>', 'what to write').choices(OUTPUT_FORMATS).makeOptionMandatory())
    .addOption(
      new Option('--out <path>', `where to: a file, or a folder for ${FOLDERS} and attribution-graph`)
        .argParser(nonEmpty)
        .default(undefined, 'stdout'),
    )
    .option('--all-edges', 'also the edges that the circuit does not keep', false)
    .addOption(sparseOption());
  for (const option of selectionOrSizeOptions()) command.addOption(option);
  return command
    .addOption(new Option('--task-model <name>', "name of MIB's folder, such as ioi_gpt2").argParser(nonEmpty))
    .addOption(
      new Option('--scan <name>', "the model's name in an attribution graph, such as Neuronpedia's gpt2-small")
        .argParser(nonEmpty)
        .default(undefined, 'as the file says'),
    )
    .addHelpText(
      'after',
      `\nFormats:\n${formatList(OUTPUT_FORMATS)}\n\nExamples:\n  edgewise export runs/ioi/circuit.json --format dot\n  edgewise export scores.json --select top:200 --format gexf --out top200.gexf\n  edgewise export runs/ioi --select circuit:30 --format json --out ioi30.json\n  edgewise export scores.json --format mib --task-model ioi_gpt2 --out mib`,
    )
    .action(exportFile);
}

async function exportFile(argument: string, options: Options): Promise<void> {
  const { taskModel, out, scan } = options;
  const format = formatOf(options.format);
  if (scan !== undefined && !format.takesPrompt) {
    throw new EdgewiseError('usage', '--scan', 'goes with --format attribution-graph');
  }
  if (options.sparse && !format.canBeSparse) throw new EdgewiseError('usage', '--sparse', 'goes with --format json');
  const path = await oneCircuitAt(argument);
  assertSelection(options, format.writeFolder !== undefined && !format.needsSign);
  if (options.select && isOnCurve(options.select)) assertPlainSize(options);
  if (format.writeFolder) {
    await writeFolder(path, format, options);
    return;
  }
  if (taskModel !== undefined) throw new EdgewiseError('usage', '--task-model', `goes with --format ${FOLDERS}`);
  await assertPlace(out, format);
  const text = format.isPage ? await pageWith(path, options) : await textIn(path, format, options);
  if (out === undefined) process.stdout.write(text);
  else if (isListed(out, format)) await withClaims([out], () => writeListed(out, text, format.list!));
  else await write(out, text);
}

/** Whether a file of the format goes into a folder with a list of such files. */
function isListed(out: string, format: Format): boolean {
  return format.list !== undefined && !out.toLowerCase().endsWith(`.${format.extension}`);
}

/** @throws EdgewiseError of kind usage, before anything is computed, where the text cannot be written to `out`. */
async function assertPlace(out: string | undefined, format: Format): Promise<void> {
  if (out === undefined) return;
  await assertOutput(isListed(out, format) ? join(out, format.list!.name) : out);
}

/** The folder that a viewer of such files is started with: the file by its slug, and the list of all files. */
async function writeListed(folder: string, text: string, { name, add }: NonNullable<Format['list']>): Promise<void> {
  const path = join(folder, name);
  const { slug, list } = add(await readIfThere(path), path, text);
  await write(join(folder, `${slug}.json`), text);
  await write(path, list);
}

async function write(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path)).catch(() => undefined); // the write reports what is wrong
  await writeFileAtomically(path, text);
  process.stderr.write(`wrote ${path}\n`);
}

async function textIn(path: string, format: Format, options: Options): Promise<string> {
  const { allEdges, sparse, select: rule, scan } = options;
  const named = { allEdges, sparse, ...(scan === undefined ? {} : { scan }) };
  const text = await readCircuitText(path);
  if (rule !== undefined) {
    const prompt =
      format.takesPrompt && isOnCurve(rule) ? await firstPrompt(path, openedIn(text, path).circuit) : undefined;
    return format.write!(chosenIn(text, path, rule, options), { ...named, ...(prompt ? { prompt } : {}) });
  }
  const { file, circuit, notes } = openedIn(text, path);
  if (file.scores && sparse) {
    throw new EdgewiseError('usage', '--sparse', `needs --select: ${path} scores all edges and chooses none`);
  }
  if (file.scores && format.writeScores) return format.writeScores(scoresIn(text, path));
  const masked = neuronsLeftOut(file);
  if (masked !== undefined) note(`note: ${masked}: their edges are written as if all neurons were kept`);
  for (const one of notes) note(`note: ${one}`);
  const prompt = format.takesPrompt ? await firstPrompt(path, circuit) : undefined;
  return format.write!(circuit, { ...named, ...(prompt ? { prompt } : {}) });
}

function openedIn(text: string, path: string): OpenedCircuit {
  return openCircuit(text, path, { shapeHint: SHAPE_HINT });
}

/** The circuit that is chosen from the file's scores, or from the curve of its circuit. */
function chosenIn(text: string, path: string, rule: Choice, options: Options): Circuit {
  if (!isOnCurve(rule)) return chooseCircuit(scoresIn(text, path), rule, options).circuit;
  const { file, circuit: whole, notes } = openedIn(text, path);
  for (const one of notes) note(`note: ${one}`);
  if (file.scores && !whole.inCircuit) {
    const what = `goes by the curve of a circuit, and ${path} holds scores alone; discover --faithfulness chooses from scores`;
    throw new EdgewiseError('usage', `--select ${rule.rule}:${rule.limit}`, what);
  }
  const wanted = rule.rule === 'circuit' ? { edges: rule.limit } : { faithfulness: rule.limit };
  const { circuit, point } = circuitOnCurve(whole, wanted, path);
  const value = (share: number | null): string => (share === null ? 'undefined' : fixed(share, 3));
  note(
    `${rule.rule}:${rule.limit}: ${counted(point.edges, 'edge')}, faithfulness ${value(point.faithfulness)}, necessity ${value(point.necessity)}, by the curve of ${path}`,
  );
  return circuit;
}

/** @throws EdgewiseError of kind usage where an option is given that says how scores are chosen from. */
function assertPlainSize({ signed, prune }: Options): void {
  const what = 'says how scores are chosen from; circuit:N and faithfulness:X go by the curve';
  if (signed) throw new EdgewiseError('usage', '--signed', what);
  if (!prune) throw new EdgewiseError('usage', '--no-prune', what);
}

/** @throws EdgewiseError where the file scores nothing. */
function scoresIn(text: string, path: string): Scores {
  const { scores } = openImport(text, path, { shapeHint: SHAPE_HINT });
  if (!scores) throw new EdgewiseError('circuit', path, 'nothing is scored');
  return scores;
}

/** Tokens of the first prompt, where details lie beside the circuit. */
async function firstPrompt(path: string, circuit: Circuit): Promise<readonly string[] | undefined> {
  const { details } = await readCircuitFiles(await circuitPaths(path));
  if (details === null) return undefined;
  const read = parseDetails(details, `details of ${path}`);
  return detailsFit(read, circuit) ? read.prompts[0]?.clean : undefined;
}

/** The viewer with the circuit in it, and with the trace and the details where they lie beside it. */
async function pageWith(path: string, options: Options): Promise<string> {
  if (options.allEdges) {
    throw new EdgewiseError('usage', '--all-edges', 'the page of html holds every edge anyway');
  }
  const text = await readCircuitText(path);
  assertViewable(text, path);
  const files = await readCircuitFiles(await circuitPaths(path));
  if (options.select === undefined) return embedFiles(await viewerPage(), [files]);
  const circuit = chosenIn(text, path, options.select, options);
  const chosen = { name: files.name, text: CIRCUIT_WRITERS.json(circuit), trace: null, details: null };
  return embedFiles(await viewerPage(), [chosen]);
}

async function writeFolder(path: string, format: Format, options: Options): Promise<void> {
  const { out, taskModel, allEdges, select: rule } = options;
  const name = options.format;
  if (out === undefined) throw new EdgewiseError('usage', '--out', `is needed: ${name} is a folder`);
  if (taskModel === undefined)
    throw new EdgewiseError('usage', '--task-model', 'is needed: it names the folder, such as ioi_gpt2');
  if (allEdges) throw new EdgewiseError('usage', '--all-edges', `the files of ${name} hold every edge anyway`);
  if (rule !== undefined) throw new EdgewiseError('usage', '--select', `the sizes of ${name} are fixed`);
  await assertFolder(out);
  const files = folderTexts(scoresIn(await readCircuitText(path), path), taskModel, format, options);
  await refuseOtherCircuits(out, Object.keys(files));
  for (const file of Object.keys(files)) await assertOutput(join(out, file));
  await withClaims([out], async () => {
    for (const [file, text] of Object.entries(files)) await write(join(out, file), text);
  });
}

/** MIB takes whatever circuits lie in the folder: those of another export would count as some of these. */
async function refuseOtherCircuits(out: string, names: readonly string[]): Promise<void> {
  const folder = dirname(join(out, names[0]!));
  const there = await readdir(folder).catch(() => []);
  const other = there.find((name) => /\.(json|pt)$/.test(name) && !names.some((own) => basename(own) === name));
  if (other === undefined) return;
  const what = 'is there already, and MIB would take it for one of these files';
  throw new EdgewiseError('usage', join(folder, other), what);
}

function folderTexts(scores: Scores, taskModel: string, format: Format, options: Options): FolderTexts {
  // MIB chooses from importances by the signed score, too.
  if (format.needsSign) assertSignKnown(scores, `--format ${options.format}`);
  if (options.signed) assertSignKnown(scores, '--signed');
  const basis = { absolute: !options.signed, prune: options.prune };
  return format.writeFolder!(scores, taskModel, (plain, edges) => {
    const selection = select(plain, { ...basis, rule: 'top', edges });
    for (const tie of describeTies(selection)) note(`note: top ${edges}: ${tie}`);
    return selection.kept;
  });
}
