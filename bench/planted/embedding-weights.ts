import type { Rng } from '../../src/base/rng.js';
import { NAME_MARK, type Blueprint } from './blueprint.js';
import { FREQUENCIES } from './channels.js';
import { addNormal, addScaled } from './fill.js';

/** Norm of the code of a token that is no name, and of every token's part that means nothing. */
const OTHER_CODE = 0.6;
const TOKEN_NOISE = 0.7;
/** The first token has no code; it means nothing the louder, so that its stream's norm is like the others'. */
const START_NOISE = 2.5;
/**
 * How much of a token's code its row also has in the channel that answers are written to, where the unembedding reads.
 */
const ANSWER_CODE = 0.7;
const POSITION_NOISE = 0.3;

/** Token embedding, which is the unembedding too: a code, the mark of names, noise. */
export function fillEmbedding({ spec, channels, names }: Blueprint, values: Float32Array, rng: Rng): void {
  const { width, codeWidth, of } = channels;
  addNormal(values, TOKEN_NOISE / Math.sqrt(width), rng);
  const rank = new Map(names.ids.map((id, i) => [id, i]));
  for (let id = 0; id < spec.vocab; id++) {
    const row = values.subarray(id * width, (id + 1) * width);
    if (id === names.start) {
      for (const direction of Object.values(of).flat()) {
        addScaled(row, direction, -direction.reduce((sum, value, i) => sum + value * row[i]!, 0));
      }
      for (let i = 0; i < width; i++) row[i]! *= START_NOISE;
      continue;
    }
    const name = rank.get(id);
    const code =
      name === undefined
        ? Float64Array.from({ length: codeWidth }, () => (OTHER_CODE * rng.normal()) / Math.sqrt(codeWidth))
        : names.codes[name]!;
    code.forEach((value, i) => {
      addScaled(row, of.token[i]!, value);
      addScaled(row, of.answer[i]!, ANSWER_CODE * value);
    });
    if (name !== undefined) addScaled(row, of.token[codeWidth]!, NAME_MARK);
  }
}

/** Position embedding: cosines and sines, the mark of position 0, noise. */
export function fillPositions({ spec, channels }: Blueprint, values: Float32Array, rng: Rng): void {
  const { width, position, rest } = channels;
  addNormal(values, POSITION_NOISE / Math.sqrt(width), rng);
  const scale = 1 / Math.sqrt(FREQUENCIES);
  for (let p = 0; p < spec.maxPositions; p++) {
    const row = values.subarray(p * width, (p + 1) * width);
    for (let f = 0; f < FREQUENCIES; f++) {
      addScaled(row, position[2 * f]!, scale * Math.cos(p * frequency(f)));
      addScaled(row, position[2 * f + 1]!, scale * Math.sin(p * frequency(f)));
    }
  }
  addScaled(values.subarray(0, width), rest, 1);
}

/** Evenly spaced in (0, pi): codes of positions less than 2 FREQUENCIES apart are then orthogonal. */
export function frequency(f: number): number {
  return (Math.PI * (f + 0.5)) / FREQUENCIES;
}
