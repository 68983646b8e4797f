import { EdgewiseError } from '../base/errors.js';
import { faultsError, type RowFault } from './fault.js';
import { refuseMissing } from './row.js';
import type { Task } from './types.js';

/**
 * The task without its first `skip` pairs, and of the rest the first `prompts` (default: all).
 *
 * @throws EdgewiseError of kind task when the task has fewer.
 */
export function takePrompts(task: Task, prompts?: number, skip = 0): Task {
  const there = task.pairs.length;
  const end = skip + (prompts ?? Math.max(1, there - skip));
  if (end > there) {
    const asked = `${prompts ?? 'at least 1'}${skip > 0 ? ` after the first ${skip}` : ''}`;
    throw new EdgewiseError('task', task.source, `has ${there} prompt pairs, but ${asked} were asked for`);
  }
  return { ...task, pairs: task.pairs.slice(skip, end), skip: task.skip + skip };
}

/**
 * Refuses a task that lacks answers which the metric uses.
 *
 * @throws EdgewiseError of kind task naming the prompt pairs.
 */
export function requireAnswers(task: Task, needs: { readonly correct: boolean; readonly wrong: boolean }): void {
  const faults = task.pairs.flatMap((pair, index): RowFault[] => {
    try {
      refuseMissing(pair, needs, pair.origin ?? `${task.source}, pair ${index + 1}`);
      return [];
    } catch (fault) {
      return [fault as RowFault];
    }
  });
  if (faults.length > 0) throw faultsError(task.source, faults, faults.length);
}
