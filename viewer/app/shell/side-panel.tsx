import type { ViewState } from '../../view/view-state.js';
import { Card } from '../cards/card.js';
import { useElementId } from '../controls/element-id.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';
import { CompareTab } from '../tabs/compare-tab.js';
import { EdgeTable } from '../tabs/edge-table.js';
import { HeadsTab } from '../tabs/heads-tab.js';
import { HistoryTab } from '../tabs/history-tab.js';
import { PathsTab } from '../tabs/paths-tab.js';
import { PromptsTab } from '../tabs/prompts-tab.js';
import { ResultsTab } from '../tabs/results-tab.js';

const TABS: readonly (readonly [ViewState['tab'], string])[] = [
  ['card', 'Card'],
  ['heads', 'Heads'],
  ['edges', 'Edges'],
  ['paths', 'Paths'],
  ['prompts', 'Prompts'],
  ['compare', 'Compare'],
  ['history', 'History'],
  ['results', 'Results'],
];
const NARROWEST = 260;

export function SidePanel() {
  const store = useStore();
  const { panelOpen, selected, update, viewField, results } = store;
  const id = useElementId();
  if (!panelOpen.value) return null;
  const tab = viewField.tab.value;
  // Most folders have none.
  const tabs = TABS.filter(([name]) => name !== 'results' || tab === 'results' || results.value.length > 0);
  return (
    <>
      <Divider />
      <aside class="side-panel" aria-label="Inspector">
        <div class="tabs" role="tablist" aria-label="Inspector" onKeyDown={(event) => turn(store, event, tabs, tab)}>
          {tabs.map(([name, title]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${name}`}
              aria-selected={tab === name}
              aria-controls={id}
              tabIndex={tab === name ? 0 : -1}
              onClick={() => update({ tab: name })}
            >
              {name === 'card' && selected.value === null ? 'Circuit' : title}
            </button>
          ))}
        </div>
        <div class="tab-body" role="tabpanel" id={id} aria-labelledby={`${id}-${tab}`}>
          {tab === 'card' && <Card />}
          {tab === 'heads' && <HeadsTab />}
          {tab === 'edges' && <EdgeTable />}
          {tab === 'paths' && <PathsTab />}
          {tab === 'prompts' && <PromptsTab />}
          {tab === 'compare' && <CompareTab />}
          {tab === 'history' && <HistoryTab />}
          {tab === 'results' && <ResultsTab />}
        </div>
      </aside>
    </>
  );
}

/** Arrow keys move along the tabs. */
function turn(
  { update }: Store,
  event: KeyboardEvent & { currentTarget: HTMLElement },
  tabs: typeof TABS,
  tab: ViewState['tab'],
): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const at = tabs.findIndex(([name]) => name === tab);
  const next = (at + step + tabs.length) % tabs.length;
  update({ tab: tabs[next]![0] });
  event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
}

/** Between stage and panel: dragged, or moved by the arrow keys. */
function Divider() {
  const { panelWidth } = useStore();
  const widen = (width: number, viewer: DOMRect): void => {
    panelWidth.value = Math.round(Math.max(NARROWEST, Math.min(width, viewer.width * 0.6)));
  };
  return (
    <div
      class="divider"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuenow={panelWidth.value}
      aria-valuemin={NARROWEST}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const viewer = boundsOfViewer(event.currentTarget);
        widen(viewer.right - event.clientX, viewer);
      }}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowLeft' ? 20 : event.key === 'ArrowRight' ? -20 : 0;
        if (step === 0) return;
        event.stopPropagation();
        widen(panelWidth.peek() + step, boundsOfViewer(event.currentTarget));
      }}
    />
  );
}

function boundsOfViewer(element: Element): DOMRect {
  return (element.closest('.edgewise') ?? element).getBoundingClientRect();
}
