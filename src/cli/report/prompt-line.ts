import { quote } from '../../base/text.js';
import type { Task } from '../../task/types.js';

/** Tokens at the start and at the end of a long prompt that are shown. */
const START = 48;
const END = 16;

/** The first prompt of a task token by token, special tokens as text. Without a tokenizer: its ids. */
export function firstPrompt({ pairs: [pair] }: Task): string {
  if (!pair) return 'none';
  const tokens = pair.texts === undefined ? pair.clean.map(String) : pair.texts.clean.map(quote);
  const hidden = tokens.length - START - END;
  if (hidden <= 0) return tokens.join(' ');
  return [...tokens.slice(0, START), `... ${hidden} more ...`, ...tokens.slice(-END)].join(' ');
}
