import { LAYOUTS } from '../../data/clean-view.js';
import type { ViewState } from '../../view/view-state.js';
import { moveInSteps } from '../actions/undo.js';
import { Icon } from '../controls/icons.js';
import { Popover } from '../controls/popover.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';
import { ExportMenu } from './export-menu.js';
import { FilePicker } from './file-picker.js';

const LAYOUT_TITLES: Readonly<Record<ViewState['layout'], string>> = {
  grid: 'Grid: layers as rows, heads in columns',
  figure: 'Figure: nodes ordered so that few edges cross',
  tokens: 'Tokens: heads stand at the tokens of the prompt',
  force: 'Force: what is connected stands together',
};

export function TopBar() {
  const { current, narrow } = useStore();
  return (
    <header class="top-bar">
      <h1 class="brand" title="Edgewise: circuits, edge by edge">
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <path d="M5 15C5 8 15 12 15 5" />
          <circle cx="5" cy="15" r="2.6" />
          <circle cx="15" cy="5" r="2.6" />
        </svg>
        <span>Edgewise</span>
      </h1>
      <FilePicker />
      {narrow.value ? (
        <Popover label="Menu" align="right" face={<Icon name="menu" />}>
          <div class="controls-menu">
            <Controls />
          </div>
        </Popover>
      ) : (
        <Controls />
      )}
      {current.value && <ExportMenu />}
      {current.value && <PanelButton />}
    </header>
  );
}

/** Everything but files, export and panel. In a narrow viewer it is in one menu. */
function Controls() {
  const { current, stage, dialog } = useStore();
  return (
    <>
      {current.value && <DrawingControls />}
      <span class="spring" />
      {current.value && (
        <>
          <SearchBox />
          <UndoButtons />
          <button type="button" class="button" aria-label="Fit" title="Fit (F)" onClick={() => stage.peek()?.fit()}>
            <Icon name="fit" />
          </button>
        </>
      )}
      <ThemeButton />
      <button type="button" class="button" aria-label="Help" title="Help (?)" onClick={() => (dialog.value = 'help')}>
        <Icon name="help" />
      </button>
    </>
  );
}

function UndoButtons() {
  const store = useStore();
  const { past, future } = store.undoSteps.value;
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label="Undo"
        title="Undo (Ctrl-Z)"
        disabled={past.length === 0}
        onClick={() => moveInSteps(store, -1)}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="button"
        aria-label="Redo"
        title="Redo (Ctrl-Shift-Z)"
        disabled={future.length === 0}
        onClick={() => moveInSteps(store, 1)}
      >
        <Icon name="redo" />
      </button>
    </>
  );
}

function DrawingControls() {
  const { comparison, forceBusy, update, viewField } = useStore();
  return (
    <>
      <Segmented
        label="Layout"
        value={viewField.layout.value}
        options={LAYOUTS.map((name) => [name, name[0]!.toUpperCase() + name.slice(1), LAYOUT_TITLES[name]] as const)}
        onChange={(layout) => update({ layout })}
      />
      {forceBusy.value && (
        <span class="busy" role="status">
          laying out…
        </span>
      )}
      <label class="select" title="What the colour of an edge says">
        <span class="wide-only">Colour</span>
        <select
          aria-label="Colour of edges"
          value={viewField.hue.value}
          onChange={(event) => update({ hue: event.currentTarget.value as ViewState['hue'] })}
        >
          <option value="sign">{comparison.value ? 'A / B / both' : 'helps / hurts'}</option>
          <option value="port">port q k v</option>
          <option value="source">source</option>
        </select>
      </label>
    </>
  );
}

function PanelButton() {
  const { panelOpen } = useStore();
  return (
    <button
      type="button"
      class="button"
      aria-label={panelOpen.value ? 'Hide panel' : 'Show panel'}
      title={panelOpen.value ? 'Hide panel' : 'Show panel'}
      aria-pressed={panelOpen.value}
      onClick={() => (panelOpen.value = !panelOpen.value)}
    >
      <Icon name="panel" />
    </button>
  );
}

function SearchBox() {
  const { searchBox, update, viewField } = useStore();
  return (
    <label class="search" title="9.9, m3, q, layer:9, q->10.7, 9.9->logits, effect>0.1, a group's name">
      <Icon name="search" />
      <input
        ref={searchBox}
        type="search"
        aria-label="Search"
        placeholder="Search"
        value={viewField.query.value}
        onInput={(event) => update({ query: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            if (event.currentTarget.value === '') event.currentTarget.blur();
            update({ query: '' });
          }
        }}
      />
    </label>
  );
}

const NEXT_THEME = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function ThemeButton() {
  const { update, viewField } = useStore();
  const theme = viewField.theme.value;
  const text = `Theme: ${theme}`;
  return (
    <button
      type="button"
      class="button"
      aria-label={text}
      title={`${text} (D)`}
      onClick={() => update({ theme: NEXT_THEME[theme] })}
    >
      <Icon name={THEME_ICONS[theme]} />
    </button>
  );
}
