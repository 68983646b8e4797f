/// <reference types="vite/client" />
import { openSources } from '../../../viewer/app/actions/open-documents.js';
import { mountViewer, type Viewer } from '../../../viewer/app/mount.js';
import styles from '../../../viewer/app/style.css?inline';
import type { ViewState } from '../../../viewer/view/view-state.js';

/** What the test reads and calls: the viewers of the elements `one` and `two`. */
export interface TwoViewers {
  views(): ViewState[];
  /** Whether each viewer draws something. */
  drawn(): boolean[];
  dispose(name: 'one' | 'two'): void;
  /** Computed styles of the page's own elements, with the viewer's style sheet and without it. */
  looks(): { readonly styled: readonly string[]; readonly bare: readonly string[] };
  /** The selectors of the viewer's style sheet. */
  selectors(): string[];
}

/** What a page around viewers may hold. Its classes are names that the viewer has too. */
const AROUND = `
  <h1>Notebook</h1><h2>Two</h2><h3>Three</h3><p class="quiet card">Text <code>code</code> <kbd>k</kbd></p>
  <table class="facts"><thead><tr><th>a</th></tr></thead><tbody><tr aria-selected="true"><td>1</td></tr></tbody></table>
  <button id="outside" class="button">outside of the viewers</button><ul class="tabs"><li class="token">one</li></ul>
  <input type="range" /><select><option>x</option></select><textarea class="note"></textarea>
  <dl><dt>d</dt><dd class="number">1</dd></dl><figure><svg class="icon"><g class="line mark"><path d="M0 0"/></g></svg></figure>
  <div class="app"><div class="search legend stage top-bar">same names</div></div>`;

/** Puts two viewers of one circuit beside each other, and text around them. */
export function run(circuit: { readonly name: string; readonly text: string }): Promise<void> {
  const style = document.createElement('style');
  style.textContent = styles;
  const own = document.createElement('style');
  own.textContent = '.half { display: inline-block; width: 760px; height: 720px; }';
  document.head.append(style, own);
  const viewers = new Map<string, Viewer>();
  for (const id of ['one', 'two']) {
    const half = document.createElement('div');
    half.id = id;
    half.className = 'half';
    document.body.append(half);
    const viewer = mountViewer(half, { ownsPage: false });
    openSources(viewer.store, [{ ...circuit, trace: null, details: null, saveTo: null }], true);
    viewers.set(id, viewer);
  }
  const around = document.createElement('div');
  around.innerHTML = AROUND;
  document.body.append(around);
  const stores = [...viewers.values()].map(({ store }) => store);
  const two: TwoViewers = {
    views: () => stores.map(({ view }) => view.peek()),
    drawn: () => stores.map(({ scene, stage }) => scene.peek().graph.size > 0 && stage.peek() !== null),
    dispose: (name) => viewers.get(name)?.dispose(),
    looks() {
      const now = () => [document.documentElement, document.body, ...around.querySelectorAll('*')].map(looksOf);
      const styled = now();
      style.sheet!.disabled = true;
      const bare = now();
      style.sheet!.disabled = false;
      return { styled, bare };
    },
    selectors: () => selectorsIn(style.sheet!.cssRules),
  };
  Object.assign(globalThis, { viewers: two });
  return Promise.resolve();
}

/** Lengths follow from what else the page holds, and say nothing. */
function looksOf(element: Element): string {
  const computed = getComputedStyle(element);
  const names = [...computed].filter(
    (name) => !/(^|-)(width|height|size|origin|inset.*|top|left|right|bottom)$/.test(name),
  );
  return `${element.tagName} ${names.map((name) => `${name}: ${computed.getPropertyValue(name)}`).join('; ')}`;
}

function selectorsIn(rules: CSSRuleList): string[] {
  return [...rules].flatMap((rule) => {
    if (rule instanceof CSSStyleRule) return [rule.selectorText];
    return rule instanceof CSSGroupingRule ? selectorsIn(rule.cssRules) : [rule.cssText];
  });
}
