import { effect, signal, untracked } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { createStage, type Target } from '../../canvas/stage.js';
import { choose } from '../actions/choose.js';
import { describeShown } from '../actions/walk.js';
import { pinShown, togglePins } from '../actions/marks.js';
import { effectClass, formatEffect } from '../../view/format.js';
import { GroupForm } from './group-form.js';
import { Icon } from '../controls/icons.js';
import { aspect, forcePositions, hovered, stage } from '../state/page.js';
import { current, data, signKnown } from '../state/circuits.js';
import { palette, scene, styles } from '../state/picture.js';
import { say, sayError, spoken } from '../state/messages.js';
import { update, view, viewField } from '../state/view.js';

/** The drawing, and what floats over it. */
export function StageView() {
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => (surface.current ? attach(surface.current) : undefined), []);
  return (
    <div class="stage-frame" onPointerMove={followPointer}>
      <div
        class="stage"
        ref={surface}
        tabIndex={0}
        role="application"
        aria-label="Drawing of the circuit. Arrow keys walk from node to node, Enter opens a card, question mark lists all keys."
        data-testid="stage"
      />
      <Tooltip />
      <GroupForm />
      <div class="stage-buttons">
        <button
          type="button"
          class="button"
          aria-label="Zoom in"
          title="Zoom in (+)"
          onClick={() => stage.peek()?.zoom(1.3)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          class="button"
          aria-label="Zoom out"
          title="Zoom out (−)"
          onClick={() => stage.peek()?.zoom(1 / 1.3)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          class="button"
          aria-label="Full screen"
          title="Full screen"
          onClick={(event) => void toggleFullScreen(event.currentTarget.closest('.centre'))}
        >
          <Icon name="full" />
        </button>
      </div>
      <p class="visually-hidden" aria-live="polite" data-testid="spoken">
        {spoken.value}
      </p>
    </div>
  );
}

async function toggleFullScreen(frame: Element | null): Promise<void> {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : frame?.requestFullscreen());
  } catch (error) {
    say('info', `Full screen is not allowed here: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Connects the drawing surface with the state; the function returned takes it apart again. */
function attach(container: HTMLElement): () => void {
  const surface = createStage(container, {
    hover(target) {
      hovered.value = idOf(target);
      pointed.value = hovered.value;
    },
    click(target, additive) {
      container.focus({ preventScroll: true });
      const id = idOf(target);
      if (id === null) choose(null);
      else if (additive) pinShown(id);
      else choose(id);
    },
    moved(node, x, y) {
      const { positions } = view.peek();
      const layout = scene.peek().layout;
      update({ positions: { ...positions, [layout]: { ...positions[layout], [node]: [x, y] } } });
    },
    boxed(nodes) {
      const { graph } = scene.peek();
      const members = nodes.flatMap((id) => (graph.hasNode(id) ? graph.getNodeAttributes(id).members : []));
      const fresh = [...new Set(members)].filter((id) => !view.peek().pinned.includes(id));
      if (fresh.length > 0) togglePins(fresh);
    },
    failed: (message) => say('error', message),
  });
  stage.value = surface;

  const measure = (): void => {
    const ratio = Math.round((50 * container.clientWidth) / container.clientHeight) / 50;
    if (Number.isFinite(ratio) && ratio > 0) aspect.value = ratio;
  };
  measure();
  const observer = new ResizeObserver(measure);
  observer.observe(container);

  // What the camera fits: another circuit, layout or shape of the surface; another choice of edges only where that moves nodes.
  let fitted = '';
  let forced = forcePositions.peek();
  let shown: unknown = null;
  const stop = effect(() => {
    try {
      const drawn = scene.value;
      const [style, colors] = [styles.value, palette.value];
      if (shown === drawn) {
        surface.restyle(style, colors);
        return;
      }
      shown = drawn;
      const key = untracked(() =>
        JSON.stringify([
          current.value?.name,
          drawn.layout,
          aspect.value,
          data.value.layers,
          viewField.hideUnconnected.value,
          ...(drawn.layout === 'grid' ? [] : [drawn.graph.order, drawn.graph.size]),
        ]),
      );
      const places = forcePositions.peek();
      surface.show(drawn, style, colors, { fit: key !== fitted || places !== forced });
      fitted = key;
      forced = places;
    } catch (error) {
      sayError(error);
    }
  });
  return () => {
    stop();
    observer.disconnect();
    surface.dispose();
    stage.value = null;
  };
}

function idOf(target: Target | null): string | null {
  if (!target) return null;
  return 'node' in target ? target.node : target.edge;
}

/** What the pointer is on; what the keyboard is on has no tooltip. */
const pointed = signal<string | null>(null);
const pointer = { x: 0, y: 0 };

function followPointer(event: PointerEvent & { currentTarget: HTMLElement }): void {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  pointer.x = event.clientX - left;
  pointer.y = event.clientY - top;
  const tooltip = event.currentTarget.querySelector<HTMLElement>('.tooltip');
  if (tooltip) place(tooltip);
}

/** Beside the pointer, inside of the stage. */
function place(tooltip: HTMLElement): void {
  const frame = tooltip.parentElement;
  if (!frame) return;
  const x = Math.min(pointer.x + 14, frame.clientWidth - tooltip.offsetWidth - 6);
  const y =
    pointer.y + 16 + tooltip.offsetHeight > frame.clientHeight ? pointer.y - tooltip.offsetHeight - 8 : pointer.y + 16;
  tooltip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

/** Name and effect of what the pointer is on. */
function Tooltip() {
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
