import type { CircuitReport } from '../../src/files/own/report-json.js';
import { DotPlot } from '../plots/dot-plot.js';
import { plural } from '../view/format.js';

/** How often each edge is found when the search is made again, with the interval of its chance. */
export function StabilityPlot({ edges }: { edges: NonNullable<CircuitReport['stability']> }) {
  const sorted = edges.toSorted((a, b) => b.count / b.of - a.count / a.of);
  const always = edges.filter(({ count, of }) => count === of).length;
  return (
    <section>
      <h2>Found again</h2>
      <p class="quiet">
        The search was made again {plural(edges[0]!.of, 'time')}. {always} of {plural(edges.length, 'edge')} were found
        every time. A line is the interval of the chance to be found, at 95 %.
      </p>
      <DotPlot
        says={`How often each of ${edges.length} edges was found again: ${always} of them every time`}
        x="edges, by how often they are found"
        y="share of searches"
        dots={sorted.map(({ edge, count, of, lower, upper }) => ({
          name: `${edge}: ${count} of ${of}`,
          value: count / of,
          interval: [lower, upper],
        }))}
        holds={[0, 1]}
      />
    </section>
  );
}
