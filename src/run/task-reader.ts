import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { readText, type ModelDirectory } from '../checkpoint/byte-source.js';
import type { TokenText } from '../inspect/circuit-details.js';
import { bosRuleOf } from '../model/families/index.js';
import type { ModelSpec } from '../model/spec.js';
import type { AnswerMode } from '../task/answers.js';
import { loadTask, readTask, type ReadOptions, type ReadTask, type TaskFile } from '../task/load-task.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { RowContext } from '../task/row.js';
import { openModelTokenizer } from '../task/open-tokenizer.js';
import type { BosOption, TaskTokenizer, TextWatch, TokenizerFacts } from '../task/tokenizer.js';
import { withoutTokenizer } from '../task/tokenizer-files.js';
import type { NamedText } from '../task/tokens/tokenizer-json.js';
import type { Task } from '../task/types.js';

/** Which rows of a file to read, and what their answers are for. */
export interface ReaderOptions extends ReadOptions {
  /** What becomes of an answer of several tokens. Default: it is refused, but `nll` measures the whole of it. */
  readonly answers?: AnswerMode | undefined;
  /** Rows without the answers that it reads are refused. Default: answers may be missing. */
  readonly metric?: MetricName | undefined;
}

/** What a reader must know of a model. */
export type ReaderSpec = Pick<ModelSpec, 'family' | 'bosTokenId' | 'vocab' | 'maxPositions'>;

/** Reads tasks in the tokens of one model. */
export interface TaskReader {
  /** @throws EdgewiseError of kind task that names the file, and the line or field. */
  readonly read: (file: TaskFile, options?: ReaderOptions) => Promise<Task>;
  /** The same, row by row: what is accepted and what is refused. */
  readonly check: (file: TaskFile, options?: ReaderOptions) => Promise<ReadTask>;
  /** Null where the model has none that can be used. */
  readonly tokenizer: TokenizerFacts | null;
  /** Why the tokenizer that is there cannot be used. Tasks in ids can be read without. */
  readonly refused: EdgewiseError | null;
  /** Why there is none, in words that follow `the model`; null where there is one. */
  readonly missing: string | null;
  /** The text of a token by its id; undefined without a tokenizer. */
  readonly tokenText: TokenText | undefined;
  /** Frees what reads. */
  readonly close: () => Promise<void>;
}

/**
 * Reads tasks where it is called. Nothing ends a tokenizer that takes too long.
 *
 * @param bos the token in front of every text.
 * @param watch is told of every text that is tokenized.
 * @throws EdgewiseError of kind usage: `bos` is no token of the tokenizer.
 */
export async function taskReader(
  directory: ModelDirectory,
  spec: ReaderSpec,
  bos: BosOption,
  watch?: TextWatch,
): Promise<TaskReader> {
  const opened = await openTokenizer(directory, spec, bos, watch).catch((error: unknown) => {
    if (error instanceof EdgewiseError && error.kind === 'config') return error;
    throw error;
  });
  const refused = opened instanceof EdgewiseError ? opened : null;
  const tokenizer = opened instanceof EdgewiseError ? null : opened;
  const has = async (name: string): Promise<boolean> => (await directory.open(name)) !== undefined;
  const missing = opened === null ? await withoutTokenizer(has) : null;
  return readerWith(tokenizer, refused, missing, spec);
}

/** @param missing why there is none, in words that follow `the model`. */
function readerWith(
  tokenizer: TaskTokenizer | null,
  refused: EdgewiseError | null,
  missing: string | null,
  { vocab, maxPositions }: ReaderSpec,
): TaskReader {
  const context = ({ metric, answers = metric === 'nll' ? 'whole' : 'one-token' }: ReaderOptions): RowContext => ({
    tokenizer,
    ...(missing !== null && { missing }),
    ...(refused !== null && { refused }),
    vocab,
    maxPositions,
    answers,
    ...(metric && { needs: METRICS[metric].needs }),
  });
  return {
    read: (file, options = {}) => loadTask(file, context(options), options),
    check: (file, options = {}) => readTask(file, context(options), options),
    tokenizer,
    refused,
    missing,
    tokenText: tokenizer === null ? undefined : (id) => tokenizer.tokenText(id),
    close: async () => undefined,
  };
}

/** A reader of tasks in ids, for a model whose tokenizer cannot be used. */
export function idReader(refused: EdgewiseError, spec: ReaderSpec): TaskReader {
  return readerWith(null, refused, null, spec);
}

/**
 * The tokenizer of a model directory; null where it has none.
 *
 * @param watch is told of every text that is tokenized.
 * @throws EdgewiseError of kind config that names a file at fault. Of kind usage: `bos` is no token of the tokenizer.
 */
export async function openTokenizer(
  directory: ModelDirectory,
  { family, bosTokenId, vocab }: Pick<ReaderSpec, 'family' | 'bosTokenId' | 'vocab'>,
  bos: BosOption,
  watch?: TextWatch,
): Promise<TaskTokenizer | null> {
  const read = async (name: string): Promise<NamedText | null> => {
    const file = await directory.open(name);
    return file ? { text: await readText(file), where: file.name } : null;
  };
  const tokenizer = await openModelTokenizer(read, { bosTokenId, bosRule: bosRuleOf(family), bos, vocab, watch });
  if (tokenizer === null && typeof bos === 'object') {
    const what = `${quote(bos.text)} is a token of no model without a tokenizer, expected auto, yes, no or an id`;
    throw new EdgewiseError('usage', '--bos', what);
  }
  return tokenizer;
}
