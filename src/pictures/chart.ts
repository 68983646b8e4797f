import type { Bars } from './bars.js';
import type { HeatMap } from './heat-map.js';

/** A drawing by what it shows, so that a page and a picture can each draw it. */
export type Chart = ({ readonly kind: 'map' } & HeatMap) | ({ readonly kind: 'bars' } & Bars);

export const map = (chart: HeatMap): Chart => ({ kind: 'map', ...chart });
export const barChart = (chart: Bars): Chart => ({ kind: 'bars', ...chart });
