import type { ConfigReader } from '../../checkpoint/config-reader.js';
import type { RotaryFrequencies, RotaryScaling, RotarySpec } from '../spec.js';
import { MAX_SIZE } from './decoder-config.js';

/** What a config may leave out. */
interface Absent {
  readonly base: number;
  /** Share of a head that is rotated; left out where the family always rotates all of it. */
  readonly share?: number;
}

/** What one object says of rotary positions: rope_scaling, or rope_parameters of newer configs. */
interface Stated {
  readonly base: number | undefined;
  readonly share: number | undefined;
  readonly scaling: RotaryScaling | null;
}

/**
 * Rotary positions that are the same in every layer. Older configs word them as rope_theta, rope_scaling and
 * partial_rotary_factor, newer ones put all of it into rope_parameters.
 *
 * @throws EdgewiseError where both wordings are there and disagree, or for a kind of scaling that is not built.
 */
export function readRotary(config: ConfigReader, headWidth: number, absent: Absent): RotarySpec {
  config.fixed(false, ['rope_interleaved', 'use_mrope']);
  const newer = readStated(config.section('rope_parameters', TYPE_NAMES));
  const older = readStated(config.section('rope_scaling', TYPE_NAMES));
  const stated = agreed(config, newer, older, 'rope_parameters');
  const base = outerAndInner(config, 'rope_theta', stated?.base) ?? absent.base;
  const share = outerAndInner(config, 'partial_rotary_factor', stated?.share) ?? absent.share ?? 1;
  if (absent.share === undefined && share !== 1) {
    config.refuse(`partial_rotary_factor: got ${share}, expected 1: this family rotates whole heads`);
  }
  const frequencies = { base, scaling: stated?.scaling ?? null };
  return { kind: 'rotary', dims: rotated(config, headWidth, share), global: frequencies, local: frequencies };
}

/**
 * Rotary positions with frequencies of their own in layers with a window (Gemma 3). Older configs word those as
 * rope_local_base_freq, and their rope_scaling is that of the other layers; newer ones have rope_parameters by kind of
 * layer.
 */
export function readRotaryByLayer(
  config: ConfigReader,
  headWidth: number,
  absent: { readonly global: number; readonly local: number },
): RotarySpec {
  const byKind = config.section('rope_parameters');
  const global = readStated(byKind?.section('full_attention', TYPE_NAMES));
  const local = readStated(byKind?.section('sliding_attention', TYPE_NAMES));
  byKind?.finish();
  const older = readStated(config.section('rope_scaling', TYPE_NAMES));
  const whole = agreed(config, global, older, 'rope_parameters: full_attention');
  for (const share of [whole?.share, local?.share, config.optionalPositive('partial_rotary_factor')]) {
    if ((share ?? 1) !== 1) config.refuse(`partial_rotary_factor: got ${share}, expected 1: whole heads are rotated`);
  }
  const frequencies = (key: string, stated: Stated | undefined, otherwise: number): RotaryFrequencies => ({
    base: outerAndInner(config, key, stated?.base) ?? otherwise,
    scaling: stated?.scaling ?? null,
  });
  return {
    kind: 'rotary',
    dims: rotated(config, headWidth, 1),
    global: frequencies('rope_theta', whole, absent.global),
    local: frequencies('rope_local_base_freq', local, absent.local),
  };
}

const TYPE_NAMES = { aliases: { rope_type: ['type'] } };

function readStated(rope: ConfigReader | undefined): Stated | undefined {
  if (!rope) return undefined;
  const readScaling = rope.choice('rope_type', 'default', { default: () => null, linear, llama3 });
  const stated = {
    base: rope.optionalPositive('rope_theta'),
    share: rope.optionalPositive('partial_rotary_factor'),
    scaling: readScaling(rope),
  };
  rope.finish();
  return stated;
}

function linear(rope: ConfigReader): RotaryScaling {
  rope.optionalSize('original_max_position_embeddings', MAX_SIZE); // changes nothing of this kind
  return { kind: 'linear', factor: rope.positive('factor', Number.NaN) };
}

function llama3(rope: ConfigReader): RotaryScaling {
  const factor = rope.positive('factor', Number.NaN);
  const low = rope.positive('low_freq_factor', Number.NaN);
  const high = rope.positive('high_freq_factor', Number.NaN);
  if (!(low < high)) rope.fail('high_freq_factor', `a number above low_freq_factor = ${low}`);
  return {
    kind: 'llama3',
    factor,
    low,
    high,
    originalPositions: rope.size('original_max_position_embeddings', MAX_SIZE),
  };
}

function agreed(
  config: ConfigReader,
  newer: Stated | undefined,
  older: Stated | undefined,
  name: string,
): Stated | undefined {
  if (!newer || !older) return newer ?? older;
  const both = { ...newer, base: older.base ?? newer.base, share: older.share ?? newer.share, scaling: older.scaling };
  if (JSON.stringify(both) !== JSON.stringify(newer)) config.fail('rope_scaling', `the same as ${name} says`);
  return newer;
}

/** A value that stands in the config itself, or in the object with the scaling; in both, it must be the same. */
function outerAndInner(config: ConfigReader, key: string, inner: number | undefined): number | undefined {
  const outer = config.optionalPositive(key);
  if (outer !== undefined && inner !== undefined && outer !== inner) {
    config.fail(key, `the same as in the object with the scaling, ${inner}`);
  }
  return outer ?? inner;
}

/** Rotated dimensions of a head: int(headWidth * share), as the modelling code has it. */
function rotated(config: ConfigReader, headWidth: number, share: number): number {
  const dims = Math.trunc(headWidth * share);
  if (dims >= 2 && dims <= headWidth && dims % 2 === 0) return dims;
  const of = share === 1 ? '' : ` (partial_rotary_factor ${share})`;
  return config.refuse(
    `rotary positions turn ${dims} of ${headWidth} dimensions of a head${of}, expected an even number from 2 to ${headWidth}`,
  );
}
