/** Scores per prompt as a file: any safetensors file that is not one is refused. */
import { expect, test } from 'vitest';
import { safetensorsOf } from '../../../src/checkpoint/safetensors.js';
import { roomForPromptScores } from '../../../src/circuit/prompt-scores.js';
import { readPromptScores, writePromptScores } from '../../../src/run/prompt-scores-file.js';

const scores = { prompts: 2, edges: 3, values: Float32Array.of(1, -2, 0.5, 4, 5, 6) };
const run = { method: 'eap', model: { hash: 'ab' } };

test('it comes back as it was written, and its numbers are aligned', async () => {
  const bytes = writePromptScores(scores, run);
  expect(await readPromptScores(bytes, 'f')).toEqual({ scores, run });
  expect((bytes.length - scores.values.byteLength) % 8).toBe(0);
});

const metadata = { edgewise_scores_per_prompt: '1', run: '{}' };
test.each([
  ['no metadata', safetensorsOf('scores', [2, 3], scores.values, {}), 'edgewise_scores_per_prompt: got nothing'],
  [
    'another version',
    safetensorsOf('scores', [2, 3], scores.values, { ...metadata, edgewise_scores_per_prompt: '2' }),
    'got "2"',
  ],
  ['no run', safetensorsOf('scores', [2, 3], scores.values, { ...metadata, run: '[]' }), 'expected a JSON object'],
  ['another tensor', safetensorsOf('x', [2, 3], scores.values, metadata), 'expected one tensor, scores'],
  ['another shape', safetensorsOf('scores', [6], scores.values, metadata), 'expected F32 [prompts, edges]'],
  ['NaN', safetensorsOf('scores', [1, 3], Float32Array.of(1, 2, Number.NaN), metadata), 'scores[0, 2]: got NaN'],
  ['half a file', writePromptScores(scores, run).slice(0, -4), 'truncated'],
  ['no safetensors', new TextEncoder().encode('{"edges": {}}'), 'f: '],
])('%s is refused', async (_, bytes, message) => {
  await expect(readPromptScores(bytes, 'f')).rejects.toThrow(message);
});

test('what does not fit the memory is refused with the numbers', () => {
  expect(roomForPromptScores(10, 10, 400)).toHaveLength(100);
  expect(() => roomForPromptScores(1000, 32_491, 1e8)).toThrow(
    'scores per prompt: of 1,000 prompts and 32,491 edges take 0.130 GB, the memory budget is 0.100 GB',
  );
});
