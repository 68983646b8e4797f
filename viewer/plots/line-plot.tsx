import { AREA, Frame } from './frame.js';
import { linearScale, logScale } from '../../src/pictures/scale.js';

/** One line of a plot. A value that is null leaves a gap. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
}

/** Lines over a common axis, with their names below: at most four, told apart by colour and dash. */
export function LinePlot(props: {
  says: string;
  /** `ratio`: x goes by its logarithm. Values must be above 0. */
  x: { readonly name: string; readonly by?: 'ratio' };
  y: { readonly name: string };
  lines: readonly Line[];
}) {
  const { says, x, y, lines } = props;
  const points = lines.flatMap((line) => line.points).filter(([, value]) => value !== null) as [number, number][];
  if (points.length === 0) return <p class="quiet">Nothing to draw: no value is defined.</p>;
  const xs = points.map(([at]) => at);
  const values = points.map(([, value]) => value);
  const scaleX = (x.by === 'ratio' ? logScale : linearScale)(Math.min(...xs), Math.max(...xs), ...AREA.x);
  // 0 and 1 are what faithfulness is read against.
  const scaleY = linearScale(Math.min(0, ...values), Math.max(1, ...values), ...AREA.y);
  return (
    <figure class="plot-figure">
      <Frame says={says} x={{ scale: scaleX, name: x.name }} y={{ scale: scaleY, name: y.name }}>
        {lines.map((line, i) => (
          <g key={line.name} class={`line line-${i + 1}`}>
            <path d={pathOf(line.points, scaleX.place, scaleY.place)} />
            {line.points.length <= 40 &&
              line.points.map(
                ([at, value]) =>
                  value !== null && (
                    <circle key={at} cx={scaleX.place(at)} cy={scaleY.place(value)} r={2.2}>
                      <title>{`${line.name}: ${Number(value.toPrecision(4))} at ${at}`}</title>
                    </circle>
                  ),
              )}
          </g>
        ))}
      </Frame>
      <figcaption class="line-names">
        {lines.map((line, i) => (
          <span key={line.name} class={`line line-${i + 1}`}>
            <svg viewBox="0 0 22 8" aria-hidden="true">
              <path d="M0 4H22" />
            </svg>
            {line.name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function pathOf(points: Line['points'], x: (at: number) => number, y: (value: number) => number): string {
  let pen = 'M';
  return points
    .map(([at, value]) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const part = `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
      return part;
    })
    .join('');
}
