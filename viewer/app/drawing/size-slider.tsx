import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { measuredCurve, smallestWith, type MeasuredSize } from '../../view/curve.js';
import { formatNumber, plural } from '../../view/format.js';
import { isReplayed } from '../../view/limit.js';
import { snappedRank, STEPS, toPosition, toRank } from '../../view/size-scale.js';
import { limitToRank } from '../actions/limits.js';
import { useStore } from '../state/use-store.js';

/** Marks of the curve, which can be gone to. */
const MARKS = [0.5, 0.8, 0.9, 0.95] as const;
/** Height of the curve in units of its picture, whose width is STEPS. */
const HEIGHT = 100;
/** Width of the slider's thumb in CSS pixels: its middle goes from half of it to the end without that half. */
const THUMB = 16;

/** A dragged thumb that is as near to a mark snaps to it, in CSS pixels. */
const SNAP = 6;

/** How many edges are shown. Behind it, how much of the behaviour the connected circuits of each size restore. */
export function SizeSlider() {
  const store = useStore();
  const { selection, viewField } = store;
  const { edges, available, ranked, by, circuit, limits } = selection.value;
  const curve = useCurve();
  const replaying = isReplayed(selection.value);
  const pointed = useSignal<MeasuredSize | null>(null);
  const dragged = useRef(false);
  const marks = MARKS.flatMap((mark) => smallestWith(curve, mark)?.edges ?? []);
  const goTo = (input: HTMLInputElement): void => {
    const at = input.valueAsNumber;
    // Keys go to every size.
    if (!dragged.current) return limitToRank(store, toRank(at, available));
    const reach = (SNAP * STEPS) / Math.max(1, input.clientWidth - THUMB);
    const rank = snappedRank(at, available, marks, reach);
    // Where the size stays the same, nothing else puts the thumb on the mark.
    if (marks.includes(rank)) input.valueAsNumber = Math.round(toPosition(rank, available));
    limitToRank(store, rank);
  };
  // A position between two connected circuits stays where it was put: arrow keys pass it.
  const asked = by === 'circuit' ? viewField.limit.value : null;
  const position = toPosition(asked ?? circuit?.edges ?? limits.top, available);
  const shown = circuit?.edges ?? edges.length;
  return (
    <div class="size-slider">
      <div
        class="slider-track"
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          const at = (event.clientX - left - THUMB / 2) / (width - THUMB);
          pointed.value = nearest(curve, toRank(STEPS * at, available));
        }}
        onPointerLeave={() => (pointed.value = null)}
      >
        {curve.length > 1 && <CurveBehind curve={curve} available={available} pointed={pointed.value} />}
        <input
          class="main-slider"
          type="range"
          min={0}
          max={STEPS}
          step={1}
          value={Math.round(position)}
          aria-label="Edges shown"
          aria-valuetext={`${shown} of ${plural(available, 'edge')}`}
          disabled={available === 0 || !ranked || replaying}
          title={replaying ? 'All edges that are not decided on yet are drawn' : undefined}
          style={{ '--at': `${(100 * position) / STEPS}%` }}
          onPointerDown={() => (dragged.current = true)}
          onPointerUp={() => (dragged.current = false)}
          onPointerCancel={() => (dragged.current = false)}
          onKeyDown={() => (dragged.current = false)}
          onInput={(event) => goTo(event.currentTarget)}
        />
      </div>
      {curve.length > 1 && <Marks curve={curve} />}
    </div>
  );
}

/** The measured sizes, where the slider chooses among the circuits that they were measured of. */
function useCurve(): readonly MeasuredSize[] {
  const { currentCircuit, faithfulness, selection, data } = useStore();
  const of = faithfulness.value;
  if (!currentCircuit.value || selection.value.by !== 'circuit' || !of) return [];
  const known = of.value !== null || of.why === 'not measured at this size';
  return known && data.value.edges.length > 0 ? measuredCurve(currentCircuit.value) : [];
}

function nearest(curve: readonly MeasuredSize[], rank: number): MeasuredSize | null {
  return curve.findLast(({ edges }) => edges <= rank) ?? curve[0] ?? null;
}

function CurveBehind(props: { curve: readonly MeasuredSize[]; available: number; pointed: MeasuredSize | null }) {
  const { curve, available, pointed } = props;
  const x = (edges: number): number => toPosition(edges, available);
  const y = (value: number): number => HEIGHT * (1 - Math.max(0, Math.min(1, value)));
  const line = curve.map(({ edges, faithfulness }) => `${x(edges).toFixed(1)},${y(faithfulness).toFixed(1)}`);
  const first = x(curve[0]!.edges).toFixed(1);
  const last = x(curve.at(-1)!.edges).toFixed(1);
  return (
    <div class="size-curve" style={{ inset: `0 ${THUMB / 2}px 8px` }}>
      <svg viewBox={`0 0 ${STEPS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <polygon points={`${first},${HEIGHT} ${line.join(' ')} ${last},${HEIGHT}`} />
        <polyline points={line.join(' ')} vector-effect="non-scaling-stroke" />
        {MARKS.map((mark) => {
          const point = smallestWith(curve, mark);
          const at = point && x(point.edges);
          return (
            at !== null && (
              <line
                key={mark}
                class="mark"
                x1={at}
                x2={at}
                y1={y(mark)}
                y2={HEIGHT}
                vector-effect="non-scaling-stroke"
              />
            )
          );
        })}
        {pointed && (
          <line x1={x(pointed.edges)} x2={x(pointed.edges)} y1={0} y2={HEIGHT} vector-effect="non-scaling-stroke" />
        )}
      </svg>
      {pointed && (
        <span class="size-tip" style={{ left: `${(100 * x(pointed.edges)) / STEPS}%` }}>
          {plural(pointed.edges, 'edge')}: {formatNumber(pointed.faithfulness)}
        </span>
      )}
    </div>
  );
}

/** The smallest circuits that restore so much of the behaviour. */
function Marks({ curve }: { curve: readonly MeasuredSize[] }) {
  const store = useStore();
  return (
    <span class="size-marks" role="group" aria-label="Smallest circuit of at least this faithfulness">
      {MARKS.map((mark) => {
        const point = smallestWith(curve, mark);
        return (
          <button
            key={mark}
            type="button"
            disabled={!point}
            title={
              point
                ? `The smallest circuit of faithfulness ${mark}: ${plural(point.edges, 'edge')}`
                : `No circuit has faithfulness ${mark}`
            }
            onClick={() => point && limitToRank(store, point.edges)}
          >
            {mark}
          </button>
        );
      })}
    </span>
  );
}
