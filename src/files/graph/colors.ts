/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Colours of edges by the sign of their effect, told apart by readers with any kind of colour vision. */
export const HELPS: Rgb = [33, 102, 172];
export const HURTS: Rgb = [178, 24, 43];

/** `#rrggbb`. */
export function hex(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
