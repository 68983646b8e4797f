import type { ComponentChildren } from 'preact';

/** One line of a list of facts: a name and its value. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Says what a file does not hold, and how to get it. */
export function Absent({ what, how }: { what: string; how: ComponentChildren }) {
  return (
    <p class="absent">
      <strong>{what}</strong> {how}
    </p>
  );
}
