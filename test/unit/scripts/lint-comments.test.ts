import { expect, test } from 'vitest';
import { wideComments } from '../../../scripts/lint-comments.mjs';

const wide = 'x'.repeat(121);

test('comments wider than 120 columns are found, in every way to write one', () => {
  const lines = [`// ${wide}`, `/** ${wide} */`, ` * ${wide}`, `const a = 1; // ${wide}`, `# ${wide}`];
  expect(wideComments(lines.join('\n'))).toEqual([1, 2, 3, 4, 5]);
});

test('code, and comments of 120 columns, are left alone', () => {
  const lines = [`const a = '${wide}';`, `open('https://example.org/${wide}')`, `// ${'x'.repeat(117)}`];
  expect(wideComments(lines.join('\n'))).toEqual([]);
});
