/**
 * The layers of a window of `width` around each layer, first and one past the last: max(0, l - floor(w / 2)) to
 * min(L, l + ceil(w / 2)). A window of even width leans to earlier layers.
 */
export function windowAt(layer: number, width: number, layers: number): readonly number[] {
  const first = Math.max(0, layer - Math.floor(width / 2));
  const end = Math.min(layers, layer + Math.ceil(width / 2));
  return Array.from({ length: end - first }, (_, i) => first + i);
}
