import type { FigureInput } from '../scene/layout/figure-chains.js';
import { planFigure } from '../scene/layout/figure-plan.js';

// Plans figures beside the page's own thread.

addEventListener('message', ({ data }: MessageEvent<FigureInput>) => postMessage(planFigure(data)));
