import { EdgewiseError } from '../base/errors.js';
import { isObject } from '../base/json/strict-json.js';
import type { TaskFile } from './load-task.js';
import { checkTemplateShape } from './template.js';

/**
 * A template with another seed, from which other prompts are drawn.
 *
 * @param further is added to the file's own seed.
 * @throws EdgewiseError of kind task where the file is no template.
 */
export function redrawnTaskFile({ name, source, bytes }: TaskFile, further: number): TaskFile {
  const json = parsed(bytes);
  if (!isObject(json) || !('templates' in json)) {
    throw new EdgewiseError('task', source, 'is no template, so that its prompts cannot be drawn with other seeds');
  }
  const task = checkTemplateShape(json, source);
  const seed = (task.seed + further) >>> 0;
  return { name, source, bytes: new TextEncoder().encode(JSON.stringify({ ...task, seed })) };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
