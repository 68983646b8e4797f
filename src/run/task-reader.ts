import { sha256 } from '../base/sha256.js';
import { readText, type ModelDirectory } from '../checkpoint/byte-source.js';
import type { TokenText } from '../inspect/circuit-details.js';
import type { ModelSpec } from '../model/spec.js';
import type { AnswerMode } from '../task/answers.js';
import { loadTask, readTask, type ReadOptions, type ReadTask, type TaskFile } from '../task/load-task.js';
import { METRICS, type MetricName } from '../readout/metrics.js';
import type { RowContext } from '../task/row.js';
import { createTokenizer, type BosMode, type TaskTokenizer } from '../task/tokenizer.js';
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
  /** The text of a token by its id; undefined where the model has no tokenizer. */
  readonly tokenText: TokenText | undefined;
}

/** @param bos whether texts begin with the beginning-of-text token: where the config has one, always, or never. */
export async function taskReader(directory: ModelDirectory, spec: ModelSpec, bos: BosMode): Promise<TaskReader> {
  const tokenizer = await openTokenizer(directory, spec, bos);
  const { vocab, maxPositions } = spec;
  const context = ({ metric, answers = metric === 'nll' ? 'whole' : 'one-token' }: ReaderOptions): RowContext => ({
    tokenizer,
    vocab,
    maxPositions,
    answers,
    ...(metric && { needs: METRICS[metric].needs }),
  });
  return {
    read: (file, options = {}) => loadTask(file, context(options), options),
    check: (file, options = {}) => readTask(file, context(options), options),
    tokenText: tokenizer === null ? undefined : (id) => tokenizer.tokenText(id),
  };
}

/** The tokenizer of a model directory; null where it has none. */
export async function openTokenizer(
  directory: ModelDirectory,
  spec: ModelSpec,
  bos: BosMode,
): Promise<TaskTokenizer | null> {
  const file = await directory.open('tokenizer.json');
  if (!file) return null;
  const text = await readText(file);
  const configFile = await directory.open('tokenizer_config.json');
  const config = configFile ? { text: await readText(configFile), where: configFile.name } : null;
  const { bosTokenId, vocab } = spec;
  return createTokenizer({ text, where: file.name }, config, { bosTokenId, bos, vocab, hash: await sha256(text) });
}
