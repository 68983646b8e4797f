import type { RowsOf } from '../../gpu/product/matmul.js';
import type { InputSlot } from './input-jobs.js';

/** A port of a circuit that gets the rows of another one of its layer. Places of attention ports. */
export interface SharedPort {
  readonly circuit: number;
  readonly port: number;
  readonly of: number;
  readonly rows: RowsOf;
}

/**
 * Which ports are projected, and which get the rows of one that is: ports that read the same head of the matrix and the
 * same input are projected once. Query heads share key and value heads.
 *
 * @param slots per circuit and port its input; undefined for a port that is not computed.
 * @param heads per port the head of the matrix that it reads.
 */
export function shareProjections(
  slots: readonly (InputSlot | undefined)[],
  heads: readonly number[],
): { readonly projected: readonly (InputSlot | undefined)[]; readonly shared: readonly SharedPort[] } {
  const shared: SharedPort[] = [];
  const firsts = new Map<string, number>();
  const projected = slots.map((slot, i) => {
    if (slot === undefined) return undefined;
    const [circuit, port] = [Math.floor(i / heads.length), i % heads.length];
    const key = `${circuit} ${heads[port]} ${slot.firstRow}`;
    const first = firsts.get(key);
    if (first === undefined) {
      firsts.set(key, port);
      return slot;
    }
    shared.push({ circuit, port, of: first, rows: slot.rows });
    return undefined;
  });
  return { projected, shared };
}
