// Arithmetic on colours that are written `#rrggbb`.

/** `share` of `color` and the rest of `ground`: as a translucent mark on the ground looks. */
export function mix(ground: string, color: string, share: number): string {
  const a = channels(ground);
  const b = channels(color);
  const t = Math.min(1, Math.max(0, share));
  return `#${a.map((channel, i) => hex(channel + (b[i]! - channel) * t)).join('')}`;
}

/** WCAG 2 contrast ratio, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/**
 * `share` of `color` and the rest of `ground`, or as much more of `color` as a contrast of `least` to the ground needs.
 */
export function visible(ground: string, color: string, share: number, least: number): string {
  let mixed = mix(ground, color, share);
  for (let more = share; more < 1 && contrast(mixed, ground) < least;) {
    more = Math.min(1, more + 0.04);
    mixed = mix(ground, color, more);
  }
  return mixed;
}

/** The colour of a ramp at `place`, 0..1. The stops are evenly spaced. */
export function ramp(stops: readonly string[], place: number): string {
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return mix(stops[i]!, stops[i + 1]!, at - i);
}

function luminance(color: string): number {
  const [r, g, b] = channels(color).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function channels(color: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function hex(channel: number): string {
  return Math.round(channel).toString(16).padStart(2, '0');
}
