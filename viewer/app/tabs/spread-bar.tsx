import { effectClass } from '../../view/format.js';
import type { Spread } from '../../view/heads.js';

const WIDTH = 90;
const HEIGHT = 7;

/**
 * A value as a bar from 0, with a line from the mean minus the standard deviation to the mean plus it.
 *
 * @param range the values at both ends, with 0 between.
 */
export function SpreadBar({ spread, range: [low, high] }: { spread: Spread; range: readonly [number, number] }) {
  const { value, mean, deviation } = spread;
  const scale = high > low ? WIDTH / (high - low) : 0;
  const x = (at: number): number => Math.max(0, Math.min(WIDTH, (at - low) * scale));
  const [from, to] = [x(Math.min(0, value ?? 0)), x(Math.max(0, value ?? 0))];
  return (
    <svg class="spread-bar" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <line class="zero" x1={x(0)} x2={x(0)} y1={0} y2={HEIGHT} />
      <rect class={effectClass(value, true)} x={from} y={1} width={Math.max(0.5, to - from)} height={HEIGHT - 2} />
      <line class="spread" x1={x(mean - deviation)} x2={x(mean + deviation)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
    </svg>
  );
}
