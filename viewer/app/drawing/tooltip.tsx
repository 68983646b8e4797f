import { effectClass, formatEffect } from '../../view/format.js';
import { describeShown } from '../actions/walk.js';
import { useStore } from '../state/use-store.js';

/** A place in CSS pixels of the stage's frame. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where the pointer is in the stage's frame. */
export function placeInFrame(event: PointerEvent & { currentTarget: HTMLElement }): Place {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

/** Puts the frame's tooltip, if it has one, beside the pointer. */
export function moveTooltip(frame: HTMLElement, pointer: Place): void {
  const tooltip = frame.querySelector<HTMLElement>('.tooltip');
  if (tooltip) place(tooltip, pointer);
}

/** Puts the tooltip beside the pointer and inside of the stage's frame. */
function place(tooltip: HTMLElement, pointer: Place): void {
  const frame = tooltip.parentElement;
  if (!frame) return;
  const x = Math.min(pointer.x + 14, frame.clientWidth - tooltip.offsetWidth - 6);
  const y =
    pointer.y + 16 + tooltip.offsetHeight > frame.clientHeight ? pointer.y - tooltip.offsetHeight - 8 : pointer.y + 16;
  tooltip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

/** Name and effect of what the pointer is on. */
export function Tooltip({ pointer }: { pointer: { readonly current: Place } }) {
  const store = useStore();
  const { signKnown, hovered, pointed } = store;
  const on = pointed.value === hovered.value ? hovered.value : null;
  const what = on === null ? null : describeShown(store, on);
  if (!what) return null;
  return (
    <div class="tooltip" role="tooltip" ref={(element) => void (element && place(element, pointer.current))}>
      <b>{what.name}</b>
      {what.effect !== null && (
        <span class={`effect ${effectClass(what.effect, signKnown.value)}`}>{formatEffect(what.effect)}</span>
      )}
    </div>
  );
}
