import { InvalidArgumentError, Option, type Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { ABLATED_KINDS, ABLATED_VALUES, type AblatedKind, type AblatedValue } from '../../instruments/node-ablation.js';
import type { Task } from '../../task/types.js';
import { jsonOfFile, runInstrument } from '../instrument-run.js';
import { instrumentCommand, instrumentMetric, type InstrumentFlags } from '../options/instrument-options.js';
import { count, nonEmpty } from '../options/options.js';

interface Flags extends InstrumentFlags {
  readonly blocked?: string;
  readonly window?: number | 'all';
  readonly head?: number;
  readonly ablate?: AblatedKind;
  readonly with?: AblatedValue;
}

export function knockoutCommand(): Command {
  return instrumentCommand(
    'knockout',
    'What is lost when attention cannot look somewhere, or when nodes are taken out one by one.',
    [
      new Option(
        '--blocked <file>',
        'positions that the measured one may not attend to: JSON, one array of positions for each prompt',
      )
        .argParser(nonEmpty)
        .default(undefined, 'those of every role of tokens, one role after the other'),
      new Option('--window <w>', 'layers in which it is blocked at once, a number or all')
        .argParser(windowOf)
        .default(undefined, '1'),
      new Option('--head <h>', 'block this head of every layer alone')
        .argParser(count(0))
        .default(undefined, 'all heads'),
      new Option('--ablate <nodes>', 'instead of blocking attention, take out nodes one by one').choices(ABLATED_KINDS),
      new Option('--with <value>', 'what an ablated node gives: zero, or its mean over all tokens of the clean prompts')
        .choices(ABLATED_VALUES)
        .default(undefined, 'zero'),
      instrumentMetric(),
    ],
  )
    .addHelpText(
      'after',
      '\nAttention is blocked before the softmax (Geva et al. 2023), which is then taken\nover the positions that are left.\n\nExamples:\n  edgewise knockout --model tasks-4l --task ioi --prompts 16 --window 3\n  edgewise knockout --model tasks-4l --task ioi --prompts 16 --ablate heads --with mean',
    )
    .action(knockout);
}

function windowOf(text: string): number | 'all' {
  if (text === 'all') return text;
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a whole number of at least 1, or all.');
}

async function knockout(flags: Flags): Promise<void> {
  const { ablate, blocked, window, head } = flags;
  const metric = flags.metric ?? 'logit-diff';
  const idle = (ablate ? (['blocked', 'window', 'head'] as const) : (['with'] as const)).find(
    (name) => flags[name] !== undefined,
  );
  if (idle) {
    throw new EdgewiseError(
      'usage',
      `--${idle}`,
      ablate ? 'says nothing with --ablate' : 'says nothing without --ablate',
    );
  }
  if (ablate) {
    const options = { kind: ablate, value: flags.with ?? ('zero' as const), metric };
    return runInstrument(flags, metric, `ablating ${ablate}`, async ({ task, topology }) => {
      if (topology.attentionOnly && ablate !== 'heads') {
        throw new EdgewiseError('usage', '--ablate', `${ablate}: an attention-only model has none`);
      }
      return (instruments, onProgress) => instruments.ablateNodes(task, options, onProgress);
    });
  }
  await runInstrument(flags, metric, 'knocking out', async ({ task, topology }) => {
    if (head !== undefined && head >= topology.heads) {
      throw new EdgewiseError('usage', '--head', `${head}, expected 0 to ${topology.heads - 1}`);
    }
    if (typeof window === 'number' && window > topology.layers) {
      throw new EdgewiseError('usage', '--window', `${window}, but the model has ${topology.layers} layers`);
    }
    const given = blocked === undefined ? undefined : positionsOf(await jsonOfFile(blocked), blocked, task);
    const options = {
      metric,
      ...(given && { blocked: given }),
      ...(window !== undefined && { window }),
      ...(head !== undefined && { head }),
    };
    return (instruments, onProgress) => instruments.knockOut(task, options, onProgress);
  });
}

/** @throws EdgewiseError of kind usage that names the file where it is not one array of positions for each prompt. */
function positionsOf(given: unknown, path: string, { pairs, name }: Task): number[][] {
  const fail = (what: string): never => {
    throw new EdgewiseError('usage', path, `${what}, expected one array of positions for each prompt`);
  };
  if (!Array.isArray(given)) return fail('is no array');
  if (given.length !== pairs.length)
    return fail(`has ${given.length} entries for the ${pairs.length} prompts of ${name}`);
  return given.map((list: unknown, n) => {
    const isList = Array.isArray(list) && list.every((at) => Number.isSafeInteger(at) && (at as number) >= 0);
    return isList ? [...new Set(list as number[])] : fail(`entry ${n} is no list of positions`);
  });
}
