import { useEffect, useRef, useState } from 'preact/hooks';
import type { Attention } from '../../attention/attention.js';
import { promptWords } from '../../attention/words.js';
import { formatCount, plural } from '../../view/format.js';
import { printAttention, saveAttentionPng, saveAttentionSvg } from '../actions/save-attention.js';
import { AttentionCaption } from '../attention/attention-caption.js';
import { AttentionControls } from '../attention/attention-controls.js';
import { AttentionLegend } from '../attention/attention-legend.js';
import { HeadPattern } from '../attention/head-pattern.js';
import { usePointing } from '../attention/pointing.js';
import { SmallPatterns } from '../attention/small-patterns.js';
import { useAttention } from '../attention/use-attention.js';
import { useRoom } from '../controls/use-room.js';
import { PromptPicker } from '../cards/prompt-picker.js';
import { Icon } from '../controls/icons.js';
import { Segmented } from '../controls/segmented.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';

/** The attention of several heads fills the window. */
export function AttentionWindow() {
  const store = useStore();
  const element = useRef<HTMLDialogElement>(null);
  const open = store.viewField.attention.value.wide && store.current.value !== null;
  useEffect(() => {
    if (!open) return element.current?.close();
    element.current?.showModal();
    // Not its first button: the ring of the focus would be on it.
    element.current?.focus();
  }, [open]);
  return (
    <dialog
      ref={element}
      class="attention-window"
      tabIndex={-1}
      aria-label="Attention of several heads"
      onClose={() => close(store)}
      // The keys of the page are not for what lies under the window.
      onKeyDown={(event) => event.stopPropagation()}
    >
      {open && <Body />}
    </dialog>
  );
}

function close({ view, update }: Store): void {
  const { attention } = view.peek();
  if (attention.wide) update({ attention: { ...attention, wide: false } });
}

function Body() {
  const store = useStore();
  const details = store.current.value?.details ?? null;
  const sets = headSets(store);
  const [chosen, setChosen] = useState<HeadSet['name'] | null>(null);
  const set = sets.find(({ name }) => name === chosen) ?? sets[0]!;
  const attention = useAttention(set.heads);
  return (
    <div class="attention-body">
      <header>
        <h2>Attention</h2>
        {sets.length > 1 && (
          <Segmented
            label="Heads"
            value={set.name}
            options={sets.map(({ name, heads }) => [name, `${name} (${formatCount(heads.length)})`] as const)}
            onChange={setChosen}
          />
        )}
        {attention && <AttentionControls attention={attention} />}
        {details && <PromptPicker details={details} />}
        {attention && <Export attention={attention} />}
        <button type="button" class="button" aria-label="Close" title="Close (Esc)" onClick={() => close(store)}>
          <Icon name="close" />
        </button>
      </header>
      {attention ? (
        <Patterns attention={attention} />
      ) : (
        <p class="quiet">The files of this circuit hold no attention patterns.</p>
      )}
    </div>
  );
}

interface HeadSet {
  readonly name: 'group' | 'pinned' | 'circuit';
  /** In the order of the model. */
  readonly heads: readonly string[];
}

/** Heads that can be shown together: those of the selected group, the pinned ones, and all of the circuit. */
function headSets({ data, ownData, selected, viewField }: Store): HeadSet[] {
  const heads = data.value.nodes.filter(({ kind }) => kind === 'head');
  const among = (ids: readonly string[]): string[] => heads.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
  const what = selected.value;
  const some: HeadSet[] = [
    { name: 'group', heads: among(what?.kind === 'group' ? what.members : []) },
    { name: 'pinned', heads: among(viewField.pinned.value) },
  ];
  const kept = ownData.value.nodes.filter(({ kind, inCircuit }) => kind === 'head' && inCircuit).map(({ id }) => id);
  return [...some.filter((set) => set.heads.length > 0), { name: 'circuit', heads: kept }];
}

function Export({ attention }: { attention: Attention }) {
  const store = useStore();
  const { viewField, sayError } = store;
  const { as } = viewField.attention.value;
  return (
    <span class="attention-export">
      <button type="button" class="button text" onClick={() => saveAttentionSvg(store, attention, as)}>
        SVG
      </button>
      <button
        type="button"
        class="button text"
        onClick={() => void saveAttentionPng(store, attention, as).catch(sayError)}
      >
        PNG
      </button>
      <button
        type="button"
        class="button text"
        title="By the browser’s print"
        onClick={() => void printAttention(store, attention, as).catch(sayError)}
      >
        PDF
      </button>
    </span>
  );
}

/** All patterns small, and the one that is pointed at large. */
function Patterns({ attention }: { attention: Attention }) {
  const store = useStore();
  const { nodeLabel, viewField } = store;
  const pointing = usePointing();
  const large = useRoom<HTMLDivElement>({ width: 420, height: 420 });
  const small = useRoom<HTMLDivElement>({ width: 800, height: 600 });
  const { shown } = attention;
  // Until a head is pointed at it is the selected one.
  const head = pointing.head.value ?? viewField.selected.value;
  const main = shown.patterns.find((pattern) => pattern.head === head) ?? shown.patterns[0]!;
  return (
    <div class="attention-panes">
      <div class="attention-large" ref={large.ref}>
        <h3>
          {nodeLabel(main.head)} <span class="quiet">{promptWords(shown.prompt, shown.note)}</span>
        </h3>
        <div class="pattern-scroll">
          <HeadPattern
            attention={attention}
            pattern={main}
            pointing={pointing}
            room={{ width: large.width, labelled: true, least: 9, most: 26 }}
          />
        </div>
        <AttentionLegend shown={shown} />
        <AttentionCaption shown={shown} main={main} pointing={pointing} />
        {shown.missing.length > 0 && (
          <p class="quiet">Not in the file: {plural(shown.missing.length, 'head')} of the circuit.</p>
        )}
      </div>
      <div class="attention-small" ref={small.ref}>
        <SmallPatterns
          attention={attention}
          patterns={shown.patterns}
          pointing={pointing}
          width={small.width}
          height={small.height}
          onOpen={() => close(store)}
        />
      </div>
    </div>
  );
}
