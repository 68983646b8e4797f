import { expect } from 'vitest';
import { EdgewiseError } from '../../src/base/errors.js';
import type { EdgeSet } from '../../src/circuit/edge-set.js';

/** The message of the EdgewiseError that `action` throws: one line that begins with the file, `f.json`. */
export function complaint(action: () => unknown, file = 'f.json'): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof EdgewiseError)) throw error;
    expect(error.message.startsWith(file)).toBe(true);
    expect(error.message).toMatch(/^[^\p{Cc}\p{Cf}]{1,700}$/u);
    return error.message;
  }
  throw new Error('expected a complaint');
}

export const names = (kept: EdgeSet): string[] => [...kept].map((id) => kept.topology.edgeName(id));
export const additionNames = (kept: EdgeSet): string[] => names(kept).slice(0, kept.additionSize);
