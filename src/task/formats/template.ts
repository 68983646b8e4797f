import { isObject } from '../../base/json/strict-json.js';
import type { FieldValues } from '../fields.js';
import { templateRows } from '../template-expand.js';
import { checkSlotTokens } from '../template-tokens.js';
import { checkTemplateShape } from '../template.js';
import type { TaskFormat } from './format.js';

export const template: TaskFormat = {
  name: 'template',
  about: 'texts with slots, from which prompt pairs are drawn',
  recognisedBy: 'a JSON object with templates',
  recognises({ json }) {
    const value = json();
    if (!isObject(value)) return false;
    // One without its templates is told so; rows may have been drawn with a seed too.
    return 'templates' in value || ('seed' in value && !Object.values(value).some(Array.isArray));
  },
  read({ source, json }, tokenizer) {
    const task = checkTemplateShape(json(), source);
    if (tokenizer !== null) checkSlotTokens(task, source, tokenizer);
    const rows = templateRows(task, source);
    const drawn: FieldValues[] = [];
    return {
      length: task.count,
      where: (index) => `prompt ${index + 1}`,
      row(index) {
        // Rows that nobody asks for are not drawn.
        while (drawn.length <= index) {
          const { row, template: place } = rows.next().value!;
          drawn.push({ ...row, meta: { template: place } });
        }
        return drawn[index]!;
      },
    };
  },
};
