import { effectClass } from '../../view/format.js';
import type { Spread } from '../../view/heads.js';

const WIDTH = 90;
const HEIGHT = 7;

/**
 * A value as a bar from 0 in the middle, with a line from the mean minus the standard deviation to the mean plus it.
 *
 * @param most the value that fills half of the width.
 */
export function SpreadBar({ spread, most }: { spread: Spread; most: number }) {
  const { value, mean, deviation } = spread;
  const scale = most > 0 ? WIDTH / 2 / most : 0;
  const x = (at: number): number => Math.max(0, Math.min(WIDTH, WIDTH / 2 + at * scale));
  const [from, to] = [x(Math.min(0, value ?? 0)), x(Math.max(0, value ?? 0))];
  return (
    <svg class="spread-bar" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <line class="zero" x1={WIDTH / 2} x2={WIDTH / 2} y1={0} y2={HEIGHT} />
      <rect class={effectClass(value, true)} x={from} y={1} width={Math.max(0.5, to - from)} height={HEIGHT - 2} />
      <line class="spread" x1={x(mean - deviation)} x2={x(mean + deviation)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
    </svg>
  );
}
