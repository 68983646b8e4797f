import { FilterBar } from '../drawing/filter-bar.js';
import { Legend } from '../drawing/legend.js';
import { StageView } from '../drawing/stage-view.js';
import { useStore } from '../state/use-store.js';
import { AttentionWindow } from './attention-window.js';
import { Banners } from './banners.js';
import { DropHint } from './drop-hint.js';
import { EmptyState } from './empty-state.js';
import { ErrorBoundary } from './error-boundary.js';
import { HelpDialog } from './help-dialog.js';
import { SidePanel } from './side-panel.js';
import { TopBar } from './top-bar.js';

export function App() {
  const { current, panelWidth } = useStore();
  return (
    <div class="app" style={{ '--panel-width': `${panelWidth.value}px` }}>
      <TopBar />
      <ErrorBoundary>
        <Banners />
      </ErrorBoundary>
      {current.value ? <Workspace /> : <EmptyState />}
      <HelpDialog />
      <ErrorBoundary>
        <AttentionWindow />
      </ErrorBoundary>
      <DropHint />
    </div>
  );
}

function Workspace() {
  return (
    <main class="workspace">
      <div class="centre">
        <ErrorBoundary>
          <FilterBar />
        </ErrorBoundary>
        <ErrorBoundary>
          <StageView />
        </ErrorBoundary>
        <ErrorBoundary>
          <Legend />
        </ErrorBoundary>
      </div>
      <ErrorBoundary>
        <SidePanel />
      </ErrorBoundary>
    </main>
  );
}
