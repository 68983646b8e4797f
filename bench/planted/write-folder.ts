import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gpt2Config, gpt2Safetensors } from '../../src/model/families/gpt2-files.js';
import type { LoadedModel } from '../../src/model/load-model.js';
import { formatJsonl } from '../../src/task/formats/jsonl.js';
import type { Task } from '../../src/task/types.js';

/** Writes a model as a Hugging Face GPT-2 folder, with the task beside it: what other programs read. */
export async function writeModelFolder(folder: string, { spec, weights }: LoadedModel, task: Task): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), gpt2Config(spec));
  const rows = task.pairs.map(({ clean, corrupted, correct, wrong }) => ({
    clean_ids: [...clean],
    corrupted_ids: [...corrupted],
    correct_ids: [...correct],
    wrong_ids: [...wrong],
  }));
  await writeFile(join(folder, `${task.name}.jsonl`), formatJsonl(rows));
  await pipeline(Readable.from(gpt2Safetensors(spec, weights)), createWriteStream(join(folder, 'model.safetensors')));
}
