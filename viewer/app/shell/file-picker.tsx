import { useRef } from 'preact/hooks';
import { compareWith } from '../actions/comparing.js';
import { showDocument } from '../actions/open-documents.js';
import { openFiles } from '../actions/open-files.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';

/** Opens files, and chooses the circuit that is shown and the one that it is compared with. */
export function FilePicker() {
  const store = useStore();
  const { documents, current, view, update } = store;
  const names = [...documents.value.keys()];
  const { file, compareWith: second } = view.value;
  return (
    <div class="files">
      <OpenButton />
      {names.length > 0 && (
        <select
          class="file-name"
          aria-label="Circuit"
          title={file ?? ''}
          value={current.value?.name ?? ''}
          onChange={(event) => showDocument(store, event.currentTarget.value)}
        >
          <Options names={names} />
        </select>
      )}
      {names.length > 1 && (
        <label class="select">
          <span class="vs">vs</span>
          <select
            class="file-name compare"
            aria-label="Compare with"
            value={second ?? ''}
            onChange={(event) => {
              const name = event.currentTarget.value || null;
              compareWith(store, name);
              if (name !== null) update({ tab: 'compare' });
            }}
          >
            <option value="">nothing</option>
            <Options names={names.filter((name) => name !== file)} />
          </select>
        </label>
      )}
    </div>
  );
}

function Options({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </>
  );
}

function OpenButton() {
  const store = useStore();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label="Open files"
        title="Open circuit.json, EAP-IG/MIB JSON or GEXF; trace.jsonl and details.json beside it"
        onClick={() => input.current?.click()}
      >
        <Icon name="open" />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept=".json,.jsonl,.gexf,.xml"
        data-testid="file-input"
        onChange={(event) => {
          void openFiles(store, [...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
