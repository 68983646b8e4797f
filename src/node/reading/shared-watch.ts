import type { TextWatch } from '../../task/tokenizer.js';

/** Bytes of a text that are kept for a message. */
const HEAD_BYTES = 1024;
/** Words: how often a text was begun or ended, bytes of its head. */
const WORDS = 2;

/** Memory in which a worker says which text it is at. */
export function createWatch(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * 4 + HEAD_BYTES);
}

/** The worker's side. */
export function watchInto(memory: SharedArrayBuffer): TextWatch {
  const words = new Int32Array(memory, 0, WORDS);
  const head = new Uint8Array(memory, WORDS * 4);
  const encoder = new TextEncoder();
  return {
    begin(text) {
      words[1] = encoder.encodeInto(text.slice(0, HEAD_BYTES), head).written;
      Atomics.add(words, 0, 1);
    },
    end() {
      Atomics.add(words, 0, 1);
    },
  };
}

/** The other side: which text the worker is at. Equal serials are the same text. Null between texts. */
export function watchedText(memory: SharedArrayBuffer): { readonly serial: number; readonly head: string } | null {
  const words = new Int32Array(memory, 0, WORDS);
  const serial = Atomics.load(words, 0);
  if (serial % 2 === 0) return null;
  // A copy, because a decoder takes no shared memory.
  const head = Uint8Array.from(new Uint8Array(memory, WORDS * 4, words[1]));
  return { serial, head: new TextDecoder().decode(head) };
}
