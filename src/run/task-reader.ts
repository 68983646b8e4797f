import { EdgewiseError } from '../base/errors.js';
import { quote } from '../base/text.js';
import { readText, type ModelDirectory } from '../checkpoint/byte-source.js';
import type { TokenText } from '../inspect/circuit-details.js';
import type { ModelSpec } from '../model/spec.js';
import type { AnswerMode } from '../task/answers.js';
import { loadTask, readTask, type ReadOptions, type ReadTask, type TaskFile } from '../task/load-task.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { RowContext } from '../task/row.js';
import { openModelTokenizer, withoutTokenizer } from '../task/open-tokenizer.js';
import type { BosOption, TaskTokenizer } from '../task/tokenizer.js';
import type { NamedText } from '../task/tokens/tokenizer-json.js';
import type { Task } from '../task/types.js';

/** Which rows of a file to read, and what their answers are for. */
export interface ReaderOptions extends ReadOptions {
  /** What becomes of an answer of several tokens. Default: it is refused, but `nll` measures the whole of it. */
  readonly answers?: AnswerMode | undefined;
  /** Rows without the answers that it reads are refused. Default: answers may be missing. */
  readonly metric?: MetricName | undefined;
}

/** Reads tasks in the tokens of one model. */
export interface TaskReader {
  /** @throws EdgewiseError of kind task that names the file, and the line or field. */
  readonly read: (file: TaskFile, options?: ReaderOptions) => Promise<Task>;
  /** The same, row by row: what is accepted and what is refused. */
  readonly check: (file: TaskFile, options?: ReaderOptions) => Promise<ReadTask>;
  /** Null where the model has none. */
  readonly tokenizer: TaskTokenizer | null;
  /** The text of a token by its id; undefined where the model has no tokenizer. */
  readonly tokenText: TokenText | undefined;
}

/** @param bos the token in front of every text. */
export async function taskReader(directory: ModelDirectory, spec: ModelSpec, bos: BosOption): Promise<TaskReader> {
  const tokenizer = await openTokenizer(directory, spec, bos);
  const missing = tokenizer === null ? await missingTokenizer(directory) : null;
  const { vocab, maxPositions } = spec;
  const context = ({ metric, answers = metric === 'nll' ? 'whole' : 'one-token' }: ReaderOptions): RowContext => ({
    tokenizer,
    ...(missing !== null && { missing }),
    vocab,
    maxPositions,
    answers,
    ...(metric && { needs: METRICS[metric].needs }),
  });
  return {
    read: (file, options = {}) => loadTask(file, context(options), options),
    check: (file, options = {}) => readTask(file, context(options), options),
    tokenizer,
    tokenText: tokenizer === null ? undefined : (id) => tokenizer.tokenText(id),
  };
}

/** Why a model directory has no tokenizer, in words that follow `the model`. */
export function missingTokenizer(directory: ModelDirectory): Promise<string> {
  return withoutTokenizer(async (name) => (await directory.open(name)) !== undefined);
}

/**
 * The tokenizer of a model directory; null where it has none.
 *
 * @throws EdgewiseError of kind config that names a file at fault. Of kind usage: `bos` is no token of the tokenizer.
 */
export async function openTokenizer(
  directory: ModelDirectory,
  { bosTokenId, vocab }: ModelSpec,
  bos: BosOption,
): Promise<TaskTokenizer | null> {
  const read = async (name: string): Promise<NamedText | null> => {
    const file = await directory.open(name);
    return file ? { text: await readText(file), where: file.name } : null;
  };
  const tokenizer = await openModelTokenizer(read, { bosTokenId, bos, vocab });
  if (tokenizer === null && typeof bos === 'object') {
    const what = `${quote(bos.text)} is a token of no model without a tokenizer, expected auto, yes, no or an id`;
    throw new EdgewiseError('usage', '--bos', what);
  }
  return tokenizer;
}
