import { open, mkdir, writeFile, type FileHandle } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '../../src/base/rng.js';
import type { SizedModel, SizedTensor } from './shapes.js';

const SHARDS = 2;
const BYTES = 2;
/** Numbers that are in memory at once. */
const BLOCK = 2 ** 22;
/** Spread of the weights of a model before it is trained. */
const DEVIATION = 0.02;
const TASK = 'pairs.jsonl';
const PROMPTS = 2;
const TOKENS = 12;

/** The checkpoint's folder and the task beside it. */
export interface WrittenCheckpoint {
  readonly folder: string;
  readonly task: string;
}

/**
 * A checkpoint with random bf16 weights in two shards, and a task of two prompts in ids. What is there already stays: a
 * folder is whole once it has its index, which is written last.
 */
export async function writeCheckpoint(folder: string, { config, tensors }: SizedModel): Promise<WrittenCheckpoint> {
  const written = { folder, task: join(folder, TASK) };
  const index = join(folder, 'model.safetensors.index.json');
  if (existsSync(index)) return written;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(written.task, taskRows(config.vocab_size));
  const total = sizeOf(tensors);
  const shards: SizedTensor[][] = Array.from({ length: SHARDS }, () => []);
  let before = 0;
  for (const tensor of tensors) {
    shards[Math.floor((SHARDS * before) / total)]!.push(tensor);
    before += sizeOf([tensor]);
  }
  const places: Record<string, string> = {};
  for (const [i, own] of shards.entries()) {
    const file = `model-${numbered(i + 1)}-of-${numbered(SHARDS)}.safetensors`;
    await writeShard(join(folder, file), own, i);
    for (const { name } of own) places[name] = file;
  }
  await writeFile(index, JSON.stringify({ metadata: { total_size: total }, weight_map: places }));
  return written;
}

const numbered = (n: number): string => String(n).padStart(5, '0');
const countOf = ({ shape }: SizedTensor): number => shape.reduce((product, n) => product * n, 1);
const sizeOf = (tensors: readonly SizedTensor[]): number =>
  tensors.reduce((sum, tensor) => sum + BYTES * countOf(tensor), 0);

async function writeShard(path: string, tensors: readonly SizedTensor[], seed: number): Promise<void> {
  let at = 0;
  const header: Record<string, object> = {};
  for (const tensor of tensors) {
    const end = at + sizeOf([tensor]);
    header[tensor.name] = { dtype: 'BF16', shape: tensor.shape, data_offsets: [at, end] };
    at = end;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(8 * Math.ceil(text.length / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([length, head]));
    const random = randomBlocks(seed);
    for (const tensor of tensors) await writeNumbers(file, countOf(tensor), tensor.mean, random);
  } finally {
    await file.close();
  }
}

type Blocks = (into: Uint16Array, mean: 0 | 1) => void;

async function writeNumbers(file: FileHandle, count: number, mean: 0 | 1, fill: Blocks): Promise<void> {
  const block = new Uint16Array(Math.min(BLOCK, count));
  for (let first = 0; first < count; first += BLOCK) {
    const part = block.subarray(0, Math.min(BLOCK, count - first));
    fill(part, mean);
    await file.write(new Uint8Array(part.buffer, 0, part.byteLength));
  }
}

/** Draws from a list of normal numbers: a thousand million of them are to be had in seconds. */
function randomBlocks(seed: number): Blocks {
  const rng = createRng(seed);
  const drawn = Float32Array.from({ length: 4096 }, () => DEVIATION * rng.normal());
  const lists = [0, 1].map((mean) => {
    const words = new Uint32Array(drawn.map((value) => value + mean).buffer);
    return Uint16Array.from(words, (bits) => bits >>> 16);
  });
  let state = 1 + rng.below(2 ** 31);
  return (into, mean) => {
    const list = lists[mean]!;
    for (let i = 0; i < into.length; i++) {
      // Xorshift (Marsaglia 2003).
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      into[i] = list[state & 4095]!;
    }
  };
}

function taskRows(vocab: number): string {
  const rng = createRng(1);
  const rows = Array.from({ length: PROMPTS }, () => {
    const clean = Array.from({ length: TOKENS }, () => rng.below(vocab));
    const corrupted = clean.with(TOKENS >> 1, rng.below(vocab));
    const [correct, wrong] = [rng.below(vocab), rng.below(vocab)];
    return { clean_ids: clean, corrupted_ids: corrupted, correct_ids: [correct], wrong_ids: [wrong] };
  });
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
