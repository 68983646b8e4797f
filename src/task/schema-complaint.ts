import * as v from 'valibot';

import { oneLine } from '../base/text.js';

/** What a schema found wrong, in words: the field, and what was expected of it. */
export function schemaComplaint(issue: v.BaseIssue<unknown>): string {
  const field = oneLine(v.getDotPath(issue) ?? 'the file');
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${field}: there is no such field`;
  if (issue.received === 'undefined') return `${field}: is missing`;
  const ours = /^(expected|must) /.test(issue.message);
  const expected = ours ? issue.message : `expected ${issue.expected ?? 'another value'}`;
  return `${field}: ${expected}, got ${oneLine(issue.received)}`;
}
