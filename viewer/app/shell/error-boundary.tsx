import { Component, type ComponentChildren } from 'preact';
import { DEFAULT_VIEW } from '../../view/view-state.js';
import { useStore } from '../state/use-store.js';

interface Props {
  readonly children: ComponentChildren;
}

/** Shows an error in the place of a part of the page that failed. The other parts go on. */
export class ErrorBoundary extends Component<Props, { readonly failure: string | null }> {
  override state = { failure: null };

  static override getDerivedStateFromError(error: unknown): { failure: string } {
    return { failure: error instanceof Error ? error.message : String(error) };
  }

  override render({ children }: Props) {
    const { failure } = this.state;
    if (failure === null) return children;
    return <Failure text={failure} onRetry={() => this.setState({ failure: null })} />;
  }
}

function Failure({ text, onRetry }: { text: string; onRetry: () => void }) {
  const { view } = useStore();
  const reset = (): void => {
    view.value = { ...DEFAULT_VIEW, file: view.peek().file };
    onRetry();
  };
  return (
    <div class="failure" role="alert">
      <p>
        <strong>This part could not be shown.</strong> {text}
      </p>
      <button type="button" class="button text" onClick={onRetry}>
        Try again
      </button>
      <button type="button" class="button text" onClick={reset}>
        Reset the view
      </button>
    </div>
  );
}
