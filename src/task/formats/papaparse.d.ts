/** What is used of Papa Parse. Its own declarations bring in Node, which the engine must not know. */
declare module 'papaparse' {
  interface Step {
    readonly data: string[];
    readonly errors: readonly { readonly code: string; readonly message: string }[];
    /** `cursor`: where the row ends, in characters. */
    readonly meta: { readonly cursor: number };
  }
  const papa: {
    parse(
      text: string,
      options: { readonly delimiter: string; readonly skipEmptyLines: boolean; step(result: Step): void },
    ): void;
  };
  export default papa;
}
