import { useEffect, useRef, useState } from 'preact/hooks';
import { printPicture } from '../actions/print.js';
import { copyLink, downloadCircuit, savePng, saveSvg, saveView } from '../actions/save.js';
import { Icon } from '../controls/icons.js';
import { Popover } from '../controls/popover.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';

type Entry = readonly [name: string, does: string, run: (store: Store) => void | string | Promise<void | string>];

const ENTRIES: readonly Entry[] = [
  ['PNG picture', 'as on the screen, with legend', savePng],
  ['SVG picture', 'lines and text, for papers', saveSvg],
  ['PDF picture', 'one page of lines and text, by the browser’s print', printPicture],
  ['Copy link', 'to this very view', copyLink],
  ['Save view into file', 'layout, pins, groups, notes, places', saveView],
  ['circuit.json', 'every edge, with its effect', (store) => downloadCircuit(store, 'json')],
  ['GEXF', 'the circuit, for Gephi', (store) => downloadCircuit(store, 'gexf')],
];

export function ExportMenu() {
  const store = useStore();
  const { current, exportOpen, sayError } = store;
  const [done, setDone] = useState('');
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // The menu can be opened by its key: the next key is for the menu.
    if (exportOpen.value) list.current?.querySelector('button')?.focus();
  }, [exportOpen.value]);
  const open = (on: boolean): void => {
    exportOpen.value = on;
    setDone('');
  };
  const run = async (action: Entry[2]): Promise<void> => {
    try {
      const said = await action(store);
      if (said) setDone(said);
      else exportOpen.value = false;
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <Popover
      label="Export"
      align="right"
      open={exportOpen.value}
      onToggle={open}
      face={
        <>
          <Icon name="share" />
          <span class="wide-only">Export</span>
        </>
      }
    >
      <ul class="menu" ref={list}>
        {ENTRIES.map(([name, does, action]) => (
          <li key={name}>
            <button type="button" disabled={!current.value} onClick={() => void run(action)}>
              <b>{name}</b>
              <span class="quiet">{does}</span>
            </button>
          </li>
        ))}
      </ul>
      {done !== '' && <p role="status">{done}</p>}
    </Popover>
  );
}
