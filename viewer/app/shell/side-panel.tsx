import type { ViewState } from '../../view/view-state.js';
import { Card } from '../cards/card.js';
import { panelOpen, panelWidth } from '../state/page.js';
import { update, viewField } from '../state/view.js';
import { CompareTab } from '../tabs/compare-tab.js';
import { EdgeTable } from '../tabs/edge-table.js';
import { HistoryTab } from '../tabs/history-tab.js';
import { PromptsTab } from '../tabs/prompts-tab.js';

const TABS: readonly (readonly [ViewState['tab'], string])[] = [
  ['card', 'Card'],
  ['edges', 'Edges'],
  ['prompts', 'Prompts'],
  ['compare', 'Compare'],
  ['history', 'History'],
];
const NARROWEST = 260;

export function SidePanel() {
  if (!panelOpen.value) return null;
  const tab = viewField.tab.value;
  return (
    <>
      <Divider />
      <aside class="side-panel" aria-label="Inspector">
        <div class="tabs" role="tablist" aria-label="Inspector" onKeyDown={(event) => turn(event, tab)}>
          {TABS.map(([name, title]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={tab === name}
              aria-controls="tab-body"
              tabIndex={tab === name ? 0 : -1}
              onClick={() => update({ tab: name })}
            >
              {title}
            </button>
          ))}
        </div>
        <div class="tab-body" role="tabpanel" id="tab-body" aria-labelledby={`tab-${tab}`}>
          {tab === 'card' && <Card />}
          {tab === 'edges' && <EdgeTable />}
          {tab === 'prompts' && <PromptsTab />}
          {tab === 'compare' && <CompareTab />}
          {tab === 'history' && <HistoryTab />}
        </div>
      </aside>
    </>
  );
}

/** Arrow keys move along the tabs. */
function turn(event: KeyboardEvent, tab: ViewState['tab']): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const at = TABS.findIndex(([name]) => name === tab);
  const next = TABS[(at + step + TABS.length) % TABS.length]![0];
  update({ tab: next });
  document.getElementById(`tab-${next}`)?.focus();
}

/** Between stage and panel: dragged, or moved by the arrow keys. */
function Divider() {
  const widen = (width: number): void => {
    panelWidth.value = Math.round(Math.max(NARROWEST, Math.min(width, window.innerWidth * 0.6)));
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
        if (event.currentTarget.hasPointerCapture(event.pointerId)) widen(window.innerWidth - event.clientX);
      }}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowLeft' ? 20 : event.key === 'ArrowRight' ? -20 : 0;
        if (step === 0) return;
        event.stopPropagation();
        widen(panelWidth.peek() + step);
      }}
    />
  );
}
