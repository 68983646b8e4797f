import { useStore } from '../state/use-store.js';

/** Covers the viewer while files are dragged over it. */
export function DropHint() {
  const { filesOver } = useStore();
  if (!filesOver.value) return null;
  return (
    <div class="drop-hint">
      <p>
        <b>Drop to open</b>
        circuits of any kind, with trace.jsonl and details.json, or attribution graphs
      </p>
    </div>
  );
}
