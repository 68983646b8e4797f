import { InvalidArgumentError, Option, type Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { PLACES, type Place } from '../../block/places.js';
import { PATCH_DIRECTIONS, type PatchDirection } from '../../files/own/patching-json.js';
import { readNoise, type DrawnNoise } from '../../instruments/noise.js';
import { positionsOfText } from '../../instruments/subject-positions.js';
import { DEFAULT_NOISE, DEFAULT_WINDOWS } from '../../run/instruments.js';
import type { Task } from '../../task/types.js';
import { assertRow, jsonOfFile, runInstrument, type InstrumentPlan } from '../instrument-run.js';
import {
  instrumentCommand,
  instrumentMetric,
  positionList,
  widthList,
  type InstrumentFlags,
} from '../options/instrument-options.js';
import { count, finiteNumber, MAX_SEED, nonEmpty } from '../options/options.js';

interface Flags extends InstrumentFlags {
  readonly patch?: PatchDirection | 'steer';
  readonly row?: number;
  readonly positions?: readonly number[];
  readonly subject?: string;
  readonly noise?: string;
  readonly level?: number;
  readonly samples?: number;
  readonly seed?: number;
  readonly windows?: readonly number[];
  readonly place?: Place;
  readonly layer?: number;
  readonly add?: string;
  readonly scale?: number;
}

/** What each way of tracing takes beside the options of all. */
const TAKES = {
  causal: ['row', 'positions', 'subject', 'noise', 'level', 'samples', 'seed', 'windows'],
  patch: ['metric'],
  steer: ['metric', 'positions', 'place', 'layer', 'add', 'scale'],
} as const satisfies Readonly<Record<string, readonly (keyof Flags)[]>>;
const OWN = [...new Set(Object.values(TAKES).flat())] as readonly (keyof Flags)[];

export function traceCommand(): Command {
  return instrumentCommand(
    'trace',
    'Where an answer comes from: causal tracing by noise, activation patching, or a vector added.',
    [
      new Option(
        '--patch <kind>',
        'denoising: clean activations into the corrupted run; noising: the reverse; steer: add a vector',
      ).choices([...PATCH_DIRECTIONS, 'steer']),
      new Option('--row <r>', 'trace one prompt, counted from 0')
        .argParser(count(0))
        .default(undefined, 'all, by role'),
      new Option('--positions <a..b>', 'token positions that get the noise or the vector, from 0, without b')
        .argParser(positionList)
        .default(undefined, 'noise: where the prompts of a pair differ; steer: all'),
      new Option('--subject <text>', 'the tokens of this text get the noise').argParser(nonEmpty),
      new Option('--noise <file>', 'the noise itself: JSON, samples x positions x width; with --row').argParser(
        nonEmpty,
      ),
      new Option('--level <x>', 'standard deviation of the noise, in those of the embeddings')
        .argParser(positive)
        .default(undefined, String(DEFAULT_NOISE.level)),
      new Option('--samples <n>', 'draws of noise')
        .argParser(count(1, 1000))
        .default(undefined, String(DEFAULT_NOISE.samples)),
      new Option('--seed <n>', 'seed of the noise')
        .argParser(count(0, MAX_SEED))
        .default(undefined, String(DEFAULT_NOISE.seed)),
      new Option('--windows <w,w>', 'layers in which outputs of MLPs and attention are restored at once')
        .argParser(widthList)
        .default(undefined, DEFAULT_WINDOWS.join(',')),
      new Option('--place <name>', 'steer: where the vector is added').choices(Object.keys(PLACES)),
      new Option('--layer <l>', 'steer: its layer').argParser(count(0)).default(undefined, '0'),
      new Option('--add <file>', 'steer: the vector, a JSON array of numbers').argParser(nonEmpty),
      new Option('--scale <x>', 'steer: what the vector is multiplied by')
        .argParser(finiteNumber)
        .default(undefined, '1'),
      instrumentMetric(),
    ],
  )
    .addHelpText(
      'after',
      `\nWithout --patch: causal tracing (Meng et al. 2022). Noise on some token embeddings\nspoils the answer; one state at a time gets its clean value back, and the\nprobability of the answer says how much that state carries. One prompt by --row,\notherwise all of them, averaged by what their tokens are.\n\nExamples:\n  edgewise trace --model tasks-4l --task ioi --row 0 --svg trace.svg\n  edgewise trace --model tasks-4l --task ioi --prompts 8 --patch denoising --json\n  edgewise trace --model tasks-4l --task ioi --prompts 8 --patch steer \\\n    --place residual --layer 2 --add vector.json --scale 4`,
    )
    .action(trace);
}

function positive(text: string): number {
  const value = finiteNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

async function trace(flags: Flags): Promise<void> {
  const { patch } = flags;
  const way = patch === undefined ? 'causal' : patch === 'steer' ? 'steer' : 'patch';
  const taken: readonly string[] = TAKES[way];
  const idle = OWN.find((name) => flags[name] !== undefined && !taken.includes(name));
  if (idle !== undefined) {
    const with_ = patch === undefined ? 'without --patch' : `with --patch ${patch}`;
    throw new EdgewiseError('usage', `--${idle}`, `says nothing ${with_}`);
  }
  const metric = flags.metric ?? 'logit-diff';
  if (way === 'causal') return runInstrument(flags, 'kl', 'tracing', causal(flags));
  if (way === 'steer') return runInstrument(flags, metric, 'steering', steering(flags));
  return runInstrument(flags, metric, `patching, ${patch!}`, async ({ task }) => {
    return (instruments, onProgress) =>
      instruments.patchActivations(task, { direction: patch as PatchDirection, metric }, onProgress);
  });
}

const causal =
  (flags: Flags): InstrumentPlan =>
  async ({ task, width, tokenText }) => {
    const { row, windows } = flags;
    if (row !== undefined) assertRow(task, row);
    const noised = noisedBy(flags, task);
    const drawn: DrawnNoise = {
      level: flags.level ?? DEFAULT_NOISE.level,
      samples: flags.samples ?? DEFAULT_NOISE.samples,
      seed: flags.seed ?? DEFAULT_NOISE.seed,
    };
    const common = { ...(noised && { noised }), ...(windows && { windows }) };
    if (row === undefined) {
      if (flags.noise !== undefined) throw new EdgewiseError('usage', '--noise', 'is for one prompt; give --row too');
      return (instruments, onProgress) => instruments.trace(task, { ...common, noise: drawn }, onProgress);
    }
    const given = flags.noise;
    if (given !== undefined && !noised) {
      throw new EdgewiseError('usage', '--noise', 'needs --positions or --subject, which say what it is added to');
    }
    const idle = (['level', 'samples', 'seed'] as const).find(
      (name) => given !== undefined && flags[name] !== undefined,
    );
    if (idle) throw new EdgewiseError('usage', `--${idle}`, 'says nothing with --noise, which gives the noise itself');
    const noise = given === undefined ? drawn : readNoise(await jsonOfFile(given), noised![row]!.length, width, given);
    return (instruments, onProgress) => instruments.traceRow(task, { ...common, row, noise, tokenText }, onProgress);
  };

/** By prompt the positions that flags name; undefined where they name none. */
function noisedBy({ positions, subject, row }: Flags, { pairs, name }: Task): number[][] | undefined {
  if (positions && subject !== undefined)
    throw new EdgewiseError('usage', '--subject', 'and --positions name the same thing');
  if (!positions && subject === undefined) return undefined;
  return pairs.map((pair, n) => {
    // Only the traced prompt must have them.
    const isAsked = row === undefined || row === n;
    if (subject !== undefined) {
      const found = positionsOfText(pair, subject);
      if (found.length === 0 && isAsked) {
        throw new EdgewiseError('usage', '--subject', `"${subject}" is not in prompt ${n} of ${name}`);
      }
      return found;
    }
    const late = positions!.find((position) => position >= pair.clean.length);
    if (late !== undefined && isAsked) {
      const what = `position ${late}, but prompt ${n} of ${name} has positions 0 to ${pair.clean.length - 1}`;
      throw new EdgewiseError('usage', '--positions', what);
    }
    return positions!.filter((position) => position < pair.clean.length);
  });
}

const steering =
  (flags: Flags): InstrumentPlan =>
  async ({ task }) => {
    const { place, add, layer = 0, scale = 1, positions, metric } = flags;
    if (place === undefined) throw new EdgewiseError('usage', '--place', 'is needed with --patch steer');
    if (add === undefined) throw new EdgewiseError('usage', '--add', 'is needed with --patch steer');
    const vector = await jsonOfFile(add);
    if (
      !Array.isArray(vector) ||
      !vector.every((value) => typeof value === 'number' && Number.isFinite(Math.fround(value)))
    ) {
      throw new EdgewiseError('usage', add, 'expected a JSON array of finite numbers');
    }
    const options = { place, layer, scale, vector: Float32Array.from(vector as number[]) };
    return (instruments) =>
      instruments.steer(task, { ...options, ...(positions && { positions }), ...(metric && { metric }) });
  };
