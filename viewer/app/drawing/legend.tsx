import type { Swatch } from '../../scene/style/legend.js';
import { useElementId } from '../controls/element-id.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';

/** The meaning of the marks in the drawing. */
export function Legend() {
  const { legend, legendOpen } = useStore();
  const id = useElementId();
  const entries = legend.value;
  if (entries.length === 0) return null;
  return (
    <section class="legend" aria-label="Legend">
      <button
        type="button"
        class="legend-head"
        aria-expanded={legendOpen.value}
        aria-controls={id}
        onClick={() => (legendOpen.value = !legendOpen.value)}
      >
        Legend <Icon name="down" />
      </button>
      {legendOpen.value && (
        <div id={id}>
          <ul>
            {entries
              .filter(({ swatch }) => swatch !== null)
              .map(({ swatch, text }) => (
                <li key={text}>
                  <Mark swatch={swatch!} />
                  <span>{text}</span>
                </li>
              ))}
          </ul>
          <p class="remarks">
            {entries
              .filter(({ swatch }) => swatch === null)
              .map(({ text }) => text)
              .join(' ')}
          </p>
        </div>
      )}
    </section>
  );
}

function Mark({ swatch }: { swatch: Swatch }) {
  return (
    <svg width="24" height="16" viewBox="0 0 24 16" aria-hidden="true">
      {swatch.kind === 'line' ? (
        <line
          x1="1"
          x2="23"
          y1="8"
          y2="8"
          stroke={swatch.color}
          stroke-width={swatch.width}
          stroke-dasharray={swatch.dashed ? '4 3' : 'none'}
        />
      ) : (
        <Dot swatch={swatch} />
      )}
    </svg>
  );
}

function Dot({ swatch: { shape, fill, border, size } }: { swatch: Extract<Swatch, { kind: 'dot' }> }) {
  switch (shape) {
    case 'box':
      return <rect x="3" y="2" width="18" height="12" rx="4" fill={fill} stroke={border} />;
    case 'square':
      return <rect x={12 - size} y={8 - size} width={2 * size} height={2 * size} fill={fill} stroke={border} />;
    case 'circle':
    case 'ringed':
      return <circle cx="12" cy="8" r={size} fill={fill} stroke={border} />;
  }
}
