// The program of the worker that reads changed files. campaign.ts starts it, and ends it where an input takes too long.
import { parentPort, workerData } from 'node:worker_threads';
import { createRng } from '../../src/base/rng.js';
import type { Answer, Finding, Order, WorkerStart } from './messages.js';
import { mutate } from './mutate.js';
import { judge } from './oracle.js';
import type { FuzzedReader, Seed } from './reader.js';
import { fuzzedReaders } from './readers/index.js';

const { root, at } = workerData as WorkerStart;
const readers = new Map(fuzzedReaders(root).map((reader) => [reader.name, reader]));
const seeds = new Map<FuzzedReader, readonly Seed[]>();
const place = new Int32Array(at);

parentPort!.on('message', (order: Order) => {
  void answer(order).then((done) => parentPort!.postMessage(done));
});

async function answer({ reader: name, seed, first, count, until, makeOnly }: Order): Promise<Answer> {
  const reader = readers.get(name)!;
  if (!seeds.has(reader)) seeds.set(reader, await reader.seeds());
  const findings: Finding[] = [];
  let taken = 0;
  let index = first;
  for (; index < first + count && Date.now() < until; index++) {
    Atomics.store(place, 0, index);
    const input = inputOf(reader, seed, index);
    const { wrong, read } = makeOnly ? { wrong: 'made', read: false } : await judge(reader, input);
    if (read) taken++;
    if (wrong !== null) findings.push({ reader: name, seed, index, file: input.name, wrong, bytes: input.bytes });
  }
  return { read: index - first, taken, findings };
}

/** The first inputs are the files as they are. */
function inputOf(reader: FuzzedReader, seed: number, index: number): Seed {
  const all = seeds.get(reader)!;
  const file = all[index % all.length]!;
  if (index < all.length) return file;
  // One stream of numbers an input, so that each is made alone.
  return mutate(file, createRng(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b) ^ hash(reader.name)));
}

function hash(text: string): number {
  let sum = 0;
  for (const character of text) sum = Math.imul(sum, 31) + character.codePointAt(0)!;
  return sum;
}
