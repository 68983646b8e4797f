import { schemaComplaint } from './schema-complaint.js';
import * as v from 'valibot';

import { EdgewiseError } from '../base/errors.js';

const MAX_PROMPTS = 100_000;

const name = v.pipe(v.string(), v.regex(/^[A-Za-z][\w-]*$/, 'expected a name of letters, digits, - and _'));
const text = v.pipe(v.string(), v.nonEmpty('expected a text that is not empty'));
const word = v.union([text, v.record(name, text)], 'expected a word or an object of forms');

const wordSet = v.pipe(
  v.strictObject({ from: name, after: v.optional(text), upTo: v.optional(text), prefix: v.optional(v.string()) }),
  v.check((set) => (set.after === undefined) !== (set.upTo === undefined), 'expected either after or upTo'),
);
const answers = v.union(
  [text, v.pipe(v.array(text), v.nonEmpty()), wordSet],
  'expected a text, an array of texts, or {from, after} or {from, upTo} with an optional prefix',
);

const promptTemplate = v.strictObject({
  clean: text,
  corrupted: text,
  correct: v.optional(answers),
  wrong: v.optional(answers),
});

const taskTemplate = v.strictObject({
  description: v.optional(v.string()),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)),
  count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PROMPTS)),
  words: v.record(name, v.pipe(v.array(word), v.nonEmpty('expected at least one word'))),
  templates: v.pipe(v.array(promptTemplate), v.nonEmpty('expected at least one template')),
  correct: v.optional(answers),
  wrong: v.optional(answers),
});

/**
 * A task as templates with slots. A prompt pair is made by drawing words for the slots of one template and filling them
 * into its clean and its corrupted text, which share the draw: `{name}` is the same word in both, `{name.2}` another
 * one. A word may have named forms, `{"one": "dog", "many": "dogs"}`, used as `{noun:one}`. Answers are texts with
 * slots, or the words of a list after (or up to and including) a drawn one; those of a template replace those of the
 * task.
 */
export type TaskTemplate = v.InferOutput<typeof taskTemplate>;
export type TemplateAnswers = v.InferOutput<typeof answers>;

/**
 * Checks the shape of a parsed template file. Unknown keys are refused.
 *
 * @throws EdgewiseError of kind task naming `source` and the field.
 */
export function checkTemplateShape(value: unknown, source: string): TaskTemplate {
  const parsed = v.safeParse(taskTemplate, value);
  if (parsed.success) return parsed.output;
  throw new EdgewiseError('task', source, schemaComplaint(parsed.issues[0]));
}
