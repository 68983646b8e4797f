import type { ComponentChildren } from 'preact';
import type { Scale } from '../../src/pictures/scale.js';

export const WIDTH = 420;
export const HEIGHT = 220;
/** Room around what is drawn, for numbers and words. */
export const MARGIN = { left: 46, right: 12, top: 10, bottom: 36 } as const;
/** Places of the drawing's ends: left to right, bottom to top. */
export const AREA = {
  x: [MARGIN.left, WIDTH - MARGIN.right],
  y: [HEIGHT - MARGIN.bottom, MARGIN.top],
} as const;

/** The axes of a plot, with round numbers, a name for each, and what is drawn between them. */
export function Frame(props: {
  /** What the plot shows, in a sentence: for those who do not see it. */
  says: string;
  x: { readonly scale: Scale; readonly name: string };
  y: { readonly scale: Scale; readonly name: string };
  children: ComponentChildren;
}) {
  const { says, x, y, children } = props;
  const [left, right] = AREA.x;
  const [bottom, top] = AREA.y;
  return (
    <svg class="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={says}>
      <g class="grid">
        {y.scale.ticks.map((tick) => (
          <line key={tick} x1={left} x2={right} y1={y.scale.place(tick)} y2={y.scale.place(tick)} />
        ))}
      </g>
      <g class="ticks">
        {y.scale.ticks.map((tick) => (
          <text key={tick} x={left - 6} y={y.scale.place(tick) + 3.5} text-anchor="end">
            {String(tick)}
          </text>
        ))}
        {x.scale.ticks.map((tick) => (
          <text key={tick} x={x.scale.place(tick)} y={bottom + 14} text-anchor="middle">
            {String(tick)}
          </text>
        ))}
        <text x={(left + right) / 2} y={HEIGHT - 5} text-anchor="middle" class="name">
          {x.name}
        </text>
        <text
          x={12}
          y={(top + bottom) / 2}
          text-anchor="middle"
          class="name"
          transform={`rotate(-90 12 ${(top + bottom) / 2})`}
        >
          {y.name}
        </text>
      </g>
      {children}
    </svg>
  );
}
