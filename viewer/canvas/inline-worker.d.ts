/** A worker that the bundler puts into the page: it needs no other file, and starts from a Blob. */
declare module '*?worker&inline' {
  const InlineWorker: new () => Worker;
  export default InlineWorker;
}
