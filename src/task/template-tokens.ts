import { EdgewiseError } from '../base/errors.js';
import { quote, quoteList } from '../base/text.js';
import { compileTemplates, wordText } from './template-compile.js';
import type { CompiledText } from './template-compile.js';
import { slotText } from './template-text.js';
import type { TaskTemplate } from './template.js';
import type { TaskTokenizer } from './tokenizer.js';

/**
 * Checks that every word is one token where its slots stand: with the space in front of it where the template has one.
 * Only then do the clean and the corrupted prompt line up whatever is drawn.
 *
 * @throws EdgewiseError of kind task naming the file, the slot and the word.
 */
export function checkSlotTokens(task: TaskTemplate, source: string, tokenizer: TaskTokenizer): void {
  const passed = new Set<string>();
  const check = ({ parts, where }: CompiledText): void => {
    parts.forEach((part, index) => {
      if (typeof part === 'string') return;
      const before = parts[index - 1];
      const space = typeof before === 'string' && before.endsWith(' ') ? ' ' : '';
      for (const word of task.words[part.list] ?? []) {
        const text = `${space}${wordText(word, part.form) ?? ''}`;
        if (passed.has(text)) continue;
        refuseUnlessOneToken(text, `${where}, slot ${slotText(part)}`, tokenizer);
        passed.add(text);
      }
    });
  };
  for (const template of compileTemplates(task, source)) {
    check(template.clean);
    check(template.corrupted);
  }
}

function refuseUnlessOneToken(text: string, where: string, tokenizer: TaskTokenizer): void {
  const ids = tokenizer.encodeBare(text);
  if (ids?.length === 1) return;
  const got =
    ids === null ? 'has no token' : `is ${ids.length} tokens (${quoteList(ids.map((id) => tokenizer.tokenText(id)))})`;
  throw new EdgewiseError('task', where, `word ${quote(text)} ${got}, expected exactly one`);
}
