import { signal } from '@preact/signals';
import type { Reach } from '../../view/reach.js';
import type { Stage } from '../../canvas/stage.js';
import { planAtOnce, type Planner } from '../../scene/layout/figure-layout.js';

export type Page = ReturnType<typeof createPage>;

/** State of the page itself, apart from the view: none of it goes into the URL. */
export function createPage() {
  return {
    /** Files are being read. */
    loading: signal(false),
    /** Files are being dragged over the page. */
    filesOver: signal(false),
    /** The display node or display edge that the pointer or the keyboard is on. */
    hovered: signal<string | null>(null),
    /** The display node or display edge that the pointer is on. What the keyboard is on has no tooltip. */
    pointed: signal<string | null>(null),
    /** What the panel points at, as nodes and edges of the circuit. It lights up before all else. */
    lit: signal<Reach | null>(null),
    /** The drawing surface. Null until the page has one. */
    stage: signal<Stage | null>(null),
    /** Width / height of the drawing surface. */
    aspect: signal(1.5),
    /** The system asks for a dark page. */
    systemDark: signal(false),
    /** Places by display node, as the force layout found them. Null until it has. */
    forcePositions: signal<Readonly<Record<string, readonly [number, number]>> | null>(null),
    /** Plans figures. Another one is there when it has a better plan. */
    planner: signal<Planner>(planAtOnce),
    /** The force layout is being computed. */
    forceBusy: signal(false),
    /** The history is being played. */
    playing: signal(false),
    /** Decisions that are played per second. */
    speed: signal(50),
    /** Names of documents that do not say what a positive score means, where the reader left the question open. */
    signLeftOpen: signal<ReadonlySet<string>>(new Set()),
    /** The viewer is narrow: the panel lies under the drawing, and the controls are in one menu. */
    narrow: signal(false),
    /** The page shows the drawing and its prompt alone, for a frame in another page. */
    embedded: signal(false),
    /** Keys of one character do something. */
    letterKeys: signal(true),
    /** The first steps are shown. */
    guideOpen: signal(false),
    legendOpen: signal(true),
    panelOpen: signal(true),
    /** Width of the side panel in CSS pixels. */
    panelWidth: signal(410),
    /** The dialog or inline form that is open. */
    dialog: signal<'help' | 'group' | null>(null),
    /** The export menu is open. */
    exportOpen: signal(false),
    /** The field that the query is typed into. Null until the page has one. */
    searchBox: { current: null as HTMLInputElement | null },
  };
}
