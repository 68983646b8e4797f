import { basename } from 'node:path';
import { quote } from '../../base/text.js';
import type { OpenedModel } from '../../node/open.js';
import { openTaskReader } from '../../node/reading/open-task-reader.js';
import type { BosOption } from '../../task/tokenizer.js';

/** A model's tokenizer in words. */
export interface TokenizerReport {
  /** The file and what it holds, or why there is none that can be used. */
  readonly tokenizer: string;
  /** What is put in front of texts, or why texts are refused. */
  readonly beginning_of_text: string;
}

/** A tokenizer that is refused is no reason to say nothing of the model. */
export async function describeTokenizer({ model, directory }: OpenedModel, bos: BosOption): Promise<TokenizerReport> {
  const config = `${model.spec.bosTokenId ?? 'none'} by config.json`;
  const { tokenizer, refused, missing, tokenText, close } = await openTaskReader({ model, directory }, bos);
  await close();
  if (refused) return { tokenizer: `refused: ${refused.message}`, beginning_of_text: config };
  if (tokenizer === null) return { tokenizer: `none: the model ${missing}`, beginning_of_text: config };
  const { ids, from, problem } = tokenizer.beginning;
  const shown = ids.map((id) => `${id} ${quote(tokenText!(id))}`).join(', ');
  const beginning = problem?.message ?? (from === null ? 'none' : `${shown} by ${basename(from)}`);
  return { tokenizer: [tokenizer.description, ...tokenizer.notes].join('; '), beginning_of_text: beginning };
}
