import { Component, type ComponentChildren } from 'preact';
import { DEFAULT_VIEW } from '../../view/view-state.js';
import { view } from '../state/view.js';

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
    const again = (reset: boolean): void => {
      if (reset) view.value = { ...DEFAULT_VIEW, file: view.peek().file };
      this.setState({ failure: null });
    };
    return (
      <div class="failure" role="alert">
        <p>
          <strong>This part could not be shown.</strong> {failure}
        </p>
        <button type="button" class="button text" onClick={() => again(false)}>
          Try again
        </button>
        <button type="button" class="button text" onClick={() => again(true)}>
          Reset the view
        </button>
      </div>
    );
  }
}
