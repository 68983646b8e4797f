// Docstrings that begin at any argument and have come to any. In the shipped task the number of documented arguments
// nearly tells which is next, so that a model counts lines. Here only the head of the function tells it.
import { completion } from '../../dist/task/builtin/docstring.js';

const ARGUMENTS = [3, 4, 5];

const places = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The same task over every run of documented arguments that leaves a next one. */
export function withVariedDocstrings(template) {
  const templates = ARGUMENTS.flatMap((count) =>
    places(1, count - 1).flatMap((first) =>
      places(first, count - 1).map((last) => completion(places(1, count), places(first, last))),
    ),
  );
  return { ...template, templates };
}
