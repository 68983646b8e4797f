import { EdgewiseError } from '../base/errors.js';
import { isObject } from '../base/json/strict-json.js';
import { quote } from '../base/text.js';
import { memorySource } from '../checkpoint/byte-source.js';
import { readSafetensors, readTensor, safetensorsOf } from '../checkpoint/safetensors.js';
import type { PromptScores } from '../circuit/prompt-scores.js';

const TENSOR = 'scores';
/** Of the metadata: the version of the file, and which scoring it is of. */
const [VERSION_KEY, RUN_KEY, VERSION] = ['edgewise_scores_per_prompt', 'run', '1'];

/**
 * Scores per prompt as a safetensors file: one f32 tensor `scores` [prompts, edges], whose columns are the edges in the
 * order of scores.json. Its metadata has `edgewise_scores_per_prompt` (the version) and `run`, which says as JSON what
 * was scored and how. Any safetensors library reads it.
 *
 * @param run what identifies the scoring.
 */
export function writePromptScores(
  { prompts, edges, values }: PromptScores,
  run: Readonly<Record<string, unknown>>,
): Uint8Array<ArrayBuffer> {
  const metadata = { [VERSION_KEY]: VERSION, [RUN_KEY]: JSON.stringify(run) };
  return safetensorsOf(TENSOR, [prompts, edges], values, metadata);
}

/**
 * Reads such a file.
 *
 * @param name of the file, for messages.
 * @throws EdgewiseError of kind circuit or checkpoint that names the file and what is wrong with it.
 */
export async function readPromptScores(
  bytes: Uint8Array,
  name: string,
): Promise<{ readonly scores: PromptScores; readonly run: Readonly<Record<string, unknown>> }> {
  const fail = (what: string): never => {
    throw new EdgewiseError('circuit', name, what);
  };
  const { tensors, metadata } = await readSafetensors(memorySource(name, bytes));
  const version = metadata[VERSION_KEY];
  if (version !== VERSION) {
    fail(
      `metadata ${VERSION_KEY}: got ${quote(version)}, expected "${VERSION}"; attribute --per-prompt writes such files`,
    );
  }
  const run = runIn(metadata[RUN_KEY]) ?? fail(`metadata ${RUN_KEY}: expected a JSON object as a text`);
  const tensor = tensors.get(TENSOR);
  if (!tensor || tensors.size !== 1) return fail(`expected one tensor, ${TENSOR}`);
  const [prompts, edges, ...more] = tensor.shape;
  if (!prompts || !edges || more.length > 0 || tensor.type !== 'F32') {
    return fail(`tensor ${TENSOR}: got ${tensor.type} ${quote(tensor.shape)}, expected F32 [prompts, edges]`);
  }
  const values = await readTensor(tensor);
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    const at = `[${Math.floor(broken / edges)}, ${broken % edges}]`;
    fail(`tensor ${TENSOR}${at}: got ${values[broken]}, expected a finite number`);
  }
  return { scores: { prompts, edges, values }, run };
}

function runIn(text: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
