import type { Rng } from '../../src/base/rng.js';
import { directions, streamUnit, type Blueprint } from './blueprint.js';
import { addNormal, addScaled, addToColumn } from './fill.js';
import { readingOf } from './plan.js';
import { MLP_ROLES } from './roles.js';

/** Norm of what the planted hidden units read, and their bias. */
const UNIT_SIZE = 4;
const UNIT_BIAS = 0.3;
/** Slope of gelu(x + 0.3) - gelu(0.3 - x), about, at the sizes that occur. */
const UNIT_SLOPE = 1.2;
/** Standard deviations of what hidden units read at random, and the planted ones' share of that. */
const RANDOM_UNIT = 0.7;
const PLANTED_SHARE = 0.15;
const RANDOM_BIAS = 0.1;
/** Norm of what an MLP writes by its random part, whose hidden units are about this large. */
const RANDOM_MLP = 0.06;
const RANDOM_HIDDEN = 0.4;

/** Planted hidden units come first: two per coordinate, one for each sign. */
function plantedUnits({ channels }: Blueprint): number {
  return 2 * (channels.codeWidth + 1);
}

export function fillMlpIn(print: Blueprint, layer: number, values: Float32Array, rng: Rng): void {
  const { width, mlpWidth } = print.spec;
  addNormal(values, RANDOM_UNIT / Math.sqrt(width), rng);
  const node = print.plan.mlps[layer];
  if (!node) return;
  for (let r = 0; r < width; r++) {
    for (let unit = 0; unit < plantedUnits(print); unit++) values[r * mlpWidth + unit]! *= PLANTED_SHARE;
  }
  const stage = { layer, isMlp: true };
  const mix = readingOf(print.plan, node, 'in', stage);
  for (let i = 0; i <= print.channels.codeWidth; i++) {
    for (const { direction, weight } of directions(print, mix, i)) {
      const scale = UNIT_SIZE * streamUnit(print, stage) * weight;
      addToColumn(values, mlpWidth, 2 * i, direction, scale);
      addToColumn(values, mlpWidth, 2 * i + 1, direction, -scale);
    }
  }
}

export function fillMlpBias(print: Blueprint, layer: number, values: Float32Array, rng: Rng): void {
  addNormal(values, RANDOM_BIAS, rng);
  if (print.plan.mlps[layer]) values.fill(UNIT_BIAS, 0, plantedUnits(print));
}

export function fillMlpOut(print: Blueprint, layer: number, values: Float32Array, rng: Rng): void {
  const { width, mlpWidth } = print.spec;
  addNormal(values, RANDOM_MLP / (RANDOM_HIDDEN * Math.sqrt(width * mlpWidth)), rng);
  const node = print.plan.mlps[layer];
  if (!node) return;
  for (let i = 0; i <= print.channels.codeWidth; i++) {
    for (const { direction, weight } of directions(print, MLP_ROLES[node.role].out, i)) {
      const scale = (weight * node.gain) / (UNIT_SIZE * UNIT_SLOPE);
      addScaled(values.subarray(2 * i * width, (2 * i + 1) * width), direction, scale);
      addScaled(values.subarray((2 * i + 1) * width, (2 * i + 2) * width), direction, -scale);
    }
  }
}
