import type { Rng } from '../../src/base/rng.js';
import { mutateBytes, mutateSafetensors } from './mutate-bytes.js';
import { mutateJson } from './mutate-json.js';
import { mutateLines, mutateText, mutateXml } from './mutate-text.js';
import type { Seed } from './reader.js';

/** Longest file. A longer one is cut: work in proportion to the length is no finding. */
const MOST_BYTES = 1_000_000;

/** The file with a few changes that its kind suggests; now and then as bytes. The same numbers give the same file. */
export function mutate(seed: Seed, rng: Rng): Seed {
  return { ...seed, bytes: changed(seed, rng).subarray(0, MOST_BYTES) };
}

function changed({ kind, bytes }: Seed, rng: Rng): Uint8Array {
  if (kind === 'binary') return mutateBytes(bytes, rng);
  if (kind === 'safetensors') return mutateSafetensors(bytes, rng);
  if (rng.next() < 0.05) return mutateBytes(bytes, rng);
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(changedText(kind, text, rng));
}

function changedText(kind: 'json' | 'json-lines' | 'xml' | 'text', text: string, rng: Rng): string {
  switch (kind) {
    case 'json':
      return rng.next() < 0.1 ? mutateText(text, rng) : mutateJson(text, rng);
    case 'json-lines':
      return mutateLines(text, rng);
    case 'xml': {
      let result = text;
      for (let i = 0; i <= rng.below(3); i++) result = mutateXml(result, rng);
      return result;
    }
    case 'text': {
      let result = text;
      for (let i = 0; i <= rng.below(3); i++) result = mutateText(result, rng);
      return result;
    }
  }
}
