import { signal } from '@preact/signals';
import { openFiles } from '../actions/open-files.js';

const over = signal(false);

/** Files may be dropped anywhere on the page. */
export function listenToDrops(): void {
  // Enter and leave are told of every element on the way: the depth says when the page itself is left.
  let depth = 0;
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragenter', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth++;
    over.value = true;
  });
  document.addEventListener('dragover', (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener('dragleave', (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) over.value = false;
  });
  document.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over.value = false;
    void openFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

export function DropHint() {
  if (!over.value) return null;
  return (
    <div class="drop-hint">
      <p>
        <b>Drop to open</b>
        circuit.json, EAP-IG/MIB JSON or GEXF; with trace.jsonl and details.json
      </p>
    </div>
  );
}
