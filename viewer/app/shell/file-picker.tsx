import { useRef } from 'preact/hooks';
import { shortNames } from '../../data/short-names.js';
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
  const short = shortNames(names);
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
          <Options names={names} short={short} />
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
            <option value="">no other</option>
            <Options names={names.filter((name) => name !== file)} short={short} />
          </select>
        </label>
      )}
    </div>
  );
}

function Options({ names, short }: { names: readonly string[]; short: ReadonlyMap<string, string> }) {
  return (
    <>
      {names.map((name) => (
        <option key={name} value={name} title={name}>
          {short.get(name) ?? name}
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
        title="Open circuits of any kind, with trace.jsonl and details.json beside them, or attribution graphs"
        onClick={() => input.current?.click()}
      >
        <Icon name="open" />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept=".json,.jsonl,.gexf,.graphml,.xml"
        data-testid="file-input"
        onChange={(event) => {
          void openFiles(store, [...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
