import { EdgewiseError } from '../../base/errors.js';
import type { TaskFile } from '../load-task.js';
import type { TaskTemplate } from '../template.js';
import { agreement } from './agreement.js';
import { docstring } from './docstring.js';
import { genderedPronoun } from './gendered-pronoun.js';
import { greaterThan } from './greater-than.js';
import { induction } from './induction.js';
import { ioi } from './ioi.js';

/** The shipped tasks by name. To add one, write its template in a file beside this one and list it here. */
export const builtinTasks: ReadonlyMap<string, TaskTemplate> = new Map([
  ['ioi', ioi],
  ['greater-than', greaterThan],
  ['induction', induction],
  ['gendered-pronoun', genderedPronoun],
  ['docstring', docstring],
  ['agreement', agreement],
]);

/**
 * A shipped task as the template file that a user could have written; its hash is that of these bytes.
 *
 * @throws EdgewiseError of kind usage for an unknown name, listing the names.
 */
export function builtinTaskFile(name: string): TaskFile {
  const template = builtinTasks.get(name);
  if (template === undefined) {
    throw new EdgewiseError('usage', name, `is no shipped task (${[...builtinTasks.keys()].join(', ')})`);
  }
  return { name, source: name, bytes: new TextEncoder().encode(`${JSON.stringify(template, null, 2)}\n`) };
}
