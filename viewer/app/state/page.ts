import { signal } from '@preact/signals';
import type { Stage } from '../../canvas/stage.js';

// State of the page itself, apart from the view: none of it goes into the URL.

/** Files are being read. */
export const loading = signal(true);
/** The display node or display edge that the pointer or the keyboard is on. */
export const hovered = signal<string | null>(null);
/** The drawing surface. Null until the page has one. */
export const stage = signal<Stage | null>(null);
/** Width / height of the drawing surface. */
export const aspect = signal(1.5);
/** The system asks for a dark page. */
export const systemDark = signal(false);
/** Places by display node, as the force layout found them. Null until it has. */
export const forcePositions = signal<Readonly<Record<string, readonly [number, number]>> | null>(null);
/** The force layout is being computed. */
export const forceBusy = signal(false);
export const panelOpen = signal(true);
/** Width of the side panel in CSS pixels. */
export const panelWidth = signal(410);
/** The dialog or inline form that is open. */
export const dialog = signal<'help' | 'group' | null>(null);
/** The export menu is open. */
export const exportOpen = signal(false);
