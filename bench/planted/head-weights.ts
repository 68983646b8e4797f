import type { Rng } from '../../src/base/rng.js';
import { directions, NAME_MARK, streamUnit, type Blueprint } from './blueprint.js';
import { FREQUENCIES, type Channel } from './channels.js';
import { frequency } from './embedding-weights.js';
import { addNormal, addScaled, addToColumn } from './fill.js';
import { readingOf } from './plan.js';
import { HEAD_ROLES } from './roles.js';

/** Norm of a planted value. */
const VALUE_SIZE = 4;
/** Standard deviations of the random parts of q and k, in heads with a role and without, and of v. */
const RANDOM_QK = { planted: 0.3, free: 1 } as const;
const RANDOM_V = 0.15;
/** Norm of what a head writes by its random part. */
const RANDOM_HEAD = 0.04;

/** Adds `scale` times a direction to what one dimension of a head reads. */
type AddReading = (dimension: number, direction: ArrayLike<number>, scale: number) => void;

/*
 * Of a head's dimensions the first hold the code, the next two "is a name" and "is position 0", then the position; the
 * rest are random. Scores are divided by sqrt(headWidth), so q and k each have its fourth root and a score's square
 * root.
 */

/** The columns of one head in wq, wk or wv. */
export function fillHeadReading(
  print: Blueprint,
  branch: 'q' | 'k' | 'v',
  layer: number,
  head: number,
  values: Float32Array,
  rng: Rng,
): void {
  const { width, headWidth, heads } = print.spec;
  const node = print.plan.heads[layer]![head];
  const columns = heads * headWidth;
  const random = branch === 'v' ? RANDOM_V : RANDOM_QK[node ? 'planted' : 'free'];
  for (let r = 0; r < width; r++) {
    for (let c = 0; c < headWidth; c++) {
      values[r * columns + head * headWidth + c] = (random / Math.sqrt(width)) * rng.normal();
    }
  }
  if (!node) return;
  const unit = streamUnit(print, { layer, isMlp: false });
  const add: AddReading = (dimension, direction, scale) =>
    addToColumn(values, columns, head * headWidth + dimension, direction, scale * unit);
  if (branch === 'v') readCode(print, branch, layer, head, VALUE_SIZE, print.channels.codeWidth + 1, add);
  else readScore(print, branch, layer, head, add);
}

/** Reads the first `count` coordinates of a port's channels into as many dimensions. */
function readCode(
  print: Blueprint,
  branch: 'q' | 'k' | 'v',
  layer: number,
  head: number,
  scale: number,
  count: number,
  add: AddReading,
): void {
  const mix = readingOf(print.plan, print.plan.heads[layer]![head]!, branch, { layer, isMlp: false });
  for (let i = 0; i < count; i++) {
    for (const { direction, weight } of directions(print, mix, i)) add(i, direction, scale * weight);
  }
}

function readScore(print: Blueprint, branch: 'q' | 'k', layer: number, head: number, add: AddReading): void {
  const { codeWidth, rest, position, of } = print.channels;
  const node = print.plan.heads[layer]![head]!;
  const role = HEAD_ROLES[node.role];
  const root = print.spec.headWidth ** 0.25;
  const isKey = branch === 'k';
  /** Its sign goes into the query. */
  const half = (score: number): number => root * Math.sqrt(Math.abs(score)) * (isKey ? 1 : Math.sign(score));
  if (role.match !== 0) readCode(print, branch, layer, head, half(role.match), codeWidth, add);
  if (isKey) {
    const mix = readingOf(print.plan, node, 'k', { layer, isMlp: false });
    for (const [channel, weight] of Object.entries(mix)) {
      add(codeWidth, of[channel as Channel][codeWidth]!, (half(role.ask) * weight) / NAME_MARK);
    }
    add(codeWidth + 1, rest, half(role.rest));
  }
  if (role.place === 0) return;
  for (let f = 0; f < FREQUENCIES; f++) {
    // Keys are turned ahead by `back` positions, so that they meet the query.
    const angle = isKey ? role.back * frequency(f) : 0;
    const [cosine, sine] = [position[2 * f]!, position[2 * f + 1]!];
    const at = codeWidth + 2 + 2 * f;
    add(at, cosine, half(role.place) * Math.cos(angle));
    add(at, sine, -half(role.place) * Math.sin(angle));
    add(at + 1, cosine, half(role.place) * Math.sin(angle));
    add(at + 1, sine, half(role.place) * Math.cos(angle));
  }
}

/** The part of bq that makes a head ask for names and look at position 0. */
export function fillHeadQueryBias(print: Blueprint, layer: number, head: number, values: Float32Array): void {
  const node = print.plan.heads[layer]![head];
  if (!node) return;
  const { headWidth } = print.spec;
  const { ask, rest } = HEAD_ROLES[node.role];
  const at = head * headWidth + print.channels.codeWidth;
  values[at]! += headWidth ** 0.25 * Math.sqrt(ask);
  values[at + 1]! += headWidth ** 0.25 * Math.sqrt(rest);
}

/** The rows of one head in wo. */
export function fillHeadWriting(print: Blueprint, layer: number, head: number, values: Float32Array, rng: Rng): void {
  const { width, headWidth } = print.spec;
  const node = print.plan.heads[layer]![head];
  const rows = values.subarray(head * headWidth * width, (head + 1) * headWidth * width);
  const size = (node ? VALUE_SIZE : 0) + RANDOM_V * Math.sqrt(headWidth);
  addNormal(rows, RANDOM_HEAD / (size * Math.sqrt(width)), rng);
  if (!node) return;
  for (let i = 0; i <= print.channels.codeWidth; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    for (const { direction, weight } of directions(print, HEAD_ROLES[node.role].out, i)) {
      addScaled(row, direction, (weight * node.gain) / VALUE_SIZE);
    }
  }
}
