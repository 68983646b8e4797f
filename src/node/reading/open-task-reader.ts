import { readText, type ModelDirectory } from '../../checkpoint/byte-source.js';
import { EdgewiseError } from '../../base/errors.js';
import type { TokenText } from '../../inspect/circuit-details.js';
import type { LoadedModel } from '../../model/load-model.js';
import type { TaskReader } from '../../run/task-reader.js';
import type { BosOption } from '../../task/tokenizer.js';
import { makeTokenizer, TOKENIZER_FILES } from '../../task/tokenizer-files.js';
import { shownToken, type TokenStrings } from '../../task/tokens/token-texts.js';
import type { Task } from '../../task/types.js';
import { LIMITS, LimitedWorker, type ReadingLimits } from './limited-worker.js';
import {
  receivedError,
  receivedFacts,
  receivedReport,
  type Opened,
  type Question,
  type Sent,
  type SentReport,
} from './messages.js';

/**
 * Reads tasks of a model. Its tokenizer runs in a worker, which is ended where it takes too long or too much memory: an
 * expression in a tokenizer's file can take for ever.
 *
 * @param bos the token in front of every text.
 * @throws EdgewiseError of kind usage: `bos` is no token of the tokenizer.
 */
export async function openTaskReader(
  { model, directory }: { readonly model: Pick<LoadedModel, 'spec'>; readonly directory: ModelDirectory },
  bos: BosOption,
  limits: ReadingLimits = LIMITS,
): Promise<TaskReader> {
  const { family, bosTokenId, vocab, maxPositions } = model.spec;
  const spec = { family, bosTokenId, vocab, maxPositions };
  const names = await namesOf(directory);
  if (!makeTokenizer(names)) return (await readingHere()).taskReader(directory, spec, bos);

  const start = async (): Promise<{ readonly worker: LimitedWorker; readonly opened: Opened }> => {
    const files = await filesOf(directory, names);
    const tokenizer = `${directory.name}/${names.has('tokenizer.json') ? 'tokenizer.json' : 'vocab.json'}`;
    const worker = new LimitedWorker({ directory: directory.name, files, spec, bos }, tokenizer, limits);
    return { worker, opened: await worker.opened() };
  };
  const started = await start().catch((error: unknown) => {
    if (error instanceof EdgewiseError && error.kind === 'config') return error;
    throw error;
  });
  if (started instanceof EdgewiseError) return (await readingHere()).idReader(started, spec);

  let { worker } = started;
  const answer = async <T extends Sent>(question: Question): Promise<T> => {
    if (worker.ended) ({ worker } = await start());
    return worker.ask(question);
  };
  // One question at a time, in the order in which they were asked.
  let turn: Promise<unknown> = Promise.resolve();
  const ask = <T extends Sent>(question: Question): Promise<T> => {
    const answered = turn.then(() => answer<T>(question));
    turn = answered.catch(() => undefined);
    return answered;
  };
  const { opened } = started;
  const tokenizer = opened.tokenizer && receivedFacts(opened.tokenizer);
  return {
    read: (file, options = {}) => ask<Task>({ kind: 'read', file, options }),
    check: async (file, options = {}) => receivedReport(await ask<SentReport>({ kind: 'check', file, options })),
    tokenizer,
    missing: null,
    refused: opened.refused && (receivedError(opened.refused) as EdgewiseError),
    tokenText: tokenizer === null ? undefined : lateToken(() => tokenizer.strings),
    close: () => worker.end(),
  };
}

/** The libraries of tokenizers are large; most runs need them in the worker alone. */
const readingHere = async (): Promise<typeof import('../../run/task-reader.js')> => import('../../run/task-reader.js');

/** Most runs never ask for the text of a token. */
function lateToken(strings: () => TokenStrings): TokenText {
  let shown: TokenText | undefined;
  return (id) => (shown ??= shownToken(strings()))(id);
}

async function namesOf(directory: ModelDirectory): Promise<Set<string>> {
  const found = await Promise.all(
    TOKENIZER_FILES.map(async (name) => ((await directory.open(name)) === undefined ? [] : [name])),
  );
  return new Set(found.flat());
}

async function filesOf(directory: ModelDirectory, names: ReadonlySet<string>): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const file = await directory.open(name);
    if (file) files.set(name, new TextEncoder().encode(await readText(file)));
  }
  return files;
}
