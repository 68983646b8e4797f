import { EdgewiseError } from '../base/errors.js';
import { counted } from '../base/text.js';
import { readWhole } from '../node/open-files.js';
import type { TriggerText } from '../instruments/lens/triggers.js';
import { note } from './report/progress.js';
import type { NamedTaskReader } from './session.js';

/**
 * The lines of a text file in the model's tokens, each with its beginning-of-text token where prompts have one. Empty
 * lines are no texts. Lines that cannot be read, as those with more tokens than the model has positions, are left out,
 * which is told.
 *
 * @throws EdgewiseError of kind task where no line is left.
 */
export async function readTexts(reader: NamedTaskReader, path: string): Promise<TriggerText[]> {
  const bytes = await readWhole(path, 'task');
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((text, i) => ({ line: i + 1, text: text.trim() }))
    .filter(({ text }) => text !== '');
  if (lines.length === 0) throw new EdgewiseError('task', path, 'holds no text');
  // Read as a task's prompts are.
  const rows = lines.map(({ text }) => `${JSON.stringify({ clean: text, corrupted: text })}\n`).join('');
  const file = { name: 'texts', source: path, bytes: new TextEncoder().encode(rows) };
  const { verdicts } = await reader.check(file);
  const texts = verdicts.flatMap((verdict, i) =>
    'checked' in verdict ? [{ line: lines[i]!.line, ids: verdict.checked.pair.clean }] : [],
  );
  const at = verdicts.findIndex((verdict) => 'fault' in verdict);
  const first = verdicts[at];
  if (first && 'fault' in first) {
    const why = `line ${lines[at]!.line}: ${first.fault.what}`;
    if (texts.length === 0) throw new EdgewiseError('task', path, `no line can be read; ${why}`);
    note(`note: ${path}: ${counted(verdicts.length - texts.length, 'line')} left out; ${why}`);
  }
  return texts;
}
