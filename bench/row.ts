/** One line of a report: what was measured, and figures by name. */
export interface Row {
  readonly name: string;
  readonly [figure: string]: string | number;
}
