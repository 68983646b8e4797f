import { useMemo } from 'preact/hooks';
import type { TraceStep } from '../../../src/files/own/trace.js';
import { formatNumber } from '../../view/format.js';
import { metricLine, naturalValue } from '../../view/metric-words.js';

const WIDTH = 360;
const HEIGHT = 84;
const POINTS = 720;

/** The metric of the remaining edges after each decision. A click goes to a decision. */
export function MetricChart(props: {
  trace: readonly TraceStep[];
  metric: string;
  step: number;
  onStep: (step: number) => void;
}) {
  const { trace, metric, step, onStep } = props;
  const { path, low, high } = useMemo(() => curveOf(trace, metric), [trace, metric]);
  const x = (WIDTH * step) / trace.length;
  return (
    <figure class="metric-chart">
      <figcaption class="quiet">
        {metricLine(metric)}: of the remaining edges, {formatNumber(low)} to {formatNumber(high)}
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Metric over ${trace.length} decisions, from ${formatNumber(low)} to ${formatNumber(high)}`}
        onClick={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          onStep(Math.round(((event.clientX - left) / width) * trace.length));
        }}
      >
        <path d={path} />
        <line x1={x} x2={x} y1={0} y2={HEIGHT} />
      </svg>
    </figure>
  );
}

/** The curve with at most about POINTS points, and its smallest and largest value. */
function curveOf(trace: readonly TraceStep[], metric: string): { path: string; low: number; high: number } {
  const values = trace.map(({ before, after, kept }) => naturalValue(metric, kept ? before : after)!);
  const every = Math.max(1, Math.ceil(values.length / POINTS));
  const points = values
    .map((value, i) => [i + 1, value] as const)
    .filter(([at], i) => i % every === 0 || at === values.length);
  const finite = points.filter(([, value]) => Number.isFinite(value));
  const low = finite.reduce((least, [, value]) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, [, value]) => Math.max(most, value), -Infinity);
  const span = high - low || 1;
  const path = finite
    .map(([at, value], i) => {
      const x = (WIDTH * at) / values.length;
      const y = 3 + (1 - (value - low) / span) * (HEIGHT - 6);
      return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
  return { path, low, high };
}
