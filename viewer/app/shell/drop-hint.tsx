import { filesOver } from '../listen/drops.js';

/** Covers the page while files are dragged over it. */
export function DropHint() {
  if (!filesOver.value) return null;
  return (
    <div class="drop-hint">
      <p>
        <b>Drop to open</b>
        circuit.json, EAP-IG/MIB JSON or GEXF; with trace.jsonl and details.json
      </p>
    </div>
  );
}
