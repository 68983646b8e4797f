import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../../support/bundle.js';

/** The selectors of rules that are in no other rule. Imports and comments are left out. */
function outermost(css: string): string[] {
  const selectors: string[] = [];
  let depth = 0;
  let from = 0;
  const text = css.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/@import [^;]*;/g, '');
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{' && depth++ === 0) selectors.push(text.slice(from, at).trim());
    if (text[at] === '}' && --depth === 0) from = at + 1;
  }
  return selectors;
}

const ROOTS = [
  ':where(.edgewise)',
  '.edgewise',
  "[data-theme='dark'] > .edgewise",
  ':where(.plot-figure)',
  '.plot-figure',
];

it('reads the rules that are in no other rule', () => {
  expect(
    outermost("@import 'a';\n/* b {} */ table { x: y } .a { .b { c: d } e: f }\n@media (x) { p { q: r } }"),
  ).toEqual(['table', '.a', '@media (x)']);
});

it('every style sheet of a viewer is for what is inside of one', () => {
  const files = ['viewer/app', 'viewer/plots'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.css'))
      .map((name) => join(folder, name)),
  );
  expect(files.length).toBeGreaterThan(40);
  const astray = files.flatMap((file) =>
    outermost(readFileSync(join(REPOSITORY, file), 'utf8'))
      .filter((selector) => !ROOTS.includes(selector))
      .map((selector) => `${file}: ${selector}`),
  );
  expect(astray).toEqual([]);
});
