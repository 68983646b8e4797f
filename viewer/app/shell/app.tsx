import { FilterBar } from '../drawing/filter-bar.js';
import { Legend } from '../drawing/legend.js';
import { StageView } from '../drawing/stage-view.js';
import { useStore } from '../state/use-store.js';
import { ResultsTab } from '../tabs/results-tab.js';
import { AttentionWindow } from './attention-window.js';
import { Banners } from './banners.js';
import { DropHint } from './drop-hint.js';
import { EmbedLink } from './embed-link.js';
import { EmptyState } from './empty-state.js';
import { ErrorBoundary } from './error-boundary.js';
import { Guide } from './guide.js';
import { HelpDialog } from './help-dialog.js';
import { PromptStrip } from './prompt-strip.js';
import { SidePanel } from './side-panel.js';
import { TopBar } from './top-bar.js';

export function App() {
  const { current, embedded, panelWidth, results } = useStore();
  const nothing = results.value.length > 0 ? <ResultsAlone /> : <EmptyState />;
  return (
    <div class="edgewise" style={{ '--panel-width': `${panelWidth.value}px` }}>
      {!embedded.value && <TopBar />}
      <ErrorBoundary>
        <Banners />
      </ErrorBoundary>
      {!current.value ? nothing : embedded.value ? <Embedded /> : <Workspace />}
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
          <Guide />
        </ErrorBoundary>
        <ErrorBoundary>
          <PromptStrip />
        </ErrorBoundary>
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

/** Results of instruments without a circuit. */
function ResultsAlone() {
  return (
    <main class="results-alone">
      <ErrorBoundary>
        <ResultsTab />
      </ErrorBoundary>
    </main>
  );
}

/** In a frame of another page: the drawing and its prompt alone. */
function Embedded() {
  return (
    <main class="workspace">
      <div class="centre">
        <ErrorBoundary>
          <PromptStrip />
        </ErrorBoundary>
        <ErrorBoundary>
          <StageView />
        </ErrorBoundary>
        <EmbedLink />
      </div>
    </main>
  );
}
