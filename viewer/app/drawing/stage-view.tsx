import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../controls/icons.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';
import { attachStage } from './attach-stage.js';
import { GroupForm } from './group-form.js';
import { NothingLeft } from './nothing-left.js';
import { moveTooltip, placeInFrame, Tooltip, type Place } from './tooltip.js';

/** The drawing, and what floats over it. */
export function StageView() {
  const store = useStore();
  const { spoken } = store;
  const surface = useRef<HTMLDivElement>(null);
  const pointer = useRef<Place>({ x: 0, y: 0 });
  useEffect(() => (surface.current ? attachStage(store, surface.current) : undefined), []);
  const follow = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    pointer.current = placeInFrame(event);
    moveTooltip(event.currentTarget, pointer.current);
  };
  return (
    <div class="stage-frame" onPointerMove={follow}>
      <div
        class="stage"
        ref={surface}
        tabIndex={0}
        role="application"
        aria-label="Drawing of the circuit. Arrow keys walk from node to node, Enter opens a card, question mark lists all keys."
        data-testid="stage"
      />
      <Tooltip pointer={pointer} />
      <GroupForm />
      <NothingLeft />
      <StageButtons />
      <p class="visually-hidden" aria-live="polite" data-testid="spoken">
        {spoken.value}
      </p>
    </div>
  );
}

function StageButtons() {
  const store = useStore();
  const { stage } = store;
  return (
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
        onClick={(event) => void toggleFullScreen(store, event.currentTarget.closest('.centre'))}
      >
        <Icon name="full" />
      </button>
    </div>
  );
}

async function toggleFullScreen({ say }: Store, frame: Element | null): Promise<void> {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : frame?.requestFullscreen());
  } catch (error) {
    say('info', `Full screen is not allowed here: ${error instanceof Error ? error.message : String(error)}`);
  }
}
