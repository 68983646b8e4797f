import { signal } from '@preact/signals';
import { effectClass, formatEffect } from '../../view/format.js';
import { describeShown } from '../actions/walk.js';
import { signKnown } from '../state/circuits.js';
import { hovered } from '../state/page.js';

/** The display node or display edge that the pointer is on. What the keyboard is on has no tooltip. */
export const pointed = signal<string | null>(null);

/** CSS pixels of the stage's frame. */
const pointer = { x: 0, y: 0 };

/** Keeps the tooltip beside the pointer. */
export function moveTooltip(event: PointerEvent & { currentTarget: HTMLElement }): void {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  pointer.x = event.clientX - left;
  pointer.y = event.clientY - top;
  const tooltip = event.currentTarget.querySelector<HTMLElement>('.tooltip');
  if (tooltip) place(tooltip);
}

/** Puts the tooltip beside the pointer and inside of the stage's frame. */
function place(tooltip: HTMLElement): void {
  const frame = tooltip.parentElement;
  if (!frame) return;
  const x = Math.min(pointer.x + 14, frame.clientWidth - tooltip.offsetWidth - 6);
  const y =
    pointer.y + 16 + tooltip.offsetHeight > frame.clientHeight ? pointer.y - tooltip.offsetHeight - 8 : pointer.y + 16;
  tooltip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

/** Name and effect of what the pointer is on. */
export function Tooltip() {
  const on = pointed.value === hovered.value ? hovered.value : null;
  const what = on === null ? null : describeShown(on);
  if (!what) return null;
  return (
    <div class="tooltip" role="tooltip" ref={(element) => void (element && place(element))}>
      <b>{what.name}</b>
      {what.effect !== null && (
        <span class={`effect ${effectClass(what.effect, signKnown.value)}`}>{formatEffect(what.effect)}</span>
      )}
    </div>
  );
}
