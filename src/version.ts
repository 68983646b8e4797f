/** Version of the engine: part of every result's provenance. The same as package.json's (tested). */
export const VERSION = '0.1.0';
