import { AREA, Frame } from './frame.js';
import { linearScale } from '../../src/pictures/scale.js';

/** A value, and the interval that it lies in where that is known. */
export interface Dot {
  /** What is said where the pointer rests. */
  readonly name: string;
  readonly value: number;
  readonly interval?: readonly [low: number, high: number];
}

/** Values side by side in their order, with their intervals, and a line at one that they are compared with. */
export function DotPlot(props: {
  says: string;
  x: string;
  y: string;
  dots: readonly Dot[];
  mark?: { readonly name: string; readonly value: number };
  /** Values that the axis must hold. */
  holds?: readonly number[];
}) {
  const { says, x, y, dots, mark, holds = [] } = props;
  if (dots.length === 0) return <p class="quiet">Nothing to draw: no value is defined.</p>;
  const all = [...dots.flatMap(({ value, interval }) => [value, ...(interval ?? [])]), ...holds];
  if (mark) all.push(mark.value);
  const scaleY = linearScale(Math.min(...all), Math.max(...all), ...AREA.y);
  const [left, right] = AREA.x;
  const round = linearScale(0, dots.length, left, right, 4).ticks;
  const scaleX = {
    ticks: round.filter((tick) => tick >= 1 && tick <= dots.length && Number.isInteger(tick)),
    place: (place: number) => left + ((place - 0.5) / dots.length) * (right - left),
  };
  return (
    <figure class="plot-figure">
      <Frame says={says} x={{ scale: scaleX, name: x }} y={{ scale: scaleY, name: y }}>
        {dots.map(({ name, value, interval }, i) => {
          const at = scaleX.place(i + 1);
          return (
            <g key={i} class="dot">
              {interval && <line x1={at} x2={at} y1={scaleY.place(interval[0])} y2={scaleY.place(interval[1])} />}
              <circle cx={at} cy={scaleY.place(value)} r={dots.length > 60 ? 1.8 : 2.8}>
                <title>{name}</title>
              </circle>
            </g>
          );
        })}
        {mark && (
          <g class="mark">
            <line x1={left} x2={right} y1={scaleY.place(mark.value)} y2={scaleY.place(mark.value)} />
            <text x={right - 2} y={scaleY.place(mark.value) - 4} text-anchor="end">
              {mark.name}
            </text>
          </g>
        )}
      </Frame>
    </figure>
  );
}
