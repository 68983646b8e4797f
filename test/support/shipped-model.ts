import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openModel, type LoadedModel } from '../../src/model/load-model.js';
import { openModelDirectory } from '../../src/node/model-directory.js';
import { openModelTokenizer } from '../../src/task/open-tokenizer.js';
import type { TaskTokenizer } from '../../src/task/tokenizer.js';

/** A shipped model without a device, and what its tasks are checked against. */
export interface ShippedModel {
  readonly model: LoadedModel;
  readonly context: { readonly tokenizer: TaskTokenizer; readonly vocab: number; readonly maxPositions: number };
}

export function shippedFolder(name: string): string {
  return fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
}

export async function openShippedModel(name: string): Promise<ShippedModel> {
  const folder = shippedFolder(name);
  const model = await openModel(await openModelDirectory(folder));
  const { vocab, maxPositions, bosTokenId } = model.spec;
  const read = async (file: string): Promise<{ text: string; where: string } | null> => {
    const text = await readFile(join(folder, file), 'utf8').catch(() => null);
    return text === null ? null : { text, where: file };
  };
  const tokenizer = await openModelTokenizer(read, { bosTokenId, bos: 'auto', vocab });
  if (tokenizer === null) throw new Error(`${name} has no tokenizer`);
  return { model, context: { tokenizer, vocab, maxPositions } };
}
