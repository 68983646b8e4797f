import { useStore } from '../state/use-store.js';

/** Nothing is open: says what can be opened, and how. */
export function EmptyState() {
  const { loading } = useStore();
  if (loading.value) {
    return (
      <main class="empty">
        <p role="status">Reading…</p>
      </main>
    );
  }
  return (
    <main class="empty" data-testid="empty">
      <svg viewBox="0 0 120 72" width="120" height="72" aria-hidden="true">
        <path d="M20 60C20 36 60 44 60 20M100 60C100 36 60 44 60 20M60 60V20" />
        <circle cx="60" cy="14" r="7" />
        <circle cx="20" cy="62" r="6" />
        <rect x="54" y="56" width="12" height="12" />
        <circle cx="100" cy="62" r="6" />
      </svg>
      <h2>No circuit is open</h2>
      <p>Drop files anywhere on this page, or open them with the button at the top left.</p>
      <dl>
        <dt>circuit.json</dt>
        <dd>
          what <code>edgewise discover</code> writes; <code>trace.jsonl</code> beside it adds the history,{' '}
          <code>details.json</code> the prompts and attention patterns
        </dd>
        <dt>Others' circuits</dt>
        <dd>JSON of EAP-IG and MIB, edges.json of Edge Pruning, networkx, GEXF, GraphML</dd>
        <dt>Attribution graphs</dt>
        <dd>of circuit-tracer and Neuronpedia</dd>
      </dl>
      <p>
        From a terminal: <code>edgewise view FILE</code>
      </p>
    </main>
  );
}
